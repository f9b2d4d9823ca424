"""Rows against layers: geometries, columns, codes and events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import (
    FIRE,
    HUE,
    feature,
    fit_file,
    point,
    refused,
    spot,
    square,
    write_geojson,
)

SPIKE = [
    [107.1, 16.1],
    [107.2, 16.1],
    [107.2, 16.2],
    [107.25, 16.2],
    [107.2, 16.2],
    [107.1, 16.2],
    [107.1, 16.1],
]
BOWTIE = [[107.1, 16.1], [107.2, 16.2], [107.2, 16.1], [107.1, 16.2], [107.1, 16.1]]


def zone(code: str, coordinates: Any, kind: str = "Polygon") -> dict[str, Any]:
    return feature({"type": kind, "coordinates": coordinates}, code=code, name=code, category="production")


def test_polygons_become_multipolygons(tmp_path: Path) -> None:
    fitted = fit_file(write_geojson(tmp_path / "a.geojson", zone("a", square(107.5, 16.4))), "forest_zones")
    assert fitted.rows.geometry.iloc[0].geom_type == "MultiPolygon"


def test_a_polygon_is_repaired_only_where_its_area_stays(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", zone("spike", [SPIKE]), zone("bowtie", [BOWTIE]))
    fitted = fit_file(path, "forest_zones")
    assert list(fitted.rows["code"]) == ["spike"]
    assert fitted.rows.geometry.iloc[0].is_valid
    assert fitted.rows.geometry.iloc[0].area == pytest.approx(0.01, rel=1e-6)
    assert fitted.fitter.repaired == 1
    assert "its geometry is invalid: Self-intersection" in fitted.reasons[0]


def test_a_ring_that_is_not_closed(tmp_path: Path) -> None:
    ring = square(107.5, 16.4)[0][:-1]
    fitted = fit_file(write_geojson(tmp_path / "a.geojson", zone("a", [ring])), "forest_zones")
    assert "Points of LinearRing do not form a closed linestring" in fitted.reasons[0]


def river(code: str, *lines: list[list[float]]) -> dict[str, Any]:
    return feature({"type": "MultiLineString", "coordinates": list(lines)}, code=code, name=code)


def test_lines_in_several_parts(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "a.geojson",
        river("single", [[107.1, 16.1], [107.2, 16.2]]),
        river("joined", [[107.1, 16.1], [107.2, 16.2]], [[107.2, 16.2], [107.3, 16.3]]),
        river("apart", [[107.1, 16.1], [107.2, 16.2]], [[107.4, 16.4], [107.5, 16.5]]),
    )
    fitted = fit_file(path, "rivers")
    assert list(fitted.rows["code"]) == ["single", "joined", "apart/1", "apart/2"]
    assert fitted.rows.geometry.iloc[1].coords[0] == (107.1, 16.1)
    assert set(fitted.rows.geometry.geom_type) == {"LineString"}


def test_a_line_without_length(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", river("a", [[107.1, 16.1], [107.1, 16.1]]))
    assert "its geometry is invalid" in fit_file(path, "rivers").reasons[0]


def test_a_missing_column_is_named_with_the_names_it_may_have(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", feature(point(*HUE), code="a", title="x"))
    sentence = refused(path)
    assert "the column 'name' (or ten) is missing; the file has 'code', 'title'" in sentence
    assert "--column theirs=name" in sentence
    fitted = fit_file(path, "flood_spots", columns={"title": "name"})
    assert fitted.rows["name"].tolist() == ["x"]


def test_names_are_known_without_case_and_vietnamese_marks(tmp_path: Path) -> None:
    fitted = fit_file(
        write_geojson(tmp_path / "a.geojson", feature(point(*HUE), **{"MÃ": "a", "Tên": "b"})), "flood_spots"
    )
    assert (fitted.rows["code"].iloc[0], fitted.rows["name"].iloc[0]) == ("a", "b")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": "colour"}, "layer flood_spots has no column 'colour'"),
        ({"gone": "name"}, "the file has no column 'gone'"),
        ({"name": "name", "code": "name"}, "gives 'name' more than once"),
    ],
)
def test_columns_that_were_asked_for_and_are_not_there(
    tmp_path: Path, columns: dict[str, str], words: str
) -> None:
    assert words in refused(write_geojson(tmp_path / "a.geojson", spot("a")), columns=columns)


def test_every_row_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "a.geojson",
        spot("a"), spot("a"), spot("", name="x"), spot("b", name=None), spot("c", ground_elevation_m=9999),
        spot("d", name="x" * 20_000), spot("e", name="\x00"), spot("f", name="\ud800"),
        spot("g", name="x" * 4_000_000),
    )  # fmt: skip
    fitted = fit_file(path, "flood_spots")
    assert [number for number, _ in fitted.faults] == [2, 3, 4, 5, 6, 7, 8, 9]
    expected = ["same code as feature 1", "code is missing", "name is missing", "9999 is above 3000 m",
                "longer than 10,000", "no text", "no text", "longer than 10,000"]  # fmt: skip
    assert all(word in reason for word, reason in zip(expected, fitted.reasons, strict=True))


def test_a_gap_in_a_column_with_a_default_takes_the_default(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "a.geojson", spot("a", status="offline"), spot("b", status=None))
    assert fit_file(path, "rain_stations").rows["status"].tolist() == ["offline", "active"]


def test_wards_are_told_apart_by_their_full_names_and_measured(tmp_path: Path) -> None:
    def ward(code: str, **properties: Any) -> dict[str, Any]:
        geometry = {"type": "Polygon", "coordinates": square(107.5, 16.4)}
        return feature(geometry, **({"code": code, "name": "Phú Xuân", "areaKm2": 99} | properties))

    path = write_geojson(
        tmp_path / "a.geojson", ward("1", fullName="Phường Phú Xuân"), ward("2", fullName="Xã A Lưới 5"),
        ward("3", fullName="commune"), ward("4", fullName="Làng"), ward("5", name="Xã Nam Đông"), ward("6"),
    )  # fmt: skip
    fitted = fit_file(path, "wards")
    assert fitted.rows.set_index("code")["kind"].to_dict() == {
        "1": "ward",
        "2": "commune",
        "3": "commune",
        "5": "commune",
    }
    # A hundredth of a degree squared at 16.4° N: 1.1066 km north-south by 1.0681 km east-west.
    assert fitted.rows["area_km2"].iloc[0] == pytest.approx(1.1066 * 1.0681, rel=1e-3)
    assert [number for number, _ in fitted.faults] == [4, 6]
    assert "kind 'Làng' is not one of ward, commune" in fitted.reasons[0]


def test_an_event_is_known_by_its_sources_identifier_or_its_content(tmp_path: Path) -> None:
    named = fit_file(write_geojson(tmp_path / "a.geojson", feature(point(*HUE), id=17, **FIRE)), "detections")
    assert named.rows["origin_key"].tolist() == ["17"]
    path = write_geojson(
        tmp_path / "b.geojson",
        *(feature(point(*HUE), **(FIRE | {"class": name})) for name in ("a", "b", "a")),
    )
    unnamed, again = fit_file(path, "detections"), fit_file(path, "detections")
    assert unnamed.rows["id"].tolist() == again.rows["id"].tolist()
    assert unnamed.rows["id"].nunique() == 2
    assert unnamed.faults == [(3, "it is the same event as feature 1")]
