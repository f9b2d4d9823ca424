"""The ground that each camera sees, as far as it has been computed; the flat cone until then.

A trigger of migration 0009 keeps one row for each camera, and puts the flat cone back where a
camera's pose changes: what it saw before says nothing any more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Float, ForeignKeyConstraint
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import cameras, themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry


class CameraView(Feature):
    __tablename__ = "camera_views"
    __table_args__ = (
        ForeignKeyConstraint(
            ["code"], [cameras.Camera.code], name="fk_camera_views_code", ondelete="CASCADE"
        ),
    )

    code: Mapped[str] = described(SqlText, "Mã camera", "Camera code", primary_key=True)
    name: Mapped[str] = described(SqlText, "Tên", "Name", nullable=False)
    owner_agency: Mapped[str] = described(SqlText, "Cơ quan sở hữu", "Owner agency", nullable=False)
    purpose: Mapped[str] = described(SqlText, "Mục đích chính", "Main purpose", nullable=False)
    basis: Mapped[str] = described(
        choice("basis", "flat_cone", "level_ground", "homography", "terrain"),
        "Cơ sở: hình quạt phẳng (chưa tính), mặt đất bằng, phép chiếu mặt phẳng hay địa hình có che khuất",
        "Basis: flat cone (not computed yet), level ground, homography, or terrain with what hides it",
        nullable=False,
    )
    area_km2: Mapped[float | None] = described(
        Float, "Diện tích nhìn thấy (EPSG:9214)", "Area seen (EPSG:9214)", unit="km²", minimum=0
    )
    calibration_id: Mapped[UUID | None] = described(
        SqlUuid,
        "Lần hiệu chuẩn được dùng; trống là theo hướng đặt đã khai báo",
        "Calibration that was used; none stands for the stated pose",
    )
    terrain_digest: Mapped[str | None] = described(
        SqlText, "SHA-256 của tệp địa hình được dùng", "SHA-256 of the terrain file that was used"
    )
    inputs_digest: Mapped[str | None] = described(
        SqlText,
        "SHA-256 của mọi đầu vào: hướng đặt, hiệu chuẩn, địa hình, đường",
        "SHA-256 of all inputs: pose, calibration, terrain, roads",
    )
    computed_at: Mapped[datetime | None] = described(
        DateTime(timezone=True), "Thời điểm tính (UTC)", "When it was computed (UTC)"
    )
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


LAYER = Layer(
    name="camera_views",
    model=CameraView,
    loadable=False,
    # What a camera sees in the mountains has thousands of vertices.
    max_limit=1_000,
    title=Text("Vùng nhìn của camera", "Ground that cameras see"),
    description=Text(
        "Phần mặt đất mà từng camera nhìn thấy, có xét khung hình, địa hình và vật che khuất bởi địa hình; "
        "hình quạt phẳng ở nơi chưa tính (cột basis).",
        "The ground that each camera sees within its frame, less what terrain hides; "
        "the flat cone where it has not been computed yet (column basis).",
    ),
    steward=cameras.LAYER.steward,
    keywords=("camera", "vùng nhìn", "viewshed", "field of view"),
    theme=themes.CAMERAS,
    label_column="name",
    style=Style(
        color="#4c566a",
        size_px=1,
        fill_opacity=0.15,
        column="basis",
        classes=(
            StyleClass("flat_cone", "#9aa0a6", Text("Hình quạt phẳng, chưa tính", "Flat cone, not computed")),
            StyleClass("level_ground", "#3367d6", Text("Mặt đất bằng", "Level ground")),
            StyleClass("homography", "#6a1b9a", Text("Phép chiếu mặt phẳng", "Homography")),
            StyleClass("terrain", "#2e7d32", Text("Địa hình, có xét che khuất", "Terrain, with occlusion")),
        ),
    ),
)
