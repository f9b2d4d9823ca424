"""Fire events: what cameras and satellites reported of one fire, gathered, with its extent and growth."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Float, ForeignKeyConstraint, Index, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Base, Feature, Layer, Style, StyleClass, choice, described, geometry

STATUSES = ("suspected", "verified", "false")


class FireEvent(Feature):
    __tablename__ = "fire_events"
    __table_args__ = (Index("ix_fire_events_last_seen_at", "last_seen_at"),)

    code: Mapped[str] = described(SqlText, "Mã đám cháy", "Event code", primary_key=True)
    status: Mapped[str] = described(
        choice("status", *STATUSES),
        "Trạng thái: nghi cháy rừng, đã xác minh, hoặc không phải cháy rừng",
        "Status: suspected, verified, or no forest fire (false)",
        nullable=False,
    )
    started_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Phát hiện lần đầu (UTC)", "First seen (UTC)", nullable=False
    )
    last_seen_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Phát hiện gần nhất (UTC)", "Last seen (UTC)", nullable=False
    )
    detection_count: Mapped[int] = described(
        Integer, "Số phát hiện", "Number of detections", nullable=False, minimum=1
    )
    sources: Mapped[list[str]] = described(
        ARRAY(SqlText),
        "Nguồn: mã camera hoặc vệ tinh",
        "Sources: camera codes, or satellite",
        nullable=False,
    )
    area_ha: Mapped[float] = described(
        Float,
        "Diện tích vùng bao các phát hiện (EPSG:9214)",
        "Area of the extent of its detections (EPSG:9214)",
        unit="ha",
        nullable=False,
        minimum=0,
    )
    growth_ha_per_h: Mapped[float | None] = described(
        Float,
        "Tốc độ tăng diện tích từ lần đầu đến lần gần nhất",
        "Growth of the area from first to last seen",
        unit="ha/h",
    )
    detections_per_h: Mapped[float | None] = described(
        Float,
        "Số phát hiện mỗi giờ từ lần đầu đến lần gần nhất",
        "Detections per hour from first to last seen",
        unit="1/h",
        minimum=0,
    )
    max_confidence: Mapped[float | None] = described(
        Float, "Độ tin cậy cao nhất", "Highest confidence", minimum=0, maximum=1
    )
    frp_mw: Mapped[float | None] = described(
        Float, "Công suất bức xạ lớn nhất", "Highest fire radiative power", unit="MW", minimum=0
    )
    straw_share: Mapped[float] = described(
        Float,
        "Phần phát hiện được báo là đốt rơm rạ",
        "Share of detections that were reported as straw burning",
        nullable=False,
        minimum=0,
        maximum=1,
    )
    forest_zone_code: Mapped[str | None] = described(
        SqlText, "Mã khu rừng có nhiều phát hiện nhất", "Code of the forest zone with most detections"
    )
    ward_code: Mapped[str | None] = described(
        SqlText, "Mã phường, xã có nhiều phát hiện nhất", "Code of the ward with most detections"
    )
    merged_into: Mapped[str | None] = described(
        SqlText, "Mã đám cháy mà nó đã nhập vào", "Code of the event that it merged into"
    )
    split_from: Mapped[str | None] = described(
        SqlText, "Mã đám cháy mà nó tách ra", "Code of the event that it split from"
    )
    fire_probability: Mapped[float | None] = described(
        Float,
        "Xác suất là cháy rừng; trống khi chưa đủ đám cháy đã xác minh để hiệu chỉnh",
        "Probability of a forest fire; none where too few events were verified to calibrate it",
        minimum=0,
        maximum=1,
    )
    reasons_vi: Mapped[str | None] = described(
        SqlText, "Lý do bằng tiếng Việt", "Reasons for the probability, in Vietnamese"
    )
    reasons_en: Mapped[str | None] = described(
        SqlText, "Lý do bằng tiếng Anh", "Reasons for the probability, in English"
    )
    built_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm tính (UTC)", "When it was computed (UTC)", nullable=False
    )
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


class FireEventMember(Base):
    """Which event each detection of fire is part of; that is how an event is known again."""

    __tablename__ = "fire_event_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_code"], [FireEvent.code], name="fk_fire_event_members_event_code", ondelete="CASCADE"
        ),
        Index("ix_fire_event_members_event_code", "event_code"),
    )

    detection_id: Mapped[UUID] = described(SqlUuid, "Mã phát hiện", "Detection", primary_key=True)
    event_code: Mapped[str] = described(SqlText, "Mã đám cháy", "Event code", nullable=False)


LAYER = Layer(
    name="fire_events",
    model=FireEvent,
    loadable=False,
    title=Text("Đám cháy", "Fire events"),
    description=Text(
        "Các phát hiện cháy của camera và vệ tinh gần nhau về không gian và thời gian, gộp thành từng đám "
        "cháy (ST-DBSCAN), kèm phạm vi, tốc độ lan và xác suất là cháy rừng.",
        "Detections of fire by cameras and satellites that are near in space and time, gathered into events "
        "(ST-DBSCAN), with extent, growth and the probability of a forest fire.",
    ),
    steward=Text("Chi cục Kiểm lâm", "Forest protection department"),
    keywords=("cháy rừng", "đám cháy", "fire event", "wildfire"),
    theme=themes.FOREST,
    label_column="code",
    style=Style(
        color="#ef6c00",
        size_px=2,
        fill_opacity=0.25,
        column="status",
        classes=(
            StyleClass("suspected", "#ef6c00", Text("Nghi cháy rừng", "Suspected")),
            StyleClass("verified", "#c62828", Text("Đã xác minh", "Verified")),
            StyleClass("false", "#757575", Text("Không phải cháy rừng", "No forest fire")),
        ),
    ),
)
