"""What layers and surfaces are about: the groups in which clients list them."""

from __future__ import annotations

from gis_core.types import Text

CAMERAS = Text("Camera và phát hiện", "Cameras and detections")
WATER = Text("Mưa, lũ và khí hậu", "Rain, flood and climate")
TRAFFIC = Text("Giao thông", "Traffic")
FOREST = Text("Rừng", "Forest")
QUALITY = Text("Chất lượng dữ liệu", "Data quality")
BASE = Text("Nền hành chính và tự nhiên", "Boundaries and rivers")
OTHER = Text("Khác", "Other")

THEMES = (CAMERAS, WATER, TRAFFIC, FOREST, QUALITY, OTHER, BASE)
"""Every theme, in the order in which they are listed."""
