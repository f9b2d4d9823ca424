"""Flood spots: the places that are watched because they flood first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry


class FloodSpot(Feature):
    __tablename__ = "flood_spots"

    code: Mapped[str] = described(SqlText, "Mã điểm", "Spot code", primary_key=True, aliases=("id", "ma"))
    name: Mapped[str] = described(SqlText, "Tên điểm", "Spot name", nullable=False, aliases=("ten",))
    camera_code: Mapped[str | None] = described(SqlText, "Mã camera theo dõi", "Code of the watching camera")
    ground_elevation_m: Mapped[float | None] = described(
        Float, "Cao độ mặt đất", "Ground elevation", unit="m", minimum=-10, maximum=3000
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="flood_spots",
    model=FloodSpot,
    title=Text("Điểm ngập lụt", "Flood spots"),
    description=Text(
        "Các điểm thường ngập được theo dõi trực tiếp bằng camera.",
        "Places that flood often and are watched live by camera.",
    ),
    steward=Text("Ban Chỉ huy Phòng thủ dân sự thành phố", "Civil defence command of the city"),
    keywords=("ngập", "flood"),
    theme=themes.WATER,
    label_column="name",
    style=Style(color="#00acc1", size_px=5),
)
