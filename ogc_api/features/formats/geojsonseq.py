"""A sequence of GeoJSON texts (RFC 8142): each can be read before the next has come."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from sqlalchemy import Connection

from gis_core.types import Text
from layers.downloads.texts import feature_pieces
from layers.query import FeatureQuery
from ogc_api.features.formats.base import Format, Members

_RECORD_SEPARATOR = b"\x1e"


def _pieces(connection: Connection, query: FeatureQuery, members: Members) -> Iterator[bytes]:
    found = feature_pieces(connection, query, b"\n" + _RECORD_SEPARATOR)
    first = next(found, None)
    if first is not None:
        yield from chain([_RECORD_SEPARATOR + first], found, [b"\n"])


FORMAT = Format(
    name="geojsonseq",
    media_type="application/geo+json-seq",
    title=Text("Chuỗi GeoJSON", "GeoJSON sequence"),
    ending=".geojsons",
    pieces=_pieces,
)
