"""Rivers as lines along their course, from source to mouth."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry


class River(Feature):
    __tablename__ = "rivers"

    code: Mapped[str] = described(
        SqlText, "Mã sông", "River code", primary_key=True, aliases=("id", "osm_id", "ma")
    )
    name: Mapped[str] = described(SqlText, "Tên sông", "River name", nullable=False, aliases=("ten",))
    flows_into: Mapped[str | None] = described(SqlText, "Đổ vào", "Flows into")
    width_m: Mapped[float | None] = described(
        Float, "Chiều rộng trung bình", "Mean width", unit="m", minimum=0, maximum=20_000
    )
    geom: Mapped[Any] = geometry("LINESTRING")


LAYER = Layer(
    name="rivers",
    model=River,
    title=Text("Sông", "Rivers"),
    description=Text("Sông Hương, sông Bồ và các nhánh.", "The rivers Hương and Bồ and their branches."),
    steward=Text("Sở Nông nghiệp và Môi trường", "Department of Agriculture and Environment"),
    keywords=("sông", "river"),
    theme=themes.BASE,
    label_column="name",
    style=Style(color="#4fc3f7", size_px=3),
)
