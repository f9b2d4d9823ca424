"""What cameras counted on the road segments that they watch."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, select

from gis_core.crs import METRIC_SRID
from gis_core.time import Window
from layers import cameras, detections, road_segments

_CAMERA = cameras.LAYER.table.c
_SEEN = detections.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c


def read_views(connection: Connection, window: Window) -> pd.DataFrame:
    """One row per active camera that watches a known segment.

    Returns:
        ``camera_code``, ``segment_code``, ``simulated``, ``frames`` (analysed in the
        window: its length by the camera's frame interval) and ``seen_length_m``, the
        length of the segment inside the view cone, measured in EPSG:9214; zero where
        the cone misses its segment.
    """
    inside = func.ST_Intersection(_CAMERA.view_cone, _SEGMENT.geom, type_=None)
    seen_length_m = func.ST_Length(func.ST_Transform(inside, METRIC_SRID, type_=None))
    query = (
        select(
            _CAMERA.code.label("camera_code"),
            _SEGMENT.code.label("segment_code"),
            _CAMERA.simulated,
            (window.duration_s / _CAMERA.frame_interval_s).label("frames"),
            seen_length_m.label("seen_length_m"),
        )
        .join_from(cameras.LAYER.table, road_segments.LAYER.table, _CAMERA.road_segment_code == _SEGMENT.code)
        .where(_CAMERA.status == "active")
        .order_by(_CAMERA.code)
    )
    return _frame(connection, query)


def read_counts(connection: Connection, window: Window) -> pd.DataFrame:
    """Vehicles that each camera counted in the window: ``camera_code``, ``class_name``, ``vehicles``."""
    query = (
        select(_SEEN.camera_code, _SEEN.class_name, func.count().label("vehicles"))
        .where(
            _SEEN.subject == "vehicle",
            _SEEN.camera_code.is_not(None),
            _SEEN.detected_at >= window.start,
            _SEEN.detected_at < window.end,
        )
        .group_by(_SEEN.camera_code, _SEEN.class_name)
        .order_by(_SEEN.camera_code, _SEEN.class_name)
    )
    return _frame(connection, query)


def _frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    result = connection.execute(query)
    names = list(result.keys())
    return pd.DataFrame(result.all(), columns=names)
