"""Road segments between junctions: the network that density is measured on."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from sqlalchemy import Boolean, Float, SmallInteger
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.crs import to_metric
from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry

ROAD_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "residential",
    "unclassified",
    "service",
    "other",
)


class RoadSegment(Feature):
    __tablename__ = "road_segments"

    code: Mapped[str] = described(
        SqlText, "Mã đoạn đường", "Segment code", primary_key=True, aliases=("id", "osm_id", "ma")
    )
    name: Mapped[str | None] = described(SqlText, "Tên đường", "Road name", aliases=("ten",))
    ref: Mapped[str | None] = described(SqlText, "Số hiệu đường", "Road number")
    road_class: Mapped[str] = described(
        choice("road_class", *ROAD_CLASSES),
        "Cấp đường",
        "Road class",
        nullable=False,
        aliases=("highway", "class"),
    )
    lanes: Mapped[int | None] = described(
        SmallInteger, "Số làn xe cả hai chiều", "Lanes in both directions", minimum=1, maximum=16
    )
    design_speed_kmh: Mapped[float | None] = described(
        Float, "Tốc độ thiết kế", "Design speed", unit="km/h", minimum=5, maximum=150, aliases=("maxspeed",)
    )
    one_way: Mapped[bool] = described(
        Boolean, "Đường một chiều", "One-way", nullable=False, server_default="false", aliases=("oneway",)
    )
    corridor: Mapped[str | None] = described(
        SqlText, "Hành lang mà đoạn này thuộc về", "Corridor that it is part of"
    )
    gateway: Mapped[bool] = described(
        Boolean, "Cửa ngõ thành phố", "Gateway of the city", nullable=False, server_default="false"
    )
    length_m: Mapped[float] = described(
        Float, "Chiều dài (EPSG:9214)", "Length (EPSG:9214)", unit="m", nullable=False
    )
    geom: Mapped[Any] = geometry("LINESTRING")


def with_lengths(segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Measure every segment on the metric grid, whatever length the file claims."""
    return segments.assign(length_m=to_metric(segments.geometry).length)


LAYER = Layer(
    name="road_segments",
    model=RoadSegment,
    derive=with_lengths,
    derived=("length_m",),
    title=Text("Đoạn đường", "Road segments"),
    description=Text(
        "Mạng lưới đường chia theo nút giao, với cấp đường, số làn và cờ cửa ngõ.",
        "The road network cut at junctions, with class, lanes and gateway flag.",
    ),
    steward=Text("Sở Xây dựng", "Department of Construction"),
    keywords=("đường", "road", "corridor"),
    theme=themes.TRAFFIC,
    label_column="name",
    style=Style(
        color="#9e9e9e",
        size_px=1.5,
        column="road_class",
        classes=(
            StyleClass("motorway", "#e65100", Text("Cao tốc", "Motorway")),
            StyleClass("trunk", "#ef6c00", Text("Quốc lộ", "Trunk road")),
            StyleClass("primary", "#f9a825", Text("Đường chính", "Primary road")),
            StyleClass("secondary", "#8d8d4f", Text("Đường thứ cấp", "Secondary road")),
            StyleClass("tertiary", "#a1887f", Text("Đường khu vực", "Tertiary road")),
        ),
    ),
)
