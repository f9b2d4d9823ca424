"""Which stretch of which road segment each camera sees."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    ForeignKeyConstraint,
    Index,
    Select,
    and_,
    case,
    func,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.crs import METRIC_SRID
from gis_core.types import Text
from layers import camera_views, cameras, road_segments, themes
from layers.base import Feature, Layer, Style, described, geometry
from layers.frames import read_frame


class SegmentView(Feature):
    __tablename__ = "segment_views"
    __table_args__ = (
        ForeignKeyConstraint(
            ["camera_code"], [cameras.Camera.code], name="fk_segment_views_camera_code", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["segment_code"],
            [road_segments.RoadSegment.code],
            name="fk_segment_views_segment_code",
            ondelete="CASCADE",
        ),
        Index("ix_segment_views_camera_code", "camera_code"),
        Index("ix_segment_views_segment_code", "segment_code"),
    )

    id: Mapped[str] = described(
        SqlText, "Mã camera và mã đoạn đường", "Codes of camera and segment", primary_key=True
    )
    camera_code: Mapped[str] = described(SqlText, "Mã camera", "Camera code", nullable=False)
    segment_code: Mapped[str] = described(SqlText, "Mã đoạn đường", "Segment code", nullable=False)
    seen_length_m: Mapped[float] = described(
        Float,
        "Chiều dài nhìn thấy (EPSG:9214)",
        "Length that is seen (EPSG:9214)",
        unit="m",
        nullable=False,
        minimum=0,
    )
    from_fraction: Mapped[float] = described(
        Float,
        "Phần của đoạn đường nơi bắt đầu nhìn thấy",
        "Fraction of the segment at which the first seen part begins",
        nullable=False,
        minimum=0,
        maximum=1,
    )
    to_fraction: Mapped[float] = described(
        Float,
        "Phần của đoạn đường nơi kết thúc nhìn thấy",
        "Fraction of the segment at which the last seen part ends",
        nullable=False,
        minimum=0,
        maximum=1,
    )
    geom: Mapped[Any] = geometry("MULTILINESTRING")


def watched_segments(*more: ColumnElement[Any]) -> Select[Any]:
    """Which segment each camera is said to watch, and how much of it the camera sees.

    Columns ``camera_code``, ``segment_code``, ``more`` of layers ``cameras`` and ``road_segments``,
    and ``seen_length_m`` (EPSG:9214): of its computed view or, until that is computed, of its flat
    cone; zero where it sees nothing of the segment. Sorted by camera.
    """
    camera, segment = cameras.LAYER.table, road_segments.LAYER.table
    view, seen = camera_views.LAYER.table, LAYER.table
    in_cone = func.ST_Intersection(camera.c.view_cone, segment.c.geom, type_=None)
    cone_m = func.ST_Length(func.ST_Transform(in_cone, METRIC_SRID, type_=None))
    length_m = case((view.c.basis == "flat_cone", cone_m), else_=func.coalesce(seen.c.seen_length_m, 0.0))
    query: Select[Any] = (
        select(
            camera.c.code.label("camera_code"),
            segment.c.code.label("segment_code"),
            *more,
            length_m.label("seen_length_m"),
        )
        .join_from(camera, segment, camera.c.road_segment_code == segment.c.code)
        .join(view, view.c.code == camera.c.code)
        .outerjoin(seen, and_(seen.c.camera_code == camera.c.code, seen.c.segment_code == segment.c.code))
        .order_by(camera.c.code)
    )
    return query


def seen_lengths(connection: Connection) -> pd.DataFrame:
    """What cameras see of road segments, as far as it has been computed.

    Returns:
        ``camera_code``, ``segment_code`` and ``seen_length_m`` (EPSG:9214), sorted by both codes;
        no row for a segment that a camera does not see.
    """
    view = LAYER.table.c
    query = select(view.camera_code, view.segment_code, view.seen_length_m)
    return read_frame(connection, query.order_by(view.camera_code, view.segment_code))


LAYER = Layer(
    name="segment_views",
    model=SegmentView,
    loadable=False,
    title=Text("Đoạn đường camera nhìn thấy", "Road stretches that cameras see"),
    description=Text(
        "Phần của từng đoạn đường nằm trong vùng nhìn đã tính của từng camera, với chiều dài nhìn thấy.",
        "The part of each road segment within the computed view of each camera, and its length.",
    ),
    steward=cameras.LAYER.steward,
    keywords=("camera", "đường", "road", "viewshed"),
    theme=themes.TRAFFIC,
    style=Style(color="#00838f", size_px=3),
)
