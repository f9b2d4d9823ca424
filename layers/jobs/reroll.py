"""Counts and frames of whole days, counted anew from what is stored or archived."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text

from gis_core.db import writing
from layers.archive.files import read_day
from layers.jobs.days import LAYER, Day
from layers.rollup import add, lock_for_recount, rebuild
from layers.rollup_tables import CameraHour, SegmentCount

_ROLLED_UP = ("camera_code", "detected_at", "subject", "class_name", "road_segment_code", "simulated")


class Rerolled(NamedTuple):
    """A day that was counted anew; ``archived`` are the detections read from its file."""

    day: Day
    archived: int


def reroll_day(day: Day) -> Rerolled:
    """Count one day anew, in one transaction that replaces what its hours had."""
    with writing() as connection:
        if day.path is None:
            rebuild(connection, day.window)
            return Rerolled(day, 0)
        return Rerolled(day, recount_file(connection, day, day.path))


def recount_file(connection: Connection, day: Day, path: Path) -> int:
    """Replace a day's counts by those of a file, in the caller's transaction.

    Frames that a detector reported stay known, as in ``layers.rollup.rebuild``.

    Returns:
        The detections in the file.
    """
    lock_for_recount(connection, day.window)
    window = {"start": day.window.start, "end": day.window.end}
    for table, kept in ((SegmentCount.__tablename__, "false"), (CameraHour.__tablename__, "reported")):
        connection.execute(
            text(f"DELETE FROM gis.{table} WHERE hour_at >= :start AND hour_at < :end AND NOT {kept}"),
            window,
        )
    read = 0
    for _, rows in read_day(path, LAYER, only=_ROLLED_UP):
        add(connection, rows)
        read += len(rows)
    return read
