"""Which stretch of which road segment each camera sees."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Float, ForeignKeyConstraint, Index, select
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import cameras, road_segments
from layers.base import Feature, Layer, Style, described, geometry


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


def seen_lengths(connection: Connection) -> pd.DataFrame:
    """What cameras see of road segments, as far as it has been computed.

    Returns:
        ``camera_code``, ``segment_code`` and ``seen_length_m`` (EPSG:9214), sorted by both codes;
        no row for a segment that a camera does not see.
    """
    view = LAYER.table.c
    query = select(view.camera_code, view.segment_code, view.seen_length_m)
    result = connection.execute(query.order_by(view.camera_code, view.segment_code))
    names = list(result.keys())
    return pd.DataFrame(result.all(), columns=names)


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
    style=Style(color="#00838f", size_px=3),
)
