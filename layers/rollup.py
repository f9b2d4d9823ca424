"""Detections rolled up by hour as they come in, so that a month of traffic is read in an instant.

What a transaction adds is noted in temporary tables, which follow its savepoints, and goes into
the tables of all as the last thing before the commit, in the order of their keys: so two loaders
wait for each other shortly and never in a circle. A recount locks everybody else out of those
tables; what others have inserted and not yet rolled up is then added after it, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import BigInteger, Boolean, Column, Connection, DateTime, Integer, Table, text
from sqlalchemy import Text as SqlText

from gis_core.db import SCHEMA, before_commit
from gis_core.errors import GisError
from gis_core.time import Window
from layers.base import Base
from layers.copying import copy_rows
from layers.partitions import closed_months, ensure_partitions, standing_months
from layers.rollup_tables import NO_SEGMENT, CameraHour, HourToEnrich, SegmentCount
from layers.subjects import SUBJECTS

HOUR = timedelta(hours=1)

_COUNT_COLUMNS: Sequence[Column[Any]] = (
    Column("road_segment_code", SqlText),
    Column("hour_at", DateTime(timezone=True)),
    Column("camera_code", SqlText),
    Column("subject", SqlText),
    Column("class_name", SqlText),
    Column("detections", BigInteger),
)
_FRAME_COLUMNS: Sequence[Column[Any]] = (
    Column("camera_code", SqlText),
    Column("hour_at", DateTime(timezone=True)),
    Column("offset_ms", Integer),
    Column("reported", Boolean),
    Column("simulated", Boolean),
)
_HOUR_COLUMN = Column("hour_at", DateTime(timezone=True))
_FORGET_COLUMN = Column("forget_simulated", Boolean)
_TABLES = tuple(f"{SCHEMA}.{model.__tablename__}" for model in (SegmentCount, CameraHour, HourToEnrich))


def add(connection: Connection, rows: gpd.GeoDataFrame) -> None:
    """Note detections that this transaction has inserted; see ``Layer.roll_up``.

    Those that no camera saw belong to no road and no frame.
    """
    if "camera_code" not in rows:
        return
    seen = rows[rows["camera_code"].notna()]
    if seen.empty:
        return
    seen = pd.DataFrame(
        {
            "road_segment_code": seen["road_segment_code"].fillna(NO_SEGMENT),
            "hour_at": seen["detected_at"].dt.floor("h"),
            "taken_at": seen["detected_at"],
            **{name: seen[name] for name in ("camera_code", "subject", "class_name", "simulated")},
        }
    )
    keys = [column.name for column in _COUNT_COLUMNS[:-1]]
    counts = seen.groupby(keys, sort=False).size().rename("detections").reset_index()
    _begin(connection)
    copy_rows(connection, "pg_temp.pending_counts", _COUNT_COLUMNS, counts)
    _note_frames(connection, seen.drop_duplicates(["camera_code", "taken_at"]), reported=False)
    before_commit(connection, _finish)


def postpone(connection: Connection, rows: gpd.GeoDataFrame) -> None:
    """Note detections that were inserted as they are: their hours wait for ``huegis detections enrich``."""
    hours = rows["detected_at"].dt.floor("h").drop_duplicates().to_frame("hour_at")
    _begin(connection)
    copy_rows(connection, "pg_temp.pending_hours", (_HOUR_COLUMN,), hours)
    before_commit(connection, _finish)


def record_frames(
    connection: Connection,
    camera_codes: Sequence[str] | pd.Series,
    frame_times: Sequence[datetime] | pd.Series,
    *,
    simulated: bool = False,
) -> None:
    """Note frames that a detector has analysed, those with nothing in them too.

    Args:
        connection: an open transaction; nothing is committed here.
        camera_codes: the camera of each frame.
        frame_times: when each was taken, aware; they are known to the millisecond.
        simulated: whether the frames were drawn rather than taken.
    """
    frames = pd.DataFrame({"camera_code": camera_codes, "taken_at": pd.to_datetime(frame_times, utc=True)})
    if frames.empty:
        return
    _begin(connection)
    _note_frames(connection, frames.assign(simulated=simulated), reported=True)
    before_commit(connection, _finish)


def forget_simulated(connection: Connection) -> None:
    """Note that the simulated detections are about to be removed; see ``Layer.roll_back``."""
    _take_turns(connection)
    _begin(connection)
    for statement in _statements("rollup_note_simulated"):
        connection.execute(text(statement))
    before_commit(connection, _finish)


def rebuild(connection: Connection, window: Window) -> None:
    """Recount the whole hours that a window touches from the stored detections, before the commit.

    Frames that a detector reported stay known.

    Raises:
        GisError: detections of a month in the window are archived, so that they cannot be counted.
    """
    hours = _hours_of(window)
    archived = closed_months(connection, _detections())
    refused = next((archived[month] for month in _months(hours) if month in archived), None)
    if refused is not None:
        raise GisError(f"These hours cannot be counted: {refused}.")
    noted = pd.DataFrame({"hour_at": hours, "forget_simulated": False})
    _begin(connection)
    copy_rows(connection, "pg_temp.hours_to_recount", (_HOUR_COLUMN, _FORGET_COLUMN), noted)
    before_commit(connection, _finish)


def lock_for_recount(connection: Connection, window: Window) -> None:
    """Keep everybody else from rolling up until the commit; who has begun to is waited for.

    For whoever changes the stored detections of a window and recounts them in one transaction.
    """
    _take_turns(connection)
    _ensure_months(connection, _with_detections(connection, _hours_of(window)))
    _lock(connection)


def whole_hours(window: Window) -> Window:
    """A window widened to whole hours of UTC."""
    start, end = (pd.Timestamp(moment).tz_convert(UTC) for moment in window)
    return Window(start.floor("h").to_pydatetime(), end.ceil("h").to_pydatetime())


def hours_inside(window: Window) -> Window | None:
    """The whole hours of UTC that lie in a window; None where none does."""
    start, end = (pd.Timestamp(moment).tz_convert(UTC) for moment in window)
    inside = Window(start.ceil("h").to_pydatetime(), end.floor("h").to_pydatetime())
    return inside if inside.start < inside.end else None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(_sql("rollup_begin"))


def _take_turns(connection: Connection) -> None:
    # One changes stored rows and then locks the tables, another the other way round: not both at once.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('gis.segment_counts recount'))"))


def _lock(connection: Connection) -> None:
    connection.execute(text(f"LOCK TABLE {', '.join(_TABLES)} IN SHARE ROW EXCLUSIVE MODE"))


def _note_frames(connection: Connection, frames: pd.DataFrame, *, reported: bool) -> None:
    hour_at = frames["taken_at"].dt.floor("h")
    offset_ms = (frames["taken_at"] - hour_at) // pd.Timedelta(milliseconds=1)
    noted = frames.assign(hour_at=hour_at, offset_ms=offset_ms, reported=reported)
    copy_rows(connection, "pg_temp.pending_frames", _FRAME_COLUMNS, noted)


def _finish(connection: Connection) -> None:
    """Bring what this transaction noted into the tables of all."""
    noted = _read_hours(connection, "SELECT hour_at FROM pg_temp.hours_to_recount")
    added = _read_hours(
        connection,
        "SELECT hour_at FROM pg_temp.pending_counts UNION SELECT hour_at FROM pg_temp.pending_frames",
    )
    # Partitions are made before the lock: who makes one meanwhile must not wait for it.
    _ensure_months(connection, pd.concat([added, _with_detections(connection, noted)]))
    if len(noted):
        _lock(connection)
        _recount(connection, noted)
    for statement in _statements("rollup_add"):
        connection.execute(text(statement))


def _recount(connection: Connection, noted: pd.Series) -> None:
    archived = closed_months(connection, _detections())
    countable = noted[~_months(noted).isin(list(archived))]
    if countable.empty:
        return
    values = {
        "hours": [moment.to_pydatetime() for moment in countable],
        "first": countable.min().to_pydatetime(),
        "after": countable.max().to_pydatetime() + HOUR,
        "subjects": list(SUBJECTS),
    }
    for statement in _statements("rollup_recount"):
        connection.execute(text(statement), values)


def _with_detections(connection: Connection, hours: pd.Series) -> pd.Series:
    """Those of the hours whose month may hold detections."""
    return hours[_months(hours).isin(list(standing_months(connection, _detections())))]


def _hours_of(window: Window) -> pd.Series:
    start, end = whole_hours(window)
    return pd.date_range(start, end, freq=HOUR, inclusive="left", unit="us").to_series(
        index=range((end - start) // HOUR)
    )


def _ensure_months(connection: Connection, hours: pd.Series) -> None:
    for model in (SegmentCount, CameraHour):
        ensure_partitions(connection, _table(model.__tablename__), hours)


def _read_hours(connection: Connection, query: str) -> pd.Series:
    return pd.Series(connection.execute(text(query)).scalars().all(), dtype="datetime64[us, UTC]")


def _months(hours: pd.Series) -> pd.Series:
    return hours.dt.tz_localize(None).dt.to_period("M")


def _detections() -> Table:
    # Named and not imported: the layer itself names this module.
    return _table("detections")


def _table(name: str) -> Table:
    return Base.metadata.tables[f"{SCHEMA}.{name}"]


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _statements(name: str) -> list[str]:
    return [statement for statement in _sql(name).split(";") if statement.strip()]
