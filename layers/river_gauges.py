"""River gauges and the stages at which their alarms are raised."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry


class RiverGauge(Feature):
    __tablename__ = "river_gauges"

    code: Mapped[str] = described(
        SqlText, "Mã trạm", "Gauge code", primary_key=True, aliases=("id", "gauge", "ma_tram")
    )
    name: Mapped[str] = described(
        SqlText, "Tên trạm", "Gauge name", nullable=False, aliases=("ten", "ten_tram")
    )
    river: Mapped[str] = described(SqlText, "Sông", "River", nullable=False, aliases=("song",))
    datum: Mapped[str] = described(SqlText, "Mốc độ cao của thước nước", "Datum of the staff", nullable=False)
    zero_elevation_m: Mapped[float] = described(
        Float,
        "Cao độ điểm 0 của thước nước",
        "Elevation of the staff's zero above the datum",
        unit="m",
        nullable=False,
        server_default="0",
    )
    alarm_1_m: Mapped[float | None] = described(
        Float, "Mực nước báo động I", "Stage of alarm level I", unit="m", aliases=("bd1",)
    )
    alarm_2_m: Mapped[float | None] = described(
        Float, "Mực nước báo động II", "Stage of alarm level II", unit="m", aliases=("bd2",)
    )
    alarm_3_m: Mapped[float | None] = described(
        Float, "Mực nước báo động III", "Stage of alarm level III", unit="m", aliases=("bd3",)
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="river_gauges",
    model=RiverGauge,
    stations_of="observations",
    title=Text("Trạm thủy văn", "River gauges"),
    description=Text(
        "Trạm đo mực nước sông với các mức báo động I, II và III.",
        "River stage gauges with their alarm levels I, II and III.",
    ),
    steward=Text("Đài Khí tượng Thủy văn Thừa Thiên-Huế", "Thừa Thiên-Huế hydrometeorological station"),
    keywords=("mực nước", "báo động", "stage", "alarm level"),
    theme=themes.WATER,
    label_column="name",
    style=Style(color="#0d47a1", size_px=7),
)
