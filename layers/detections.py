"""Detections: what cameras and satellites saw, where on the ground, and how sure of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import geopandas as gpd
import pandas as pd
from sqlalchemy import ARRAY, DateTime, Float, Index, Integer, text
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import rollup, themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry
from layers.enrich import ENRICHED, SIDES, enrich
from layers.subjects import STATUSES, SUBJECTS

WIDE_VARIANCE_M2 = 5_000.0
"""A position with a larger variance is found by an index of its own, far from where it may be."""
WIDE = f"(cov_xx_m2 > {WIDE_VARIANCE_M2:.0f} OR cov_yy_m2 > {WIDE_VARIANCE_M2:.0f})"


class Detection(Feature):
    __tablename__ = "detections"
    __table_args__ = (
        Index("ix_detections_subject_detected_at", "subject", "detected_at"),
        Index("ix_detections_camera_code_detected_at", "camera_code", "detected_at"),
        Index("ix_detections_wide_geom", "geom", postgresql_using="gist", postgresql_where=text(WIDE)),
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
    verified_by: Mapped[str | None] = described(
        SqlText,
        "Cơ quan hoặc tài khoản đã xác minh hay bác bỏ",
        "Agency or account that verified or refuted it",
        aliases=("nguoi_xac_minh",),
    )
    verified_at: Mapped[datetime | None] = described(
        DateTime(timezone=True),
        "Thời điểm xác minh hay bác bỏ (UTC)",
        "When it was verified or refuted (UTC)",
        aliases=("thoi_gian_xac_minh",),
    )
    steward_agency: Mapped[str] = described(SqlText, "Cơ quan phụ trách", "Steward agency", nullable=False)
    violation_kind: Mapped[str | None] = described(
        SqlText,
        "Hành vi vi phạm (giao thông, môi trường)",
        "What the violation of traffic or environmental rules consists in",
        aliases=("violation", "hanh_vi_vi_pham"),
    )
    species: Mapped[str | None] = described(
        SqlText,
        "Loài động vật hoang dã, tên khoa học nếu biết",
        "Species of wildlife, by its scientific name where known",
        aliases=("scientificName", "loai"),
    )
    individual_count: Mapped[int | None] = described(
        Integer,
        "Số cá thể (động vật) hoặc số người",
        "Number of animals or people seen",
        minimum=1,
        maximum=1_000_000,
        aliases=("individualCount", "count", "so_luong"),
    )
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
    road_segment_code: Mapped[str | None] = described(
        SqlText,
        "Mã đoạn đường gần nhất, nếu do camera thấy và đủ gần",
        "Code of the nearest road segment, where a camera saw it and one is near enough",
    )
    segment_distance_m: Mapped[float | None] = described(
        Float,
        "Khoảng cách đến đoạn đường (EPSG:9214)",
        "Distance from the segment (EPSG:9214)",
        unit="m",
        minimum=0,
    )
    segment_fraction: Mapped[float | None] = described(
        Float,
        "Vị trí dọc đoạn đường theo chiều vẽ, từ 0 đến 1",
        "Position along the segment in its drawn direction, from 0 to 1",
        minimum=0,
        maximum=1,
    )
    segment_side: Mapped[str | None] = described(
        choice("segment_side", *SIDES),
        "Bên trái, bên phải hay ngay trên đoạn đường, theo chiều vẽ",
        "Left of, right of or on the segment, in its drawn direction",
    )
    ward_code: Mapped[str | None] = described(
        SqlText, "Mã phường, xã nơi phát hiện", "Code of the ward or commune that it lies in"
    )
    forest_zone_code: Mapped[str | None] = described(
        SqlText, "Mã khu rừng nơi phát hiện", "Code of the forest zone that it lies in"
    )
    anchor_u_px: Mapped[float | None] = described(
        Float,
        "Điểm neo trong khung hình, từ mép trái",
        "Anchor in the frame, from its left edge",
        unit="px",
    )
    anchor_v_px: Mapped[float | None] = described(
        Float,
        "Điểm neo trong khung hình, từ mép trên",
        "Anchor in the frame, from its upper edge",
        unit="px",
    )
    frame_width_px: Mapped[int | None] = described(
        Integer, "Chiều rộng khung hình", "Width of the frame", unit="px", minimum=1, maximum=20_000
    )
    frame_height_px: Mapped[int | None] = described(
        Integer, "Chiều cao khung hình", "Height of the frame", unit="px", minimum=1, maximum=20_000
    )
    anchor_sigma_u_px: Mapped[float | None] = described(
        Float,
        "Sai số chuẩn của điểm neo theo chiều ngang",
        "Standard error of the anchor across the frame",
        unit="px",
        minimum=0,
    )
    anchor_sigma_v_px: Mapped[float | None] = described(
        Float,
        "Sai số chuẩn của điểm neo theo chiều dọc",
        "Standard error of the anchor down the frame",
        unit="px",
        minimum=0,
    )
    calibration_id: Mapped[UUID | None] = described(
        SqlUuid,
        "Lần hiệu chuẩn camera dùng để định vị; trống là theo hướng đặt đã khai báo",
        "Calibration that placed it, in layer camera_calibrations; none stands for the stated pose",
    )
    solutions: Mapped[list[str] | None] = described(
        ARRAY(SqlText), "Giải pháp AI đã phát hiện", "AI solutions that found it", aliases=("solution",)
    )
    origin_key: Mapped[str] = described(
        SqlText, "Khóa của sự kiện tại nguồn", "What the source calls the event", nullable=False
    )
    geom: Mapped[Any] = geometry("POINT")


def with_subject_defaults(detections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every row that has none the steward agency and the first status of its subject."""
    filled = {
        "steward_agency": {name: subject.steward for name, subject in SUBJECTS.items()},
        "status": {name: subject.first_status for name, subject in SUBJECTS.items()},
    }
    for column, of_subject in filled.items():
        given = detections.get(column, pd.Series(None, index=detections.index, dtype=object))
        absent = given.isna() | given.isin([""])
        if absent.any():
            follows = detections["subject"].map(of_subject).astype(object)
            detections = detections.assign(**{column: given.astype(object).where(~absent, follows)})
    return detections


LAYER = Layer(
    name="detections",
    model=Detection,
    time_column="detected_at",
    derive=with_subject_defaults,
    derived=("steward_agency", "status"),
    enrich=enrich,
    enriched=ENRICHED,
    roll_up=rollup.add,
    postpone=rollup.postpone,
    roll_back=rollup.forget_simulated,
    status_set_by=("editor",),
    title=Text("Phát hiện", "Detections"),
    description=Text(
        "Phương tiện, vi phạm giao thông và môi trường, động vật hoang dã, cháy rừng, đốt rơm rạ, ngập lụt, "
        "tụ tập đông người và sự cố do camera và vệ tinh phát hiện.",
        "Vehicles, traffic and environmental violations, wildlife, forest fires, straw burning, flooding, "
        "crowding and incidents seen by cameras and satellites.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("phát hiện", "AI", "detection"),
    theme=themes.CAMERAS,
    style=Style(
        color="#616161",
        size_px=3,
        column="subject",
        classes=tuple(StyleClass(one.name, one.color, one.label) for one in SUBJECTS.values()),
    ),
)
