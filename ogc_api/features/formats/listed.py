"""Every format of features. A new one is a file with a ``FORMAT``, and one line here."""

from __future__ import annotations

from starlette.requests import Request

from ogc_api.asking import by_preference
from ogc_api.features.formats import (
    csv,
    flatgeobuf,
    geojson,
    geojsonseq,
    geopackage,
    geoparquet,
    html,
    jsonfg,
)
from ogc_api.features.formats.base import Format

FORMATS: dict[str, Format] = {
    listed.FORMAT.name: listed.FORMAT
    for listed in (geojson, html, jsonfg, geojsonseq, csv, flatgeobuf, geoparquet, geopackage)
}
"""By the value of ``f``, in the order in which documents name them."""

FOR_ALL = {name: listed for name, listed in FORMATS.items() if listed.for_all}
"""Those in which a whole collection may be had."""

_BY_TYPE = {
    kind: listed for listed in FORMATS.values() for kind in (listed.media_type, *listed.also_asked_as)
}


def chosen(request: Request, formats: dict[str, Format]) -> Format:
    """The format that ``f`` names, else the one that the client likes best, else GeoJSON."""
    asked = request.query_params.get("f")
    if asked is not None:
        return formats[asked]
    for kind in by_preference(request.headers.get("accept", "")):
        wanted = _BY_TYPE.get(kind)
        if wanted is not None and wanted.name in formats:
            return wanted
    return geojson.FORMAT
