"""GeoParquet 1.1."""

from __future__ import annotations

from gis_core.types import Text
from layers.downloads.tables import write_geoparquet
from ogc_api.features.formats.base import Format

FORMAT = Format(
    name="parquet",
    media_type="application/vnd.apache.parquet",
    title=Text("GeoParquet", "GeoParquet"),
    ending=".parquet",
    write=write_geoparquet,
)
