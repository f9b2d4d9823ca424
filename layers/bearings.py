"""Bearings: what cameras saw in a direction, where no position on the ground could be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Float, Index, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry
from layers.subjects import SUBJECTS


class Bearing(Feature):
    __tablename__ = "bearings"
    __table_args__ = (
        Index("ix_bearings_subject_detected_at", "subject", "detected_at"),
        Index("ix_bearings_camera_code_detected_at", "camera_code", "detected_at"),
    )

    id: Mapped[UUID] = described(
        SqlUuid, "Mã phát hiện, xếp theo thời gian", "Identifier, sorts by time", primary_key=True
    )
    detected_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm phát hiện (UTC)", "Time of detection (UTC)", nullable=False
    )
    camera_code: Mapped[str] = described(SqlText, "Mã camera", "Camera code", nullable=False)
    azimuth_deg: Mapped[float] = described(
        Float,
        "Hướng từ camera, theo chiều kim đồng hồ từ bắc lưới chiếu (EPSG:9214)",
        "Direction from the camera, clockwise from grid north (EPSG:9214)",
        unit="deg",
        nullable=False,
        minimum=0,
        maximum=360,
    )
    azimuth_sigma_deg: Mapped[float] = described(
        Float,
        "Sai số chuẩn của hướng",
        "Standard error of the direction",
        unit="deg",
        nullable=False,
        minimum=0,
    )
    reason: Mapped[str] = described(
        SqlText,
        "Vì sao không có vị trí trên mặt đất",
        "Why there is no position on the ground",
        nullable=False,
    )
    subject: Mapped[str] = described(choice("subject", *SUBJECTS), "Đối tượng", "Subject", nullable=False)
    class_name: Mapped[str] = described(
        SqlText, "Lớp do mô hình nhận dạng", "Class that the detector gave", nullable=False
    )
    confidence: Mapped[float | None] = described(Float, "Độ tin cậy", "Confidence", minimum=0, maximum=1)
    steward_agency: Mapped[str] = described(SqlText, "Cơ quan phụ trách", "Steward agency", nullable=False)
    solutions: Mapped[list[str] | None] = described(
        ARRAY(SqlText), "Giải pháp AI đã phát hiện", "AI solutions that found it"
    )
    anchor_u_px: Mapped[float] = described(
        Float,
        "Điểm neo trong khung hình, từ mép trái",
        "Anchor in the frame, from its left edge",
        unit="px",
        nullable=False,
    )
    anchor_v_px: Mapped[float] = described(
        Float,
        "Điểm neo trong khung hình, từ mép trên",
        "Anchor in the frame, from its upper edge",
        unit="px",
        nullable=False,
    )
    frame_width_px: Mapped[int] = described(
        Integer, "Chiều rộng khung hình", "Width of the frame", unit="px", nullable=False, minimum=1
    )
    frame_height_px: Mapped[int] = described(
        Integer, "Chiều cao khung hình", "Height of the frame", unit="px", nullable=False, minimum=1
    )
    calibration_id: Mapped[UUID | None] = described(
        SqlUuid,
        "Lần hiệu chuẩn camera đã dùng; trống là theo hướng đặt đã khai báo",
        "Calibration that was used, in layer camera_calibrations; none stands for the stated pose",
    )
    origin_key: Mapped[str] = described(
        SqlText, "Khóa của sự kiện tại nguồn", "What the source calls the event", nullable=False
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="bearings",
    model=Bearing,
    time_column="detected_at",
    loadable=False,
    title=Text("Hướng phát hiện từ camera", "Bearings from cameras"),
    description=Text(
        "Những gì camera thấy theo một hướng mà không xác định được vị trí trên mặt đất, như khói sau "
        "sườn núi; điểm là vị trí camera.",
        "What cameras saw in a direction without a position on the ground, such as smoke behind a ridge; "
        "the point is the camera's.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("hướng", "camera", "bearing", "azimuth"),
    theme=themes.CAMERAS,
    style=Style(
        color="#616161",
        size_px=4,
        column="subject",
        classes=tuple(StyleClass(one.name, one.color, one.label) for one in SUBJECTS.values()),
    ),
)
