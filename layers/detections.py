"""Detections: what cameras and satellites saw, where on the ground, and how sure of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Float, Index
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry

SUBJECTS = ("vehicle", "forest_fire", "straw_burning", "flooding")
STEWARDS = {
    "vehicle": "Phòng Cảnh sát giao thông",
    "forest_fire": "Chi cục Kiểm lâm",
    "straw_burning": "Sở Nông nghiệp và Môi trường",
    "flooding": "Ban Chỉ huy Phòng thủ dân sự",
}
"""The agency that what is seen concerns, by subject."""
STATUSES = ("observed", "suspected", "verified", "refuted")


class Detection(Feature):
    __tablename__ = "detections"
    __table_args__ = (
        Index("ix_detections_subject_detected_at", "subject", "detected_at"),
        Index("ix_detections_camera_code_detected_at", "camera_code", "detected_at"),
        {"postgresql_partition_by": "RANGE (detected_at)"},
    )

    id: Mapped[UUID] = described(
        SqlUuid, "Mã phát hiện, xếp theo thời gian", "Identifier, sorts by time", primary_key=True
    )
    detected_at: Mapped[datetime] = described(
        DateTime(timezone=True),
        "Thời điểm phát hiện (UTC)",
        "Time of detection (UTC)",
        primary_key=True,
        aliases=("time", "timestamp", "thoi_gian"),
    )
    camera_code: Mapped[str | None] = described(SqlText, "Mã camera", "Camera code", aliases=("camera",))
    subject: Mapped[str] = described(choice("subject", *SUBJECTS), "Đối tượng", "Subject", nullable=False)
    class_name: Mapped[str] = described(
        SqlText,
        "Lớp do mô hình nhận dạng",
        "Class that the detector gave",
        nullable=False,
        aliases=("class",),
    )
    confidence: Mapped[float | None] = described(Float, "Độ tin cậy", "Confidence", minimum=0, maximum=1)
    status: Mapped[str] = described(
        choice("status", *STATUSES),
        "Trạng thái xác minh",
        "Verification status",
        nullable=False,
        server_default="observed",
    )
    steward_agency: Mapped[str] = described(SqlText, "Cơ quan phụ trách", "Steward agency", nullable=False)
    frp_mw: Mapped[float | None] = described(
        Float, "Công suất bức xạ của đám cháy", "Fire radiative power", unit="MW", minimum=0, aliases=("frp",)
    )
    water_depth_m: Mapped[float | None] = described(
        Float, "Độ sâu ngập ước tính", "Estimated depth of water", unit="m", minimum=0, maximum=20
    )
    cov_xx_m2: Mapped[float | None] = described(
        Float,
        "Phương sai vị trí theo trục đông (EPSG:9214)",
        "Variance of easting (EPSG:9214)",
        unit="m²",
        minimum=0,
    )
    cov_xy_m2: Mapped[float | None] = described(
        Float,
        "Hiệp phương sai đông–bắc (EPSG:9214)",
        "Covariance of easting and northing (EPSG:9214)",
        unit="m²",
    )
    cov_yy_m2: Mapped[float | None] = described(
        Float,
        "Phương sai vị trí theo trục bắc (EPSG:9214)",
        "Variance of northing (EPSG:9214)",
        unit="m²",
        minimum=0,
    )
    origin_key: Mapped[str] = described(
        SqlText, "Khóa của sự kiện tại nguồn", "What the source calls the event", nullable=False
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="detections",
    model=Detection,
    time_column="detected_at",
    title=Text("Phát hiện", "Detections"),
    description=Text(
        "Phương tiện, nghi cháy rừng, đốt rơm rạ và ngập lụt do camera và vệ tinh phát hiện.",
        "Vehicles, suspected forest fires, straw burning and flooding seen by cameras and satellites.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("phát hiện", "AI", "detection"),
    style=Style(
        color="#616161",
        size_px=3,
        column="subject",
        classes=(
            StyleClass("vehicle", "#3367d6", Text("Phương tiện", "Vehicle")),
            StyleClass("forest_fire", "#d32f2f", Text("Cháy rừng", "Forest fire")),
            StyleClass("straw_burning", "#f57c00", Text("Đốt rơm rạ", "Straw burning")),
            StyleClass("flooding", "#0288d1", Text("Ngập lụt", "Flooding")),
        ),
    ),
)
