"""The one door into the tables: what goes in comes out, once, and in one transaction."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from gis_core.db import reading, working_engine, writing
from gis_core.time import Window
from gis_core.types import Bounds
from layers.read import read
from layers.registry import LAYERS
from layers.store import LoadReport, forget_simulated, latest, load

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2025, 10, 27, 5, tzinfo=UTC)
# PostgreSQL has no NUL in a text, and UTF-8 no half of a surrogate pair.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
AWKWARD = st.sampled_from(
    [
        "",
        " ",
        "NULL",
        "\\N",
        "\\.",
        "a\n\\.\nb",
        'say "hi"',
        "it's",
        "a,b;c\td",
        "\r\n",
        "{a,b}",
        "\\",
        '"',
        "Huế đỏ 🔥",
        "e\u0301",
    ]
)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)


def detections(count: int, start: datetime = NOON, **columns: Any) -> gpd.GeoDataFrame:
    frame = {
        "detected_at": [start + timedelta(minutes=minute) for minute in range(count)],
        "subject": "vehicle", "class_name": "car", "steward_agency": "CSGT", "origin": "test",
        "origin_key": [str(row) for row in range(count)], "simulated": False,
    } | columns  # fmt: skip
    points = gpd.points_from_xy(np.linspace(107.2, 107.8, count), np.linspace(16.1, 16.6, count))
    return gpd.GeoDataFrame(frame, geometry=points, crs=4326)


def spots(*codes: str, **columns: Any) -> gpd.GeoDataFrame:
    frame = {"code": list(codes), "name": list(codes), "origin": "test", "simulated": False} | columns
    return gpd.GeoDataFrame(frame, geometry=[shapely.Point(107.5, 16.4)] * len(codes), crs=4326)


def put(layer: str, rows: gpd.GeoDataFrame) -> LoadReport:
    with writing() as connection:
        return load(connection, LAYERS[layer], rows)


def stored(layer: str, **options: Any) -> gpd.GeoDataFrame:
    with reading() as connection:
        return read(connection, LAYERS[layer], **options)


# --- things that last, and things that happened ------------------------------------------------


def test_things_that_last_are_updated_by_their_code() -> None:
    assert put("flood_spots", spots("a", "b")) == LoadReport(2, 0, 0)
    assert put("flood_spots", spots("a", "b")) == LoadReport(0, 0, 2)
    assert put("flood_spots", spots("a", "b", "c", name=["a", "new", "c"])) == LoadReport(1, 1, 1)
    assert stored("flood_spots").set_index("code")["name"].to_dict() == {"a": "a", "b": "new", "c": "c"}


@pytest.mark.parametrize(
    "change",
    [{"name": ["other"]}, {"ground_elevation_m": [1.0]}, {"simulated": True}, {"camera_code": ["C"]}],
)
def test_any_change_is_an_update(change: dict[str, Any]) -> None:
    put("flood_spots", spots("a"))
    assert put("flood_spots", spots("a", **change)) == LoadReport(0, 1, 0)


def test_a_moved_geometry_is_an_update() -> None:
    put("flood_spots", spots("a"))
    assert put(
        "flood_spots",
        spots("a").translate(1e-7).to_frame("geometry").join(spots("a").drop(columns="geometry")),
    ) == (LoadReport(0, 1, 0))


def test_columns_that_are_left_out_keep_what_they_have() -> None:
    put("flood_spots", spots("a", ground_elevation_m=[2.5]))
    put("flood_spots", spots("a", name=["new"]))
    row = stored("flood_spots").iloc[0]
    assert (row["name"], row["ground_elevation_m"]) == ("new", 2.5)


def test_events_are_never_changed() -> None:
    assert put("detections", detections(3)) == LoadReport(3, 0, 0)
    assert put("detections", detections(5, class_name="bus")) == LoadReport(2, 0, 3)
    assert sorted(stored("detections")["class_name"]) == ["bus", "bus", "car", "car", "car"]


def test_an_event_is_known_to_the_millisecond() -> None:
    put("detections", detections(1, NOON + timedelta(microseconds=1_900)))
    assert put("detections", detections(1, NOON + timedelta(microseconds=1_000))) == LoadReport(0, 0, 1)
    assert stored("detections")["detected_at"].tolist() == [NOON + timedelta(milliseconds=1)]


def test_nothing_is_no_trouble() -> None:
    assert put("detections", detections(0)) == LoadReport(0, 0, 0)
    assert stored("detections").empty


def test_defaults_of_the_table_fill_columns_that_are_left_out() -> None:
    put("detections", detections(1))
    assert stored("detections")["status"].tolist() == ["observed"]


# --- what goes in comes out --------------------------------------------------------------------

ROUND_TRIP = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ROUND_TRIP
@given(
    st.lists(st.tuples(TEXT | AWKWARD, st.none() | TEXT | AWKWARD, st.none() | FLOAT), min_size=1, max_size=8)
)
def test_texts_and_numbers_come_back_as_they_were(values: list[tuple[str, str | None, float | None]]) -> None:
    codes = [str(row) for row in range(len(values))]
    names, cameras, elevations = (list(column) for column in zip(*values, strict=True))
    rows = spots(*codes, name=names, camera_code=cameras, ground_elevation_m=elevations)
    with writing() as connection:
        load(connection, LAYERS["flood_spots"], rows)
        back = read(connection, LAYERS["flood_spots"]).set_index("code").loc[codes]
        connection.execute(LAYERS["flood_spots"].table.delete())
    assert back["name"].tolist() == names
    assert [None if pd.isna(value) else value for value in back["camera_code"]] == cameras
    assert [None if pd.isna(value) else value for value in back["ground_elevation_m"]] == elevations


@ROUND_TRIP
@given(st.lists(TEXT | AWKWARD, max_size=5))
def test_lists_come_back_as_they_were(solutions: list[str]) -> None:
    camera = {
        "owner_agency": "CA", "purpose": "traffic", "mast_height_m": 10.0, "azimuth_deg": 45.0,
        "tilt_deg": 10.0, "field_of_view_deg": 60.0, "range_m": 100.0, "frame_interval_s": 1.0,
        "status": "active", "ai_solutions": [solutions],
    }  # fmt: skip
    with writing() as connection:
        load(connection, LAYERS["cameras"], spots("c", **camera))
        back = read(connection, LAYERS["cameras"])
        connection.execute(LAYERS["cameras"].table.delete())
    assert list(back["ai_solutions"].iloc[0]) == solutions


@ROUND_TRIP
@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.timezones(), allow_imaginary=False),  # noqa: DTZ001
    st.floats(-180, 180),
    st.floats(-90, 90),
)
def test_times_and_places_come_back_as_they_were(moment: datetime, lon: float, lat: float) -> None:
    rows = detections(1, detected_at=[moment]).set_geometry(gpd.points_from_xy([lon], [lat]), crs=4326)
    with writing() as connection:
        load(connection, LAYERS["detections"], rows)
        back = read(connection, LAYERS["detections"])
        connection.execute(LAYERS["detections"].table.delete())
    utc = moment.astimezone(UTC)
    assert back["detected_at"].iloc[0] == utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    assert (back.geometry.iloc[0].x, back.geometry.iloc[0].y) == (lon, lat)
    assert back.crs == 4326


# --- one transaction ---------------------------------------------------------------------------


def test_a_load_that_fails_leaves_nothing() -> None:
    put("flood_spots", spots("a"))

    def two_loads() -> None:
        with writing() as connection:
            load(connection, LAYERS["flood_spots"], spots("d"))
            load(connection, LAYERS["flood_spots"], spots("b", "c", name=["fine", None]))

    with pytest.raises(IntegrityError):
        two_loads()
    assert stored("flood_spots")["code"].tolist() == ["a"]


def test_several_loads_share_a_transaction() -> None:
    with writing() as connection:
        total = sum((load(connection, LAYERS["detections"], detections(2, NOON + timedelta(days=days)))
                     for days in (0, 40, 0)), LoadReport(0, 0, 0))  # fmt: skip
    assert total == LoadReport(4, 0, 2)


def test_readers_go_on_while_a_month_is_being_made() -> None:
    put("detections", detections(2))
    with working_engine().connect() as loading, loading.begin() as transaction:
        load(loading, LAYERS["detections"], detections(2, NOON + timedelta(days=60)))
        # Were the new partition to lock the table, this would wait for the statement timeout and fail.
        assert len(stored("detections")) == 2
        transaction.rollback()


def test_two_loads_that_need_the_same_new_month() -> None:
    """The second waits for the first, and then finds month and events there."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        reports = [
            loading.result() for loading in [pool.submit(put, "detections", detections(50)) for _ in range(2)]
        ]
    assert sorted(report.inserted for report in reports) == [0, 50]
    assert len(stored("detections")) == 50


def test_decades_of_months_go_in_at_once() -> None:
    months = pd.date_range("1961-01-15", "2020-12-15", freq="MS", tz="UTC")
    assert put("detections", detections(len(months), detected_at=months)) == LoadReport(719, 0, 0)


def test_only_the_months_that_are_needed_are_made() -> None:
    moments = [datetime(2024, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC)]
    put("detections", detections(2, detected_at=moments))
    with reading() as connection:
        names = connection.exec_driver_sql(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'gis.detections'::regclass ORDER BY 1"
        ).scalars()
        assert [name.removeprefix("gis.") for name in names] == ["detections_2024_01", "detections_2024_12"]
    assert len(stored("detections")) == 2


def test_a_partition_keeps_indexes_and_checks_of_its_table() -> None:
    put("detections", detections(1))
    with reading() as connection:
        parent, child = (
            connection.exec_driver_sql(
                f"SELECT count(*) FROM pg_index WHERE indrelid = 'gis.{name}'::regclass"
            ).scalar()
            for name in ("detections", "detections_2025_10")
        )
    assert parent == child
    with pytest.raises(IntegrityError, match="subject"):
        put("detections", detections(1, origin_key=["other"], subject="ufo"))


def test_simulated_rows_can_be_forgotten() -> None:
    put("flood_spots", spots("a", "b", simulated=[True, False]))
    with writing() as connection:
        assert forget_simulated(connection, LAYERS["flood_spots"]) == 1
    assert stored("flood_spots")["code"].tolist() == ["b"]


# --- reading -----------------------------------------------------------------------------------


def test_reading_a_part() -> None:
    put("detections", detections(7))
    layer = LAYERS["detections"]
    assert len(stored("detections", bounds=Bounds(107.15, 16.0, 107.35, 16.3))) == 2
    two = Window(NOON + timedelta(minutes=1), NOON + timedelta(minutes=3))
    assert stored("detections", window=two)["origin_key"].tolist() == ["1", "2"]
    assert list(stored("detections", columns=("status",), limit=3).columns) == ["id", "status", "geometry"]
    with reading() as connection:
        assert len(read(connection, layer, layer.table.c.origin_key.in_(["1", "5", "9"]))) == 2


def test_reading_nothing_has_every_column() -> None:
    empty = stored("detections")
    assert {"id", "detected_at", "subject", "geometry"} <= set(empty.columns)
    assert (len(empty), empty.crs) == (0, 4326)


def test_geometries_are_what_postgis_has() -> None:
    put("detections", detections(1))
    layer = LAYERS["detections"]
    with reading() as connection:
        text = connection.execute(select(func.ST_AsGeoJSON(layer.geometry_column, 15))).scalar()
    assert json.loads(text)["coordinates"] == list(stored("detections").geometry.iloc[0].coords[0])


def test_latest() -> None:
    with reading() as connection:
        assert latest(connection, LAYERS["detections"]) is None
    put("detections", detections(3))
    with reading() as connection:
        assert latest(connection, LAYERS["detections"]) == NOON + timedelta(minutes=2)
