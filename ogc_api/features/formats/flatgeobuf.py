"""FlatGeobuf: one file with a spatial index."""

from __future__ import annotations

from gis_core.types import Text
from layers.downloads.tables import write_flatgeobuf
from ogc_api.features.formats.base import Format

FORMAT = Format(
    name="fgb",
    media_type="application/flatgeobuf",
    title=Text("FlatGeobuf", "FlatGeobuf"),
    ending=".fgb",
    write=write_flatgeobuf,
    also_asked_as=("application/vnd.flatgeobuf",),
)
