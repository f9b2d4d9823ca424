"""What each camera counted, and on which stretch of which road segment.

Whole hours are read from what detections were rolled up to (``layers.rollup``); the ragged ends
of a window, and hours that are not rolled up yet, from the detections themselves.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, Connection, Select, cast, func, select, union_all

from gis_core.time import Window
from layers import cameras, detections
from layers.frames import read_frame
from layers.rollup import HOUR, hours_inside
from layers.rollup_tables import HourToEnrich, SegmentCount
from layers.segment_views import watched_segments

_CAMERA = cameras.LAYER.table.c
_SEEN = detections.LAYER.table.c


def read_views(connection: Connection, window: Window) -> pd.DataFrame:
    """One row per active camera that watches a known segment.

    Returns:
        ``camera_code``, ``segment_code``, ``simulated``, ``frames`` (analysed in the
        window: its length by the camera's frame interval) and ``seen_length_m``, the
        length of the segment that the camera sees; see ``layers.segment_views``.
    """
    frames = (window.duration_s / _CAMERA.frame_interval_s).label("frames")
    query = watched_segments(_CAMERA.simulated, frames).where(_CAMERA.status == "active")
    return read_frame(connection, query)


def read_counts(connection: Connection, window: Window) -> pd.DataFrame:
    """Vehicles that each camera counted in the window: ``camera_code``, ``class_name``, ``vehicles``."""
    parts = union_all(*_parts(window)).subquery()
    query = (
        select(
            parts.c.camera_code,
            parts.c.class_name,
            cast(func.sum(parts.c.vehicles), BigInteger).label("vehicles"),
        )
        .group_by(parts.c.camera_code, parts.c.class_name)
        .order_by(parts.c.camera_code, parts.c.class_name)
    )
    return read_frame(connection, query)


def _parts(window: Window) -> list[Select[Any]]:
    """Queries whose rows together are all vehicles of the window, each once."""
    inside = hours_inside(window)
    if inside is None:
        return [_one_by_one(window)]
    ends = (Window(window.start, inside.start), Window(inside.end, window.end))
    waiting = _one_by_one(inside).where(
        HourToEnrich.hour_at >= inside.start,
        HourToEnrich.hour_at < inside.end,
        _SEEN.detected_at >= HourToEnrich.hour_at,
        _SEEN.detected_at < HourToEnrich.hour_at + HOUR,
    )
    rolled_up = select(
        SegmentCount.camera_code, SegmentCount.class_name, SegmentCount.detections.label("vehicles")
    ).where(
        SegmentCount.subject == "vehicle",
        SegmentCount.hour_at >= inside.start,
        SegmentCount.hour_at < inside.end,
        SegmentCount.hour_at.not_in(select(HourToEnrich.hour_at)),
    )
    return [rolled_up, waiting, *(_one_by_one(end) for end in ends if end.start < end.end)]


def _one_by_one(window: Window) -> Select[Any]:
    return (
        select(_SEEN.camera_code, _SEEN.class_name, func.count().label("vehicles"))
        .where(
            _SEEN.subject == "vehicle",
            _SEEN.camera_code.is_not(None),
            _SEEN.detected_at >= window.start,
            _SEEN.detected_at < window.end,
        )
        .group_by(_SEEN.camera_code, _SEEN.class_name)
    )
