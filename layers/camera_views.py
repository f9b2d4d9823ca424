"""The cameras again, shown by the ground that each one looks over."""

from __future__ import annotations

from dataclasses import replace

from gis_core.types import Text
from layers import cameras

LAYER = replace(
    cameras.LAYER,
    name="camera_views",
    title=Text("Vùng nhìn của camera", "Camera view cones"),
    description=Text(
        "Vùng nhìn phẳng của từng camera, chưa xét địa hình và vật che khuất.",
        "Flat view cone of each camera; terrain and obstacles are not considered.",
    ),
    geometry_name="view_cone",
    loadable=False,
    style=replace(cameras.LAYER.style, size_px=1, fill_opacity=0.15),
)
