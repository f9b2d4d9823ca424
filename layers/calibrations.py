"""Calibrations of cameras: what each was found to see, from when on, and how well."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Float, Index, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry


class Calibration(Feature):
    __tablename__ = "camera_calibrations"
    __table_args__ = (Index("ix_camera_calibrations_camera_code_valid_from", "camera_code", "valid_from"),)

    id: Mapped[UUID] = described(
        SqlUuid, "Mã lần hiệu chuẩn, xếp theo thời gian", "Identifier, sorts by time", primary_key=True
    )
    valid_from: Mapped[datetime] = described(
        DateTime(timezone=True),
        "Có hiệu lực từ thời điểm (UTC)",
        "In force from this time on (UTC)",
        nullable=False,
    )
    valid_to: Mapped[datetime | None] = described(
        DateTime(timezone=True),
        "Hết hiệu lực từ thời điểm (UTC); trống là còn hiệu lực",
        "In force until this time (UTC); none where it still is",
    )
    camera_code: Mapped[str] = described(SqlText, "Mã camera", "Camera code", nullable=False)
    method: Mapped[str] = described(
        choice("method", "homography", "pinhole"), "Mô hình", "Model", nullable=False
    )
    point_count: Mapped[int] = described(
        Integer, "Số điểm khống chế được dùng", "Control points that were used", nullable=False, minimum=3
    )
    rms_m: Mapped[float] = described(
        Float,
        "Sai số trung phương trên mặt đất",
        "Root mean square error on the ground",
        unit="m",
        nullable=False,
        minimum=0,
    )
    width_px: Mapped[int] = described(
        Integer, "Chiều rộng khung hình", "Width of the frame", unit="px", nullable=False, minimum=1
    )
    height_px: Mapped[int] = described(
        Integer, "Chiều cao khung hình", "Height of the frame", unit="px", nullable=False, minimum=1
    )
    parameters: Mapped[str] = described(
        SqlText,
        "Tham số mô hình và hiệp phương sai (JSON)",
        "Parameters of the model with their covariance (JSON)",
        nullable=False,
    )
    made_by: Mapped[str] = described(
        SqlText, "Cơ quan hoặc tài khoản đã hiệu chuẩn", "Agency or account that made it", nullable=False
    )
    made_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm hiệu chuẩn (UTC)", "When it was made (UTC)", nullable=False
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="camera_calibrations",
    model=Calibration,
    time_column="valid_from",
    loadable=False,
    title=Text("Hiệu chuẩn camera", "Camera calibrations"),
    description=Text(
        "Các lần hiệu chuẩn camera từ điểm khống chế: mô hình, thời gian hiệu lực và sai số.",
        "Calibrations of cameras from control points: model, time in force and error.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("camera", "hiệu chuẩn", "calibration"),
    theme=themes.CAMERAS,
    style=Style(
        color="#5e35b1",
        size_px=4,
        column="method",
        classes=(
            StyleClass("homography", "#5e35b1", Text("Phép chiếu mặt phẳng", "Homography")),
            StyleClass("pinhole", "#00897b", Text("Camera lỗ kim", "Pinhole camera")),
        ),
    ),
)
