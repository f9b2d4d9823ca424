"""Rain stations: the automatic gauges that report rainfall."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, choice, described, geometry


class RainStation(Feature):
    __tablename__ = "rain_stations"

    code: Mapped[str] = described(
        SqlText, "Mã trạm", "Station code", primary_key=True, aliases=("id", "station", "ma_tram")
    )
    name: Mapped[str] = described(
        SqlText, "Tên trạm", "Station name", nullable=False, aliases=("ten", "ten_tram")
    )
    elevation_m: Mapped[float | None] = described(
        Float, "Độ cao mặt đất", "Ground elevation", unit="m", minimum=-10, maximum=3000
    )
    status: Mapped[str] = described(
        choice("status", "active", "maintenance", "offline"),
        "Trạng thái",
        "Status",
        nullable=False,
        server_default="active",
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="rain_stations",
    model=RainStation,
    stations_of="observations",
    title=Text("Trạm đo mưa", "Rain stations"),
    description=Text("Các trạm đo mưa tự động của tỉnh.", "The province's automatic rain stations."),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    keywords=("mưa", "rain"),
    theme=themes.WATER,
    label_column="name",
    style=Style(color="#1e88e5", size_px=5),
)
