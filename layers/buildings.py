"""Footprints of buildings: what stands on the ground that a flood reaches."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry


class Building(Feature):
    __tablename__ = "buildings"

    code: Mapped[str] = described(
        SqlText, "Mã công trình", "Building code", primary_key=True, aliases=("id", "osm_id", "ma")
    )
    name: Mapped[str | None] = described(SqlText, "Tên công trình", "Building name", aliases=("ten",))
    use: Mapped[str | None] = described(
        SqlText, "Công dụng, như nguồn ghi", "Use, as its source says", aliases=("building", "cong_dung")
    )
    storeys: Mapped[int | None] = described(
        Integer,
        "Số tầng",
        "Storeys",
        minimum=1,
        maximum=200,
        aliases=("building:levels", "levels", "so_tang"),
    )
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


LAYER = Layer(
    name="buildings",
    model=Building,
    title=Text("Công trình xây dựng", "Buildings"),
    description=Text(
        "Vết nền các công trình; được tính vào mức phơi bày trước ngập lụt.",
        "Footprints of buildings; they count in the exposure to floods.",
    ),
    steward=Text("Sở Xây dựng", "Department of Construction"),
    keywords=("công trình", "nhà", "building", "footprint"),
    theme=themes.BASE,
    label_column="name",
    style=Style(color="#8d6e63", size_px=1, fill_opacity=0.6),
)
