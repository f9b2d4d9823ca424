"""Traffic, forest and flood cameras: where each stands, how it looks and what it sees."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
from geoalchemy2 import Geometry
from sqlalchemy import ARRAY, Float
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.camera import view_cone
from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry


class Camera(Feature):
    __tablename__ = "cameras"

    code: Mapped[str] = described(
        SqlText, "Mã camera", "Camera code", primary_key=True, aliases=("id", "camera", "ma")
    )
    name: Mapped[str] = described(SqlText, "Tên", "Name", nullable=False, aliases=("ten",))
    owner_agency: Mapped[str] = described(
        SqlText, "Cơ quan sở hữu", "Owner agency", nullable=False, aliases=("owner", "agency")
    )
    purpose: Mapped[str] = described(
        choice("purpose", "traffic", "forest", "flood", "environment", "security"),
        "Mục đích chính",
        "Main purpose",
        nullable=False,
    )
    mast_height_m: Mapped[float] = described(
        Float,
        "Chiều cao cột so với mặt đất",
        "Height of the lens above ground",
        unit="m",
        nullable=False,
        minimum=0.5,
        maximum=200,
    )
    azimuth_deg: Mapped[float] = described(
        Float,
        "Hướng nhìn, theo chiều kim đồng hồ từ bắc",
        "Heading, clockwise from north",
        unit="deg",
        nullable=False,
        minimum=0,
        maximum=360,
    )
    tilt_deg: Mapped[float] = described(
        Float,
        "Góc nghiêng dưới đường chân trời",
        "Tilt below the horizon",
        unit="deg",
        nullable=False,
        minimum=-30,
        maximum=90,
    )
    field_of_view_deg: Mapped[float] = described(
        Float,
        "Trường nhìn ngang",
        "Horizontal field of view",
        unit="deg",
        nullable=False,
        minimum=1,
        maximum=180,
    )
    range_m: Mapped[float] = described(
        Float,
        "Tầm nhìn hữu ích",
        "Useful range",
        unit="m",
        nullable=False,
        minimum=1,
        maximum=50_000,
    )
    frame_interval_s: Mapped[float] = described(
        Float,
        "Khoảng cách giữa hai khung hình được phân tích",
        "Time between two analysed frames",
        unit="s",
        nullable=False,
        minimum=0.01,
        maximum=86_400,
    )
    ai_solutions: Mapped[list[str]] = described(
        ARRAY(SqlText), "Các giải pháp AI đang chạy", "AI solutions that run on it", nullable=False
    )
    status: Mapped[str] = described(
        choice("status", "active", "maintenance", "offline"), "Trạng thái", "Status", nullable=False
    )
    road_segment_code: Mapped[str | None] = described(
        SqlText, "Mã đoạn đường được quan sát", "Code of the road segment it watches"
    )
    stated_ward: Mapped[str | None] = described(
        SqlText,
        "Phường, xã theo hồ sơ của cơ quan (mã hoặc tên)",
        "Ward or commune that the agency's inventory says it stands in (code or name)",
        aliases=("phuong", "xa", "phuong_xa", "ward"),
    )
    view_cone: Mapped[Any] = described(
        Geometry("POLYGON", srid=4326, spatial_index=False),
        "Vùng nhìn phẳng của camera",
        "Flat view cone of the camera",
        nullable=False,
    )
    geom: Mapped[Any] = geometry("POINT")


def with_view_cones(cameras: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every camera the flat cone that its position and pose describe."""
    cones = view_cone(
        cameras.geometry, cameras["azimuth_deg"], cameras["field_of_view_deg"], cameras["range_m"]
    )
    return cameras.assign(view_cone=cones)


LAYER = Layer(
    name="cameras",
    model=Camera,
    derive=with_view_cones,
    derived=("view_cone",),
    title=Text("Camera giám sát", "Surveillance cameras"),
    description=Text(
        "Camera của tỉnh với hướng nhìn, vùng nhìn, cơ quan sở hữu và các giải pháp AI.",
        "The province's cameras with heading, view cone, owner agency and AI solutions.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("camera", "AI"),
    theme=themes.CAMERAS,
    label_column="name",
    style=Style(
        color="#4c566a",
        size_px=3,
        column="purpose",
        classes=(
            StyleClass("traffic", "#3367d6", Text("Giao thông", "Traffic")),
            StyleClass("forest", "#2e7d32", Text("Rừng", "Forest")),
            StyleClass("flood", "#00838f", Text("Ngập lụt", "Flood")),
            StyleClass("environment", "#8d6e63", Text("Môi trường", "Environment")),
            StyleClass("security", "#6a1b9a", Text("An ninh", "Security")),
        ),
    ),
)
