"""GeoJSON (RFC 7946)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from gis_core.types import Text
from layers.downloads.texts import feature_pieces
from layers.query import FeatureQuery
from ogc_api.features.formats.base import Format, Members, collection_pieces


def _pieces(connection: Connection, query: FeatureQuery, members: Members) -> Iterator[bytes]:
    return collection_pieces(members, feature_pieces(connection, query, b",\n"))


FORMAT = Format(
    name="json",
    media_type="application/geo+json",
    title=Text("GeoJSON", "GeoJSON"),
    ending=".geojson",
    pieces=_pieces,
    is_object=True,
    also_asked_as=("application/json", "application/*", "*/*"),
)
