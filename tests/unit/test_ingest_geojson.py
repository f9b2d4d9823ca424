"""GeoJSON as others send it: what is read, what is refused, and in which words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingesting import (
    HUE,
    HUE_GRID,
    feature,
    fit_file,
    point,
    refused,
    spot,
    write_geojson,
)


def test_files_that_are_not_there_empty_or_of_no_format(tmp_path: Path) -> None:
    (tmp_path / "empty.geojson").touch()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    assert "there is no such file" in refused(tmp_path / "gone.geojson")
    assert "this is not a file" in refused(tmp_path)
    assert "the file is empty" in refused(tmp_path / "empty.geojson")
    assert "no known format; known are" in refused(tmp_path / "picture.png")


def test_a_file_is_known_by_its_content_not_only_its_name(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "spots.data", spot("a"))
    assert len(fit_file(path, "flood_spots").rows) == 1


def test_a_good_geojson(tmp_path: Path) -> None:
    fitted = fit_file(write_geojson(tmp_path / "a.geojson", spot("a"), spot("b")), "flood_spots")
    assert (list(fitted.rows["code"]), fitted.faults) == (["a", "b"], [])
    assert fitted.rows["origin"].tolist() == ["a.geojson"] * 2
    assert not fitted.rows["simulated"].any()


@settings(max_examples=60)
@given(st.data())
def test_a_geojson_that_is_cut_off_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    text = write_geojson(folder / "whole.geojson", spot("a"), spot("b")).read_text()
    cut = folder / "cut.geojson"
    cut.write_text(text[: data.draw(st.integers(1, len(text) - 1))])
    sentence = refused(cut)
    assert "cut off" in sentence or "no valid JSON" in sentence


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"version": 0.6, "elements": [{"type": "node", "id": 1}]}, "raw answer of the Overpass API"),
        ({"type": "Topology", "objects": {}}, "TopoJSON"),
        ({"geometryType": "esriGeometryPoint", "features": []}, "Esri JSON"),
        ({"type": "FeatureCollection"}, "no 'type' of GeoJSON"),
        ([1, 2], "not a GeoJSON object"),
        ({"type": ["x"]}, "no 'type' of GeoJSON"),
    ],
)
def test_json_that_is_something_else(tmp_path: Path, document: Any, words: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document))
    assert words in refused(path)


def test_json_that_is_nested_to_break_the_parser(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 200_000)
    assert "nested too deeply" in refused(tmp_path / "deep.json")


def test_a_number_that_is_longer_than_any(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "long.geojson", spot("a"))
    path.write_text(path.read_text().replace('"code"', f'"lanes": {"9" * 5000}, "code"'))
    assert "more digits than any number" in refused(path)


def test_a_name_that_is_no_text_is_no_column(tmp_path: Path) -> None:
    named = feature(point(*HUE), **{"code": "a", "name": "a", "half \ud800": 1})
    fitted = fit_file(write_geojson(tmp_path / "a.geojson", named), "flood_spots")
    assert (list(fitted.rows["code"]), fitted.faults) == (["a"], [])


def test_geojson_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "latin.geojson").write_bytes('{"type": "FeatureCollection", "x": "\xe9"}'.encode("latin-1"))
    assert "not UTF-8" in refused(tmp_path / "latin.geojson")


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "it has no geometry"),
        ({"type": "Point", "coordinates": []}, "its geometry is empty"),
        ({"type": "Point", "coordinates": ["a", 16.4]}, "its geometry cannot be read"),
        ({"type": "Point", "coordinates": [float("nan"), 16.4]}, "its geometry cannot be read"),
        ({"type": "Point", "coordinates": [float("inf"), 16.4]}, "its geometry cannot be read"),
        ({"type": "Circle", "coordinates": [107, 16]}, "its geometry cannot be read"),
        ("POINT (107 16)", "its geometry cannot be read"),
        (
            {"type": "LineString", "coordinates": [[107.1, 16.1], [107.2, 16.2]]},
            "it is a LineString, and the layer takes Point",
        ),
        (point(107.5, 95.0) | {"coordinates": [107.5, 195.0]}, "its latitude is beyond ±90 degrees"),
        (point(207.5, 16.0), "its longitude is beyond ±180 degrees"),
    ],
)
def test_geometries_that_are_no_point(tmp_path: Path, geometry: Any, reason: str) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a"), feature(geometry, code="b", name="b"), spot("c"))
    fitted = fit_file(path, "flood_spots")
    assert [number for number, _ in fitted.faults] == [2]
    assert reason in fitted.reasons[0]
    assert list(fitted.rows["code"]) == ["a", "c"]


def test_features_that_are_none(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", 7, {"type": "Feature", "properties": 3}, spot("a"), None)
    fitted = fit_file(path, "flood_spots")
    assert [number for number, _ in fitted.faults] == [1, 2, 4]
    assert len(fitted.rows) == 1


def test_height_is_dropped_and_single_parts_are_unwrapped(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "a.geojson",
        feature({"type": "Point", "coordinates": [*HUE, 12.5]}, code="a", name="a"),
        feature({"type": "MultiPoint", "coordinates": [HUE]}, code="b", name="b"),
    )
    fitted = fit_file(path, "flood_spots")
    assert [shape.wkt for shape in fitted.rows.geometry] == ["POINT (107.58 16.46)"] * 2


@pytest.mark.parametrize(
    "name", ["EPSG:9214", "urn:ogc:def:crs:EPSG::9214", "http://www.opengis.net/def/crs/EPSG/0/9214"]
)
def test_the_crs_member_of_2008_is_honoured(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    path = write_geojson(tmp_path / "a.geojson", spot("a", *HUE_GRID), crs=crs)
    shape = fit_file(path, "flood_spots").rows.geometry.iloc[0]
    assert (shape.x, shape.y) == pytest.approx(HUE, abs=1e-8)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::999999"}},
            "not a known coordinate reference system",
        ),
        ({"type": "name", "properties": {"name": "nonsense"}}, "not a known coordinate reference system"),
        (
            {"type": "name", "properties": {"name": "EPSG:5703"}},
            "no reference system of positions on the Earth",
        ),
        (None, "names no coordinate reference system; give it with --crs"),
        ({"type": "link", "properties": {"href": "x"}}, "'crs' member names no reference system"),
        (7, "'crs' member names no reference system"),
    ],
)
def test_a_crs_that_nobody_knows(tmp_path: Path, crs: Any, words: str) -> None:
    assert words in refused(write_geojson(tmp_path / "a.geojson", spot("a"), crs=crs))


def test_the_users_word_on_the_crs_wins(tmp_path: Path) -> None:
    fitted = fit_file(
        write_geojson(tmp_path / "a.geojson", spot("a", *HUE_GRID)), "flood_spots", crs="EPSG:9214"
    )
    assert fitted.rows.geometry.iloc[0].x == pytest.approx(HUE[0], abs=1e-8)
    assert any("as asked" in note for note in fitted.fitter.source.notes)


def test_swapped_degrees_are_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a", 16.46, 107.58), spot("b", 16.4, 107.5))
    assert "coordinates seem to be swapped (feature 1 has x 16.46 and y 107.58)" in refused(path)


def test_swapped_metres_are_refused(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a", *HUE_GRID[::-1]))
    assert "coordinates seem to be swapped" in refused(path, crs="EPSG:9214")


def test_one_swapped_row_among_good_ones_is_a_bad_row(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a"), spot("b", 16.46, 107.58), spot("c"))
    fitted = fit_file(path, "flood_spots")
    assert fitted.faults[0][0] == 2
    assert "seem to be swapped" in fitted.reasons[0]


def test_features_elsewhere_are_counted_not_refused(tmp_path: Path) -> None:
    fitted = fit_file(write_geojson(tmp_path / "a.geojson", spot("a", 1.52, 42.5), spot("b")), "flood_spots")
    assert (len(fitted.rows), fitted.fitter.outside) == (2, 1)
