"""CSV (RFC 4180) in UTF-8, names first."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from gis_core.types import Text
from layers.downloads.texts import csv_pieces
from layers.query import FeatureQuery
from ogc_api.features.formats.base import Format, Members


def _pieces(connection: Connection, query: FeatureQuery, members: Members) -> Iterator[bytes]:
    return csv_pieces(connection, query)


FORMAT = Format(
    name="csv",
    media_type="text/csv",
    title=Text("CSV", "CSV"),
    ending=".csv",
    pieces=_pieces,
)
