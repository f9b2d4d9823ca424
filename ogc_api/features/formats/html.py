"""A page for people."""

from __future__ import annotations

from gis_core.types import Text
from ogc_api.features.formats.base import Format

FORMAT = Format(
    name="html",
    media_type="text/html",
    title=Text("Trang HTML", "HTML page"),
    ending=".html",
    for_all=False,
)
