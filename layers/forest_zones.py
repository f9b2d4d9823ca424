"""Forest zones by the three purposes of Vietnam's forestry law."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry


class ForestZone(Feature):
    __tablename__ = "forest_zones"

    code: Mapped[str] = described(SqlText, "Mã khu rừng", "Zone code", primary_key=True, aliases=("id", "ma"))
    name: Mapped[str] = described(SqlText, "Tên khu rừng", "Zone name", nullable=False, aliases=("ten",))
    category: Mapped[str] = described(
        choice("category", "special_use", "protection", "production"),
        "Loại rừng",
        "Forest category",
        nullable=False,
        aliases=("loai_rung",),
    )
    manager: Mapped[str | None] = described(SqlText, "Đơn vị quản lý", "Managing unit", aliases=("chu_rung",))
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


LAYER = Layer(
    name="forest_zones",
    model=ForestZone,
    title=Text("Khu rừng", "Forest zones"),
    description=Text(
        "Rừng đặc dụng, rừng phòng hộ và rừng sản xuất.",
        "Special-use, protection and production forest.",
    ),
    steward=Text("Chi cục Kiểm lâm", "Forest protection department"),
    keywords=("rừng", "forest"),
    theme=themes.FOREST,
    label_column="name",
    style=Style(
        color="#66bb6a",
        size_px=1,
        fill_opacity=0.35,
        column="category",
        classes=(
            StyleClass("special_use", "#1b5e20", Text("Rừng đặc dụng", "Special-use forest")),
            StyleClass("protection", "#43a047", Text("Rừng phòng hộ", "Protection forest")),
            StyleClass("production", "#aed581", Text("Rừng sản xuất", "Production forest")),
        ),
    ),
)
