"""Observations: what stations measured, one value of one property at one instant."""

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

OBSERVED_PROPERTIES = ("rain_1h_mm", "stage_m")


class Observation(Feature):
    __tablename__ = "observations"
    __table_args__ = (
        Index("ix_observations_station_property_at", "station_code", "observed_property", "observed_at"),
        {"postgresql_partition_by": "RANGE (observed_at)"},
    )

    id: Mapped[UUID] = described(
        SqlUuid, "Mã quan trắc, xếp theo thời gian", "Identifier, sorts by time", primary_key=True
    )
    observed_at: Mapped[datetime] = described(
        DateTime(timezone=True),
        "Thời điểm quan trắc (UTC); lượng mưa là của giờ trước đó",
        "Time of observation (UTC); rain is that of the hour before it",
        primary_key=True,
        aliases=("time", "timestamp", "thoi_gian"),
    )
    station_code: Mapped[str] = described(
        SqlText, "Mã trạm", "Station code", nullable=False, aliases=("station", "ma_tram")
    )
    observed_property: Mapped[str] = described(
        choice("observed_property", *OBSERVED_PROPERTIES),
        "Đại lượng: mưa 1 giờ (mm) hoặc mực nước (m)",
        "Property: rain in one hour (mm) or stage (m)",
        nullable=False,
        aliases=("property",),
    )
    value: Mapped[float] = described(
        Float, "Giá trị, theo đơn vị của đại lượng", "Value, in the unit of the property", nullable=False
    )
    origin_key: Mapped[str] = described(
        SqlText, "Khóa của sự kiện tại nguồn", "What the source calls the event", nullable=False
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="observations",
    model=Observation,
    time_column="observed_at",
    title=Text("Quan trắc mưa và mực nước", "Rain and stage observations"),
    description=Text(
        "Chuỗi lượng mưa giờ và mực nước tại các trạm.",
        "Time series of hourly rain and river stage at the stations.",
    ),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    keywords=("quan trắc", "mưa", "mực nước", "observation"),
    style=Style(
        color="#607d8b",
        size_px=4,
        column="observed_property",
        classes=(
            StyleClass("rain_1h_mm", "#1e88e5", Text("Mưa 1 giờ (mm)", "Rain in one hour (mm)")),
            StyleClass("stage_m", "#0d47a1", Text("Mực nước (m)", "Stage (m)")),
        ),
    ),
)
