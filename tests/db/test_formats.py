"""Features as text and files, read back by readers that are not ours."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from sqlalchemy import Connection, text

from gis_core.crs import parse_crs, transformer
from gis_core.db import reading, writing
from gis_core.errors import InvalidParameterError, QueryTimeoutError
from gis_core.types import Bounds
from layers.cql2.compiler import compile_filter
from layers.cql2.parse import parse
from layers.downloads.copying import lasting
from layers.downloads.tables import write_flatgeobuf, write_geopackage, write_geoparquet
from layers.downloads.texts import csv_pieces, feature_pieces
from layers.query import FeatureQuery, read_page
from layers.registry import LAYERS
from layers.store import load

pytestmark = pytest.mark.usefixtures("database")

DETECTIONS, CAMERAS, WARDS = LAYERS["detections"], LAYERS["cameras"], LAYERS["wards"]
START = datetime(2025, 10, 27, 5, 0, 0, 123_000, tzinfo=UTC)
AWKWARD = 'Ngã ba "Sình", a\nb \\ 🔥 </script> %s'
WRITERS: dict[str, Callable[[Connection, FeatureQuery, Path, int], None]] = {
    "gpkg": write_geopackage,
    "fgb": write_flatgeobuf,
    "parquet": write_geoparquet,
}


@contextmanager
def moment(timeout_s: float = 30) -> Iterator[Connection]:
    with reading() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        with lasting(connection, timeout_s):
            yield connection


def fill(count: int = 3) -> None:
    events = gpd.GeoDataFrame(
        {
            "detected_at": [START + timedelta(seconds=row) for row in range(count)],
            "subject": "flooding", "class_name": AWKWARD, "steward_agency": "PCTT", "origin": "test",
            "origin_key": [str(row) for row in range(count)], "simulated": False,
            "confidence": [None if row % 3 == 1 else row / count for row in range(count)],
        },
        geometry=gpd.points_from_xy(np.linspace(107.5, 107.9, count), np.linspace(16.1, 16.5, count)),
        crs=4326,
    )  # fmt: skip
    names = ["=1+1", "+84 234 382", "-cmd|calc", "@SUM(A1)", "", "Huế"]
    cameras = gpd.GeoDataFrame(
        {
            "code": [f"c{place}" for place in range(len(names))], "name": names, "owner_agency": "CA",
            "purpose": "flood", "mast_height_m": 10.0, "azimuth_deg": 45.5, "tilt_deg": 10.0,
            "field_of_view_deg": 60.0, "range_m": 100.0, "frame_interval_s": 1.0, "status": "active",
            "ai_solutions": [["đếm xe", "ngập; lụt"], *[[]] * (len(names) - 1)], "origin": "test",
        },
        geometry=gpd.points_from_xy([107.5] * len(names), [16.4] * len(names)), crs=4326,
    )  # fmt: skip
    ward = {"code": ["W"], "name": ["Phú Hội"], "kind": ["ward"], "origin": ["test"]}
    square = shapely.MultiPolygon([shapely.box(107.5, 16.4, 107.6, 16.5, ccw=False)])
    with writing() as connection:
        load(connection, DETECTIONS, events)
        load(connection, CAMERAS, cameras)
        load(connection, WARDS, gpd.GeoDataFrame(ward, geometry=[square], crs=4326))


def written(query: FeatureQuery, ending: str, folder: Path) -> gpd.GeoDataFrame:
    path = folder / f"out.{ending}"
    with moment() as connection:
        WRITERS[ending](connection, query, path, query.limit)
    return gpd.read_parquet(path) if ending == "parquet" else pyogrio.read_dataframe(path)


def rows_of_csv(query: FeatureQuery) -> tuple[bytes, list[dict[str, str]]]:
    with moment() as connection:
        raw = b"".join(csv_pieces(connection, query))
    return raw, list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("crs", ["CRS84", "EPSG:4326", "EPSG:9214"])
def test_files_hold_what_was_asked_for(ending: str, crs: str, tmp_path: Path) -> None:
    fill()
    query = FeatureQuery(
        DETECTIONS, 2, crs=parse_crs(crs), properties=("class_name", "detected_at", "confidence")
    )
    frame = written(query, ending, tmp_path).sort_values("detected_at", ignore_index=True)
    assert set(frame.columns) - {"bbox"} == {"id", "class_name", "detected_at", "confidence", "geometry"}
    assert frame["class_name"].tolist() == [AWKWARD] * 2
    assert abs(frame["detected_at"][0].to_pydatetime() - START) < timedelta(milliseconds=1)
    assert np.isnan(frame["confidence"][1])
    srid = 9214 if crs == "EPSG:9214" else 4326
    assert frame.crs.to_epsg() == srid
    expected = transformer(4326, srid).transform(107.5, 16.1)
    np.testing.assert_allclose(
        frame.geometry[0].coords[0], expected, rtol=0, atol=1e-6 if srid == 4326 else 1e-3
    )


@pytest.mark.parametrize("ending", WRITERS)
def test_a_file_of_nothing_has_its_columns(ending: str, tmp_path: Path) -> None:
    frame = written(FeatureQuery(CAMERAS, 10), ending, tmp_path)
    assert len(frame) == 0
    assert {"name", "azimuth_deg", "ai_solutions"} <= set(frame.columns)


@pytest.mark.parametrize(("ending", "lists"), [("gpkg", False), ("fgb", False), ("parquet", True)])
def test_lists_are_lists_where_there_are_lists(ending: str, lists: bool, tmp_path: Path) -> None:
    fill()
    found = written(FeatureQuery(CAMERAS, 10, equals={"code": "c0"}), ending, tmp_path)["ai_solutions"][0]
    assert (list(found) if lists else json.loads(found)) == ["đếm xe", "ngập; lụt"]


def test_geoparquet_says_where_its_features_are(tmp_path: Path) -> None:
    fill()
    written(FeatureQuery(WARDS, 10, crs=parse_crs("EPSG:9214")), "parquet", tmp_path)
    file = pq.ParquetFile(tmp_path / "out.parquet")
    said = json.loads(file.metadata.metadata[b"geo"])
    column = said["columns"][said["primary_column"]]
    assert said["version"] == "1.1.0"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 9214}
    assert column["geometry_types"] == ["MultiPolygon"]
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    shape = gpd.read_parquet(tmp_path / "out.parquet").geometry[0]
    west, south, east, north = column["bbox"]
    assert shapely.box(west, south, east, north).covers(shape)
    assert shapely.box(west + 1, south + 1, east - 1, north - 1).covers(shape) is False
    assert shapely.is_ccw(shape.geoms[0].exterior)


def test_csv_is_rfc_4180() -> None:
    fill()
    raw, rows = rows_of_csv(FeatureQuery(DETECTIONS, 10))
    assert raw.count(b"\r\n") == 4
    assert raw.endswith(b"\r\n")
    assert [row["class_name"] for row in rows] == [AWKWARD] * 3
    assert rows[0]["detected_at"] == "2025-10-27T05:00:00.123Z"
    assert rows[1]["confidence"] == ""
    assert (float(rows[0]["lon"]), float(rows[0]["lat"])) == (107.5, 16.1)
    assert rows[0]["simulated"] == "false"


def test_csv_holds_no_formula() -> None:
    fill()
    _, rows = rows_of_csv(FeatureQuery(CAMERAS, 10))
    names = [row["name"] for row in rows]
    assert names == ["'=1+1", "+84 234 382", "'-cmd|calc", "'@SUM(A1)", "", "Huế"]
    assert json.loads(rows[0]["ai_solutions"]) == ["đếm xe", "ngập; lụt"]


def test_csv_of_shapes_is_wkt_and_of_metres_is_x_and_y() -> None:
    fill()
    _, wards = rows_of_csv(FeatureQuery(WARDS, 10))
    assert shapely.from_wkt(wards[0]["wkt"]).equals(shapely.box(107.5, 16.4, 107.6, 16.5))
    _, cameras = rows_of_csv(FeatureQuery(CAMERAS, 1, crs=parse_crs("EPSG:9214")))
    x, y = transformer(4326, 9214).transform(107.5, 16.4)
    assert float(cameras[0]["x"]) == pytest.approx(x, abs=1e-3)
    assert float(cameras[0]["y"]) == pytest.approx(y, abs=1e-3)


def test_streamed_features_are_those_of_a_page() -> None:
    fill(50)
    filtered = compile_filter(
        DETECTIONS, parse("class_name LIKE '%\"Sình%'", "cql2-text"), parse_crs("CRS84")
    )
    query = FeatureQuery(
        DETECTIONS,
        40,
        bbox=Bounds(107.55, 16.0, 107.8, 17.0),
        filter=filtered,
        equals={"subject": "flooding"},
    )
    with moment() as connection:
        streamed = b"".join(feature_pieces(connection, query, b",\n")).decode()
        page = read_page(connection, query, 1000)
    assert json.loads(f"[{streamed}]") == json.loads(f"[{page.features_json}]")
    assert 20 < page.number_returned < 40


@pytest.mark.parametrize(
    ("crs", "form", "placed", "drawn"),
    [
        ("CRS84", "jsonfg", False, True),
        ("EPSG:9214", "jsonfg", True, False),
        ("EPSG:9214", "jsonfg-plus", True, True),
        ("EPSG:4326", "jsonfg", True, False),
    ],
)
def test_json_fg_says_time_and_place(crs: str, form: Any, placed: bool, drawn: bool) -> None:
    fill()
    with moment() as connection:
        page = read_page(connection, FeatureQuery(DETECTIONS, 1, crs=parse_crs(crs), form=form), 1000)
    feature = json.loads(page.features_json)
    assert feature["time"] == {"timestamp": "2025-10-27T05:00:00.123Z"}
    assert (feature["place"] is not None, feature["geometry"] is not None) == (placed, drawn)
    if drawn:
        assert feature["geometry"]["coordinates"] == [107.5, 16.1]
    if crs == "EPSG:4326":
        assert feature["place"]["coordinates"] == [16.1, 107.5]
    if crs == "EPSG:9214":
        expected = transformer(4326, 9214).transform(107.5, 16.1)
        np.testing.assert_allclose(feature["place"]["coordinates"], expected, rtol=0, atol=1e-3)


def test_values_are_bound_in_copy_too() -> None:
    fill()
    for value in ("'; DROP TABLE gis.cameras; --", "%s %%", "\\"):
        with moment() as connection:
            found = list(feature_pieces(connection, FeatureQuery(CAMERAS, 5, equals={"name": value}), b","))
        assert found == []
    with reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM gis.cameras")).scalar_one() == 6


def test_a_filter_without_a_value_is_the_clients_fault() -> None:
    fill()
    broken = compile_filter(DETECTIONS, parse("(0 - 1) ^ 0.5 = 1", "cql2-text"), parse_crs("CRS84"))
    with moment() as connection, pytest.raises(InvalidParameterError, match="cannot be evaluated"):
        list(feature_pieces(connection, FeatureQuery(DETECTIONS, 5, filter=broken), b","))


def test_a_statement_ends_in_time_and_the_connection_lives_on() -> None:
    with reading() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(QueryTimeoutError), lasting(connection, 0.05):
            connection.connection.cursor().execute("SELECT pg_sleep(20)")
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "15s"
