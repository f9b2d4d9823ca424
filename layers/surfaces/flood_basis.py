"""What every flood surface rests on and holds: its terrain, its parameters and its bands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gis_core.config import get_settings

RISK_CLASS = "risk_class"
DEPTH_M = "depth_m"


def basis_on(terrain_file: Path) -> dict[str, Any]:
    """The terrain file and the parameters of a build, JSON-ready."""
    section = get_settings().surfaces.flood_risk
    terrain: dict[str, Any] = {"file": terrain_file.name}
    if terrain_file.is_file():
        status = terrain_file.stat()
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC).isoformat()
        terrain |= {"size_bytes": status.st_size, "modified_at": modified_at}
    return {"terrain": terrain, "parameters": {"stream_area_km2": section.stream_area_km2}}
