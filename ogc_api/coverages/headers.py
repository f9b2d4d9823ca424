"""The headers that say where and when an answer of cells or pixels lies (OGC 19-087 and 20-058, core)."""

from __future__ import annotations

from datetime import UTC, datetime

from gis_core.crs import OutputCRS
from gis_core.types import Bounds


def place_headers(bounds: Bounds, crs: OutputCRS, at: datetime) -> dict[str, str]:
    """``Content-Crs``, ``Content-Bbox`` in the axis order of the CRS, and ``Content-Datetime`` in UTC."""
    west, south, east, north = bounds
    ordered = (south, west, north, east) if crs.y_first else (west, south, east, north)
    return {
        "Content-Crs": f"<{crs.uri}>",
        "Content-Bbox": ",".join(f"{limit:.10g}" for limit in ordered),
        "Content-Datetime": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
