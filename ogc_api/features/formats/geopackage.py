"""GeoPackage (OGC 12-128)."""

from __future__ import annotations

from gis_core.types import Text
from layers.downloads.tables import write_geopackage
from ogc_api.features.formats.base import Format

FORMAT = Format(
    name="gpkg",
    media_type="application/geopackage+sqlite3",
    title=Text("GeoPackage", "GeoPackage"),
    ending=".gpkg",
    write=write_geopackage,
)
