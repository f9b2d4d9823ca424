"""Roll-ups: whatever is loaded in whatever order, they are what a recount of the detections gives."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gis_core.db import reading, writing
from gis_core.errors import GisError
from gis_core.time import Window
from layers.enrich.stored import days_to_enrich, enrich_day
from layers.registry import LAYERS
from layers.rollup import rebuild, record_frames
from layers.store import LoadReport, complete, forget_simulated, put

pytestmark = pytest.mark.usefixtures("database")

SEVEN = datetime(2025, 10, 31, 22, tzinfo=UTC)
"""Two hours before a month begins."""
ROAD = [(107.58, 16.46), (107.59, 16.46)]
DETECTIONS = LAYERS["detections"]

Counts = dict[tuple[str, datetime, str, str, str], int]
Frames = dict[tuple[str, datetime], list[int]]


@pytest.fixture
def road(database: str) -> None:
    rows = gpd.GeoDataFrame(
        {
            "code": ["R1"],
            "road_class": ["primary"],
            "one_way": [False],
            "origin": ["test"],
            "simulated": [False],
        },
        geometry=[shapely.LineString(ROAD)],
        crs=4326,
    )
    with writing() as connection:
        put(connection, LAYERS["road_segments"], complete(LAYERS["road_segments"], rows))


def events(numbers: Sequence[int], **columns: Any) -> gpd.GeoDataFrame:
    """Detections by number: four hours around the turn of a month, three cameras, on and off the road."""
    frame = {
        "detected_at": [SEVEN + timedelta(minutes=12 * (n // 3), milliseconds=n // 40) for n in numbers],
        "camera_code": [(None, "CAM-1", "CAM-2", "CAM-3")[n % 4] for n in numbers],
        "subject": ["vehicle" if n % 5 else "crowding" for n in numbers],
        "class_name": [("car", "bus")[n % 2] for n in numbers],
        "steward_agency": "CSGT",
        "origin": "test",
        "origin_key": [str(n) for n in numbers],
        "simulated": [n % 7 == 0 for n in numbers],
    } | columns
    places = [(107.581 + n % 9 / 2000, 16.46 if n % 6 else 16.48) for n in numbers]
    return complete(
        DETECTIONS, gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*zip(*places, strict=True)), crs=4326)
    )


def load(numbers: Sequence[int], *, enrich: bool = True, **columns: Any) -> LoadReport:
    with writing() as connection:
        return put(connection, DETECTIONS, events(numbers, **columns), enrich=enrich)


def rolled_up() -> tuple[Counts, Frames, set[datetime]]:
    """What stands in the tables, and the hours that wait."""
    with reading() as connection:
        counts = connection.execute(text("SELECT * FROM gis.segment_counts"))
        frames = connection.execute(
            text("SELECT camera_code, hour_at, frame_offsets_ms, frames_seen FROM gis.camera_hours")
        ).all()
        waiting = connection.execute(text("SELECT hour_at FROM gis.hours_to_enrich")).scalars()
        assert all(row.frames_seen == len(row.frame_offsets_ms) for row in frames)
        return (
            {tuple(row)[:5]: row.detections for row in counts},
            {(row.camera_code, row.hour_at): row.frame_offsets_ms for row in frames},
            set(waiting),
        )


def recounted() -> tuple[Counts, Frames]:
    """The same, row by row from the stored detections."""
    counts: Counts = {}
    frames: dict[tuple[str, datetime], set[int]] = {}
    query = text(
        "SELECT coalesce(road_segment_code, '') AS segment, detected_at, camera_code, subject, class_name "
        "FROM gis.detections WHERE camera_code IS NOT NULL"
    )
    with reading() as connection:
        for row in connection.execute(query):
            hour = row.detected_at.replace(minute=0, second=0, microsecond=0)
            key = (row.segment, hour, row.camera_code, row.subject, row.class_name)
            counts[key] = counts.get(key, 0) + 1
            offset_ms = (row.detected_at - hour) // timedelta(milliseconds=1)
            frames.setdefault((row.camera_code, hour), set()).add(offset_ms)
    return counts, {key: sorted(offsets) for key, offsets in frames.items()}


def check(reported: Frames | None = None) -> None:
    """Hours that wait may say anything; all others say what a recount gives, and what was reported."""
    counts, frames, waiting = rolled_up()
    expected_counts, expected_frames = recounted()
    for key, offsets in (reported or {}).items():
        expected_frames[key] = sorted({*expected_frames.get(key, []), *offsets})
    assert {key: n for key, n in counts.items() if key[1] not in waiting} == {
        key: n for key, n in expected_counts.items() if key[1] not in waiting
    }
    assert {key: some for key, some in frames.items() if key[1] not in waiting} == {
        key: some for key, some in expected_frames.items() if key[1] not in waiting
    }


@pytest.mark.usefixtures("road")
def test_by_hand() -> None:
    """Two cars in one frame and a bus in the next, one of them away from the road, and a hotspot."""
    load(
        [1, 2, 3, 4],
        detected_at=[SEVEN, SEVEN, SEVEN + timedelta(seconds=30), SEVEN],
        camera_code=["CAM-1", "CAM-1", "CAM-1", None],
        subject=["vehicle"] * 3 + ["forest_fire"],
        class_name=["car", "car", "bus", "hotspot"],
    )
    counts, frames, _ = rolled_up()
    assert counts == {
        ("R1", SEVEN, "CAM-1", "vehicle", "car"): 2,
        ("R1", SEVEN, "CAM-1", "vehicle", "bus"): 1,
    }
    assert frames == {("CAM-1", SEVEN): [0, 30_000]}
    load([6], detected_at=[SEVEN + timedelta(minutes=1)], camera_code=["CAM-1"], subject=["vehicle"])
    counts, frames, _ = rolled_up()
    assert counts["", SEVEN, "CAM-1", "vehicle", "car"] == 1
    assert frames["CAM-1", SEVEN] == [0, 30_000, 60_000]


@pytest.mark.usefixtures("road")
def test_the_same_file_twice_and_late_rows() -> None:
    assert load(range(50)) == LoadReport(50, 0, 0)
    check()
    assert load(range(50)) == LoadReport(0, 0, 50)
    check()
    assert load(range(30, 90)) == LoadReport(40, 0, 20)
    check()


NUMBERS = st.tuples(st.integers(0, 59), st.integers(1, 40)).map(lambda ends: range(ends[0], sum(ends)))
HOURS = st.tuples(st.integers(0, 200), st.integers(1, 200)).map(
    lambda ends: Window(SEVEN + timedelta(minutes=ends[0]), SEVEN + timedelta(minutes=sum(ends)))
)
STEPS = st.one_of(
    st.tuples(st.just("load"), NUMBERS),
    st.tuples(st.just("load without enrichment"), NUMBERS),
    st.tuples(st.just("load in two batches, the first rolled back"), NUMBERS),
    st.tuples(st.just("fail"), NUMBERS),
    st.tuples(st.just("forget simulated"), st.none()),
    st.tuples(st.just("forget simulated and load"), NUMBERS),
    st.tuples(st.just("rebuild"), HOURS),
    st.tuples(st.just("enrich what waits"), st.none()),
    st.tuples(st.just("enrich"), HOURS),
    st.tuples(st.just("report frames"), st.lists(st.integers(0, 200), max_size=5)),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=1, max_size=7))
@pytest.mark.usefixtures("road")
def test_after_any_sequence_the_roll_up_is_the_recount(steps: list[tuple[str, Any]]) -> None:
    clear()
    reported: Frames = {}
    for step, what in steps:
        act(step, what, reported)
        check(reported)
    act("enrich what waits", None, reported)
    assert rolled_up()[2] == set()
    check(reported)


def clear() -> None:
    with writing() as connection:
        connection.execute(
            text("TRUNCATE gis.detections, gis.segment_counts, gis.camera_hours, gis.hours_to_enrich")
        )


def act(step: str, what: Any, reported: Frames) -> None:
    if step == "fail":
        with pytest.raises(RuntimeError):
            load_and_fail(what)
        return
    if step == "report frames":
        times = [SEVEN + timedelta(minutes=minute) for minute in what]
        for moment in times:
            hour = moment.replace(minute=0)
            reported.setdefault(("CAM-2", hour), []).append((moment - hour) // timedelta(milliseconds=1))
        with writing() as connection:
            record_frames(connection, ["CAM-2"] * len(times), times)
        return
    with writing() as connection:
        if step.startswith("forget simulated"):
            forget_simulated(connection, DETECTIONS)
        if step.startswith("load in two batches"):
            undone = connection.begin_nested()
            put(connection, DETECTIONS, events(what[: len(what) // 2 + 1]))
            undone.rollback()
        if "load" in step:
            put(connection, DETECTIONS, events(what), enrich="without" not in step)
        if step == "rebuild":
            rebuild(connection, what)
        if step.startswith("enrich"):
            for day in days_to_enrich(connection, what):
                enrich_day(connection, day)


def load_and_fail(numbers: Sequence[int]) -> None:
    with writing() as connection:
        put(connection, DETECTIONS, events(numbers))
        raise RuntimeError("the power went")


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize("same_events", [False, True])
def test_two_loaders_at_once_neither_lose_nor_double_nor_wait_in_a_circle(same_events: bool) -> None:
    """Several batches in one transaction; other events of the same hours even in opposite order."""
    batches = [range(start, 240, 8) for start in range(8)]
    together = Barrier(2)

    def load_all(origin: str, order: list[range]) -> None:
        together.wait()
        with writing() as connection:
            for batch in order:
                put(connection, DETECTIONS, events(batch, origin=origin))

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(load_all, "one", batches)
        other = (
            threads.submit(load_all, "one", batches)
            if same_events
            else threads.submit(load_all, "other", batches[::-1])
        )
        one.result(timeout=60)
        other.result(timeout=60)
    check()
    assert sum(rolled_up()[0].values()) == (180 if same_events else 360)


@pytest.mark.usefixtures("road")
def test_a_recount_and_a_loader_at_once() -> None:
    """The recount waits for who has rolled up, and who rolls up later is added to it."""
    load(range(40))
    rolled, counted = Event(), Event()

    def load_more() -> None:
        with writing() as connection:
            put(connection, DETECTIONS, events(range(40, 80)))
            rolled.set()
            assert counted.wait(30)

    with ThreadPoolExecutor(1) as thread:
        loader = thread.submit(load_more)
        assert rolled.wait(30)
        with writing() as connection:
            rebuild(connection, Window(SEVEN, SEVEN + timedelta(hours=4)))
        counted.set()
        loader.result(timeout=60)
    check()


@pytest.mark.usefixtures("road")
def test_simulated_frames_go_with_the_simulated_rows_and_real_ones_stay() -> None:
    later = SEVEN + timedelta(hours=3)
    load([1, 2], camera_code=["CAM-1", "CAM-2"], simulated=[True, False])
    with writing() as connection:
        record_frames(connection, ["CAM-1", "CAM-3"], [SEVEN, later], simulated=True)
        record_frames(connection, ["CAM-2"], [later])
    with writing() as connection:
        assert forget_simulated(connection, DETECTIONS) == 1
    counts, frames, _ = rolled_up()
    assert set(frames) == {("CAM-2", SEVEN), ("CAM-2", later)}
    assert [key[2] for key in counts] == ["CAM-2"]


def test_hours_of_an_archived_month_cannot_be_recounted_and_keep_what_they_have() -> None:
    load(range(1, 60), simulated=True)
    before = rolled_up()
    with writing() as connection:
        connection.execute(
            text(
                "INSERT INTO gis.archive_months (layer, month, rows, bytes, digest, path, first_at, last_at) "
                "VALUES ('detections', '2025-10-01', 1, 1, '', '', now(), now())"
            )
        )
    with pytest.raises(GisError, match="2025-10 of detections is archived"), writing() as connection:
        rebuild(connection, Window(SEVEN, SEVEN + timedelta(hours=4)))
    with writing() as connection:
        assert days_to_enrich(connection, Window(SEVEN, SEVEN + timedelta(hours=4)))[
            0
        ].start == SEVEN + timedelta(hours=2)
        forget_simulated(connection, DETECTIONS)
    counts, _, _ = rolled_up()
    assert counts == {key: n for key, n in before[0].items() if key[1] < SEVEN + timedelta(hours=2)}


def test_roads_that_come_later_are_caught_up_by_enriching_again(request: pytest.FixtureRequest) -> None:
    load(range(1, 40), simulated=False)
    assert {key[0] for key in rolled_up()[0]} == {""}
    request.getfixturevalue("road")
    whole = Window(SEVEN, SEVEN + timedelta(hours=4))
    with writing() as connection:
        done = [enrich_day(connection, day) for day in days_to_enrich(connection, whole)]
    assert sum(one.detections for one in done) == 39
    assert sum(one.changed for one in done) > 20
    check()
    assert {key[0] for key in rolled_up()[0]} == {"", "R1"}
    with writing() as connection:
        assert {enrich_day(connection, day).changed for day in days_to_enrich(connection, whole)} == {0}
    load([1000])
    check()
