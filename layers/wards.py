"""Wards and communes: the lowest level of government since July 2025."""

from __future__ import annotations

import unicodedata
from typing import Any

import geopandas as gpd
from sqlalchemy import Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.crs import to_metric
from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, choice, described, geometry


class Ward(Feature):
    __tablename__ = "wards"

    code: Mapped[str] = described(
        SqlText,
        "Mã đơn vị hành chính",
        "Administrative code",
        primary_key=True,
        aliases=("id", "ma", "wardCode"),
    )
    name: Mapped[str] = described(SqlText, "Tên", "Name", nullable=False, aliases=("ten", "tenXa"))
    kind: Mapped[str] = described(
        choice("kind", "ward", "commune"),
        "Phường hoặc xã",
        "Ward or commune",
        nullable=False,
        aliases=("fullName", "loai", "cap"),
    )
    area_km2: Mapped[float] = described(
        Float, "Diện tích (EPSG:9214)", "Area (EPSG:9214)", unit="km²", nullable=False
    )
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


_KINDS = {"phường": "ward", "xã": "commune"}
"""The kind that the first word of a full name says, such as in Phường Phú Xuân."""


def with_kinds_and_areas(wards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Tell wards from communes by their full names, and measure their areas on the metric grid.

    A kind that is given stays; the area is measured whatever the file claims.
    """
    full_names = wards["kind"].fillna(wards["name"]) if "kind" in wards else wards["name"]
    kinds = full_names.map(lambda name: _KINDS.get(_first_word(name), name))
    return wards.assign(kind=kinds, area_km2=to_metric(wards.geometry).area / 1e6)


def _first_word(name: object) -> str:
    # Files write a Vietnamese letter as one sign or as a letter with its marks.
    return unicodedata.normalize("NFC", str(name)).split(" ")[0].casefold()


LAYER = Layer(
    name="wards",
    model=Ward,
    derive=with_kinds_and_areas,
    derived=("kind", "area_km2"),
    title=Text("Phường, xã", "Wards and communes"),
    description=Text(
        "Đơn vị hành chính cấp xã của thành phố Huế (tỉnh Thừa Thiên-Huế trước 2025).",
        "Wards and communes of the city of Huế (until 2025 the province Thừa Thiên-Huế).",
    ),
    steward=Text("Sở Nội vụ", "Department of Home Affairs"),
    keywords=("phường", "xã", "ward", "commune"),
    theme=themes.BASE,
    label_column="name",
    style=Style(color="#78909c", size_px=1, fill_opacity=0.05),
)
