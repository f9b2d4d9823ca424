"""Climate stations: where temperature, humidity, sunshine and rain are observed for climatology."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry
from layers.names import with_names


class ClimateStation(Feature):
    __tablename__ = "climate_stations"

    code: Mapped[str] = described(
        SqlText, "Mã trạm", "Station code", primary_key=True, aliases=("id", "station", "ma_tram")
    )
    name: Mapped[str] = described(
        SqlText,
        "Tên trạm; mã trạm nếu không có tên",
        "Station name; the code where it has none",
        nullable=False,
        aliases=("ten", "ten_tram"),
    )
    elevation_m: Mapped[float | None] = described(
        Float,
        "Độ cao mặt đất",
        "Ground elevation",
        unit="m",
        minimum=-10,
        maximum=3500,
        aliases=("elevation", "do_cao"),
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="climate_stations",
    model=ClimateStation,
    stations_of="observations",
    derive=with_names,
    derived=("name",),
    title=Text("Trạm khí tượng", "Climate stations"),
    description=Text(
        "Các trạm quan trắc khí hậu: nhiệt độ, độ ẩm, nắng và mưa theo tháng.",
        "Stations of the climate record: temperature, humidity, sunshine and rain by month.",
    ),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    keywords=("khí tượng", "khí hậu", "climate", "temperature"),
    theme=themes.WATER,
    label_column="name",
    style=Style(color="#ef6c00", size_px=6),
)
