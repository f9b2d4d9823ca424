"""Features of a layer as GeoJSON text that PostGIS makes, a page at a time.

One statement makes the whole page, so that the service hands bytes on without parsing
them. Pages follow each other by the identifier of the last feature, never by an offset:
the thousandth page costs what the first one does. Nothing counts a whole table.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, parse_crs, transformer
from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from gis_core.types import Bounds
from layers.base import Layer
from layers.count import Matched, count_matches
from layers.filters import parse_value
from layers.page_sql import Shape, condition, is_array, page_sql

_CRS84 = parse_crs(CRS84_URI)
_FARTHEST_M = 1e8
"""Beyond the coordinates that any projected CRS has on Earth."""
_EDGE_PARTS = 32
"""A box's edge is cut into so many parts before it is transformed, for straight lines bend."""


class Interval(NamedTuple):
    """A stretch of time as a request gives it; None is an open end. Both are aware."""

    start: datetime | None
    end: datetime | None
    end_included: bool = True


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """What is wanted of a layer.

    ``bbox`` has x first whatever the authority says, in the units of ``bbox_srid``; in
    degrees a west beyond the east crosses the antimeridian. ``equals`` gives columns their
    value, of the column's type; an array column must contain it. ``cursor`` is the
    ``next_cursor`` of the page before. ``properties`` None means all of them.
    """

    layer: Layer
    limit: int
    bbox: Bounds | None = None
    bbox_srid: int = STORAGE_SRID
    interval: Interval | None = None
    equals: Mapping[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    crs: OutputCRS = _CRS84
    properties: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """One page: GeoJSON features with commas between them, and what is known of the rest."""

    features_json: str
    number_returned: int
    next_cursor: str | None
    matched: Matched


def read_page(connection: Connection, query: FeatureQuery, exact_count_below: int) -> FeaturePage:
    """One page of features, in the order of their identifiers.

    Raises:
        InvalidParameterError: the cursor is none of this layer's, or the box makes no sense.
    """
    filters = _values(query)
    after = {} if query.cursor is None else {"_after": decode_cursor(query.layer, query.cursor)}
    features, found, last_id, on_record = _fetch(connection, query, {**filters, **after})
    more = found > query.limit
    returned = min(found, query.limit)
    if query.cursor is None and not more:
        matched = Matched(returned, is_exact=True)
    elif on_record is not None and on_record > exact_count_below:
        matched = Matched(max(on_record, found), is_exact=False)
    else:
        conditions = [condition(query.layer, name) for name in filters]
        matched = count_matches(
            connection, query.layer, conditions, filters, exact_below=exact_count_below, at_least=found
        )
    cursor = encode_cursor(query.layer, last_id) if more and last_id is not None else None
    return FeaturePage(features or "", returned, cursor, matched)


def read_feature(connection: Connection, layer: Layer, feature_id: str, crs: OutputCRS) -> str:
    """One feature as GeoJSON text.

    Raises:
        FeatureNotFoundError: no feature has that identifier, or none ever could.
    """
    try:
        value = parse_value(layer.id_column, feature_id)
    except InvalidParameterError as error:
        raise FeatureNotFoundError(layer.name, feature_id) from error
    query = FeatureQuery(layer, limit=1, crs=crs)
    feature, *_ = _fetch(connection, query, {layer.id_column.name: value})
    if feature is None:
        raise FeatureNotFoundError(layer.name, feature_id)
    return feature


def _fetch(
    connection: Connection, query: FeatureQuery, values: Mapping[str, Any]
) -> tuple[str | None, int, str | None, int | None]:
    sql = page_sql(Shape(query.layer, query.crs.srid, query.crs.y_first, query.properties, tuple(values)))
    row = connection.exec_driver_sql(sql, {**values, "_limit": query.limit}).one()
    features, found, last_id, on_record = row
    return features, found, last_id, on_record


def encode_cursor(layer: Layer, last_id: str) -> str:
    """The text with which a client asks for what comes after ``last_id``."""
    return base64.urlsafe_b64encode(_check(layer, last_id) + last_id.encode()).decode().rstrip("=")


def decode_cursor(layer: Layer, cursor: str) -> Any:
    """The identifier that a cursor of this layer stands for.

    Raises:
        InvalidParameterError: the text was cut, changed, or made for another layer.
    """
    refusal = InvalidParameterError("cursor", "this is not one that the layer gave; begin again without it.")
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        last_id = raw[_CHECK_BYTES:].decode()
    except (binascii.Error, UnicodeError) as error:
        raise refusal from error
    # The checksum keeps a cut text from passing as another, shorter identifier.
    if raw[:_CHECK_BYTES] != _check(layer, last_id):
        raise refusal
    return parse_value(layer.id_column, last_id, "cursor")


_CHECK_BYTES = 4


def _check(layer: Layer, last_id: str) -> bytes:
    return blake2b(f"{layer.name}\x1f{last_id}".encode(), digest_size=_CHECK_BYTES).digest()


def search_area(bbox: Bounds, srid: int) -> BaseGeometry:
    """The box in EPSG:4326, as the shape that it has there.

    Raises:
        InvalidParameterError: its south is beyond its north, or it has no place on Earth.
    """
    west, south, east, north = bbox
    geographic = CRS(srid).is_geographic
    if south > north or (west > east and not geographic):
        raise InvalidParameterError("bbox", "the lower corner comes first, then the upper one.")
    beyond = InvalidParameterError("bbox", f"the box reaches beyond where EPSG:{srid} is defined.")
    if not geographic and max(map(abs, bbox)) > _FARTHEST_M:
        raise beyond
    if geographic:
        west, east = (min(max(lon, -180.0), 180.0) for lon in (west, east))
        south, north = (min(max(lat, -90.0), 90.0) for lat in (south, north))
    if west > east:
        area = shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
    else:
        area = shapely.box(west, south, east, north)
    if srid == STORAGE_SRID:
        return area
    longest = max(east - west, north - south)
    if longest > 0:
        area = shapely.segmentize(area, longest / _EDGE_PARTS)
    here = shapely.transform(area, transformer(srid, STORAGE_SRID).transform, interleaved=False)
    if not shapely.is_valid(here) and area.area > 0:
        raise beyond
    return here


def _values(query: FeatureQuery) -> dict[str, Any]:
    """The filters' values, by the names that ``page_sql.condition`` understands."""
    values: dict[str, Any] = {}
    if query.bbox is not None:
        area = shapely.set_srid(search_area(query.bbox, query.bbox_srid), STORAGE_SRID)
        values["_area"] = shapely.to_wkb(area, include_srid=True)
    if query.interval is not None and query.layer.time_column is not None:
        start, end, end_included = query.interval
        if start is not None:
            values["_start"] = start
        if end is not None:
            values["_end" if end_included else "_before"] = end
    for name, value in query.equals.items():
        values[name] = [value] if is_array(query.layer, name) else value
    return values
