"""Layers into files of every format, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from gis_core.db import reading, writing
from gis_core.errors import CRSMismatchError, InvalidParameterError
from gis_core.time import Window
from gis_core.types import Bounds
from layers.export import ExportError, export, parse_bbox, parse_interval
from layers.ingest.load import load_file
from layers.ingest.report import Rejections
from layers.ingest.source import Request
from layers.read import read
from layers.registry import LAYERS
from layers.store import load

pytestmark = pytest.mark.usefixtures("database")

FORMATS = [".gpkg", ".geojson", ".fgb", ".parquet", ".csv", ".shp.zip"]
START = datetime(2025, 10, 27, 5, 0, 0, 123_456, tzinfo=UTC)
AWKWARD = 'Ngã ba "Sình", a\nb'


def fill() -> None:
    places = gpd.points_from_xy([107.5, 107.6, 108.0], [16.4, 16.5, 16.1])
    events = gpd.GeoDataFrame(
        {
            "detected_at": [START + timedelta(hours=hour) for hour in range(3)],
            "subject": "flooding", "class_name": AWKWARD, "steward_agency": "PCTT", "origin": "test",
            "origin_key": ["a", "b", "c"], "confidence": [0.1, None, 0.3], "simulated": [False, True, False],
        },
        geometry=places, crs=4326,
    )  # fmt: skip
    cameras = gpd.GeoDataFrame(
        {
            "code": ["c1", "c2"], "name": AWKWARD, "owner_agency": "CA", "purpose": "flood",
            "mast_height_m": 10.0, "azimuth_deg": 45.0, "tilt_deg": 10.0, "field_of_view_deg": 60.0,
            "range_m": 100.0, "frame_interval_s": 1.0, "status": "active",
            "ai_solutions": [["đếm xe", "ngập; lụt"], []],
            "origin": "test",
        },
        geometry=places[:2], crs=4326,
    )  # fmt: skip
    roads = gpd.GeoDataFrame(
        {"code": ["r1", "r2"], "road_class": "primary", "lanes": [2, None], "origin": "test"},
        geometry=[
            shapely.LineString([(107.5, 16.4), (107.6, 16.5)]),
            shapely.LineString([(107.6, 16.5), (107.7, 16.5)]),
        ],
        crs=4326,
    )
    with writing() as connection:
        load(connection, LAYERS["detections"], events)
        load(connection, LAYERS["cameras"], cameras)
        load(connection, LAYERS["road_segments"], roads)


def opened(path: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        x, y = ("lon", "lat") if "lon" in table else ("x", "y")
        return gpd.GeoDataFrame(
            table, geometry=gpd.points_from_xy(table[x], table[y]), crs=4326 if x == "lon" else None
        )
    return pyogrio.read_dataframe(path)


def before(layer: str) -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, LAYERS[layer])


@pytest.mark.parametrize("ending", FORMATS)
def test_events_in_every_format(tmp_path: Path, ending: str) -> None:
    fill()
    path = tmp_path / f"phát hiện{ending}"
    assert export(LAYERS["detections"], path).features == 3
    written = opened(path)
    assert sorted(shape.wkt for shape in written.geometry) == sorted(
        shape.wkt for shape in before("detections").geometry
    )
    assert set(written["id"].astype(str)) == set(before("detections")["id"].astype(str))
    assert set(written["class_name"]) == {AWKWARD}
    assert written.crs == 4326
    beside = [f"{path.name}-metadata.json"] if ending == ".csv" else []
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name, *beside]


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != ".parquet"])
@pytest.mark.parametrize("layer", ["detections", "cameras"])
def test_what_was_exported_loads_again_and_changes_nothing(tmp_path: Path, ending: str, layer: str) -> None:
    fill()
    path = tmp_path / f"a{ending}"
    export(LAYERS[layer], path)
    report = load_file(path, Request(LAYERS[layer]), Rejections())
    assert (report.rows.inserted, report.rows.updated, report.rows.unchanged) == (0, 0, len(before(layer)))


def test_lines_to_csv_are_wkt(tmp_path: Path) -> None:
    fill()
    export(LAYERS["road_segments"], tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv")
    assert [shapely.from_wkt(text) for text in table["wkt"]] == list(before("road_segments").geometry)
    assert table["lanes"].tolist()[0] == 2


@pytest.mark.parametrize("ending", FORMATS)
def test_another_crs_moves_the_coordinates_too(tmp_path: Path, ending: str) -> None:
    fill()
    exported = export(LAYERS["detections"], tmp_path / f"a{ending}", crs="EPSG:9214")
    written = opened(tmp_path / f"a{ending}").set_index("origin_key").geometry
    expected = before("detections").set_index("origin_key").to_crs(9214).geometry
    assert shapely.distance(written.loc[expected.index].to_numpy(), expected.to_numpy()).max() < 0.001
    if ending == ".csv":
        assert exported.notes == (
            "a.csv-metadata.json says what its columns mean; the coordinates are in EPSG:9214.",
        )
    else:
        assert written.crs == 9214


def test_a_part_of_a_layer(tmp_path: Path) -> None:
    fill()
    layer = LAYERS["detections"]
    assert export(layer, tmp_path / "a.csv", bounds=Bounds(107.4, 16.3, 107.55, 16.45)).features == 1
    assert export(layer, tmp_path / "b.csv", window=Window(START, START + timedelta(hours=2))).features == 2
    with pytest.raises(InvalidParameterError, match="layer cameras has no time"):
        export(LAYERS["cameras"], tmp_path / "c.csv", window=Window(START, START + timedelta(hours=2)))


@pytest.mark.parametrize("ending", FORMATS)
def test_an_empty_layer_has_its_columns(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    assert export(LAYERS["cameras"], path).features == 0
    written = opened(path)
    assert len(written) == 0
    # GeoJSON has no place for columns but in features.
    assert ("name" in written.columns) == (ending != ".geojson")


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    fill()
    path = tmp_path / "a.gpkg"
    path.write_text("mine")
    with pytest.raises(ExportError, match=r"a\.gpkg exists already; --overwrite replaces it"):
        export(LAYERS["detections"], path)
    assert path.read_text() == "mine"
    assert export(LAYERS["detections"], path, overwrite=True).features == 3
    assert len(opened(path)) == 3


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")

    def broken(*arguments: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", broken)
    with pytest.raises(ExportError, match="cannot be written \\(No space left on device\\)"):
        export(LAYERS["cameras"], path, overwrite=True)
    assert path.read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.dwg", "names no known format; end it in one of .gpkg"),
        ("a.shp", "name it .shp.zip"),
        (".csv", "names no known format"),
    ],
)
def test_formats_that_are_not_written(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(ExportError, match=words):
        export(LAYERS["cameras"], tmp_path / name)


@pytest.mark.parametrize("crs", ["EPSG:999999", "nonsense", "EPSG:5703"])
def test_crs_that_are_none(tmp_path: Path, crs: str) -> None:
    with pytest.raises(CRSMismatchError):
        export(LAYERS["cameras"], tmp_path / "a.gpkg", crs=crs)
    assert not list(tmp_path.iterdir())


def test_a_shapefile_says_what_it_could_not_hold(tmp_path: Path) -> None:
    fill()
    with writing() as connection:
        long = before("detections").assign(class_name="đ" * 300, origin_key="long").drop(columns="id")
        load(connection, LAYERS["detections"], long)
    notes = export(LAYERS["detections"], tmp_path / "a.shp.zip").notes
    assert notes[0] == "Texts were cut to the 254 bytes that a shapefile holds."
    assert "steward_ag" in notes[1]
    assert opened(tmp_path / "a.shp.zip").columns.is_unique


@pytest.mark.parametrize(
    ("text", "expected"), [("107,16,108,17", (107, 16, 108, 17)), (" 1.5, -2,3,4 ", (1.5, -2, 3, 4))]
)
def test_boxes(text: str, expected: tuple[float, ...]) -> None:
    assert parse_bbox(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "108,16,107,17", "107,17,108,16", "0,0,inf,1", "nan,0,1,1"]
)
def test_what_is_no_box(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="Parameter 'bbox'"):
        parse_bbox(text)


def test_intervals() -> None:
    window = parse_interval("2025-10-27/2025-10-28T00:00:00Z")
    assert (window.start.isoformat(), window.end.isoformat()) == (
        "2025-10-26T17:00:00+00:00",
        "2025-10-28T00:00:00+00:00",
    )
    assert parse_interval("../2025-10-27").start.year == 1
    assert parse_interval("2025-10-27/..").end.year == 9999


@pytest.mark.parametrize("text", ["2025-10-27", "x/y", "2025-10-28/2025-10-27", ""])
def test_what_is_no_interval(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="Parameter 'datetime'"):
        parse_interval(text)
