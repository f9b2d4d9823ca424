"""Observations: what stations measured, one value of one property at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import geopandas as gpd
from sqlalchemy import DateTime, Float, Index
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry
from layers.observed_properties import OBSERVED_PROPERTIES, ObservedProperty


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
        "Thời điểm quan trắc (UTC): mưa giờ là của giờ trước đó, lượt xe là của 15 phút sau đó, "
        "giá trị tháng đứng ở 0 giờ ngày đầu tháng theo giờ Huế",
        "Time of observation (UTC): rain is that of the hour before it, a count of vehicles that of the "
        "15 minutes after it, and a month's value stands at the month's first midnight in Huế",
        primary_key=True,
        aliases=("time", "timestamp", "thoi_gian"),
    )
    station_code: Mapped[str] = described(
        SqlText, "Mã trạm", "Station code", nullable=False, aliases=("station", "ma_tram")
    )
    observed_property: Mapped[str] = described(
        choice("observed_property", *OBSERVED_PROPERTIES),
        "Đại lượng quan trắc",
        "Observed property",
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


def beyond_limits(observations: gpd.GeoDataFrame) -> Sequence[str | None]:
    """Why each value cannot be one of its property, or None."""
    return [
        _fault(OBSERVED_PROPERTIES[name], value)
        for name, value in zip(observations["observed_property"], observations["value"], strict=True)
    ]


def _fault(of: ObservedProperty, value: float) -> str | None:
    if of.minimum <= value <= of.maximum:
        return None
    side, limit = ("below", of.minimum) if value < of.minimum else ("above", of.maximum)
    return f"{of.name} {value:g} is {side} {limit:g} {of.unit.symbol}"


LAYER = Layer(
    name="observations",
    model=Observation,
    time_column="observed_at",
    judge=beyond_limits,
    title=Text("Quan trắc của các trạm", "Observations of the stations"),
    description=Text(
        "Chuỗi số liệu tại các trạm: mưa, mực nước, khí hậu tháng và lượt xe.",
        "Time series of the stations: rain, river stage, monthly climate and counts of vehicles.",
    ),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    keywords=("quan trắc", "mưa", "mực nước", "khí hậu", "đếm xe", "observation"),
    theme=themes.WATER,
    style=Style(
        color="#607d8b",
        size_px=4,
        column="observed_property",
        classes=tuple(StyleClass(one.name, one.color, one.label) for one in OBSERVED_PROPERTIES.values()),
    ),
)
