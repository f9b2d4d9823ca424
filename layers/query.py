"""Features of a layer as GeoJSON text that PostGIS makes, a page at a time.

One statement makes the whole page, so that the service hands bytes on without parsing
them. Pages follow each other by the identifier of the last feature, never by an offset:
the thousandth page costs what the first one does. Nothing counts a whole table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import shapely
from psycopg import errors as pg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, parse_crs
from gis_core.db import fetch_row
from gis_core.errors import FeatureNotFoundError, InvalidParameterError
from gis_core.types import Bounds
from layers.areas import search_area
from layers.base import Layer
from layers.count import Matched, count_matches
from layers.cql2.compiler import Condition
from layers.feature_sql import Form
from layers.filters import parse_value
from layers.order import Order, complete, decode_cursor, encode_cursor
from layers.page_sql import Shape, is_array, page_sql, unbound

_CRS84 = parse_crs(CRS84_URI)


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
    value, of the column's type; an array column must contain it. ``filter`` must hold as
    well. ``order`` is that of the features, by their identifiers where it is empty, and
    ``cursor`` the ``next_cursor`` of the page before in the same order. ``properties`` None
    means all of them, ``form`` None that a page is only counted and no feature written.
    """

    layer: Layer
    limit: int
    bbox: Bounds | None = None
    bbox_srid: int = STORAGE_SRID
    interval: Interval | None = None
    equals: Mapping[str, Any] = field(default_factory=dict)
    filter: Condition | None = None
    order: Order = ()
    cursor: str | None = None
    crs: OutputCRS = _CRS84
    properties: tuple[str, ...] | None = None
    form: Form | None = "geojson"


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """One page: GeoJSON features with commas between them, and what is known of the rest."""

    features_json: str
    number_returned: int
    next_cursor: str | None
    matched: Matched


def read_page(connection: Connection, query: FeatureQuery, exact_count_below: int) -> FeaturePage:
    """One page of features, in the order that is asked for.

    Raises:
        InvalidParameterError: the cursor is none of this layer's and order, the box makes no sense,
            or the filter computes what has no value.
    """
    shape, values, order = request_of(query)
    with evaluable(query.filter):
        features, found, place, on_record = _fetch(connection, shape, values, query.limit)
        more = found > query.limit
        returned = min(found, query.limit)
        if query.cursor is None and not more:
            matched = Matched(returned, is_exact=True)
        elif on_record is not None and on_record > exact_count_below:
            matched = Matched(max(on_record, found), is_exact=False)
        else:
            matched = count_matches(
                connection, query.layer, list(shape.conditions), values,
                exact_below=exact_count_below, at_least=found,
            )  # fmt: skip
    cursor = encode_cursor(query.layer, place, order) if more and place is not None else None
    return FeaturePage(features or "", returned, cursor, matched)


def request_of(query: FeatureQuery) -> tuple[Shape, dict[str, Any], Order]:
    """The shape of the SQL that a query needs, the values bound in it, and the whole order.

    Raises:
        InvalidParameterError: the cursor is none of this layer's and order, or the box makes no sense.
    """
    values = _values(query)
    order = complete(query.layer, query.order)
    after = None if query.cursor is None else decode_cursor(query.layer, query.cursor, order)
    shape = Shape(
        query.layer, query.crs.srid, query.crs.y_first, query.properties, tuple(values), order,
        query.filter, None if after is None else tuple(key is None for key in after), query.form,
    )  # fmt: skip
    if query.filter is not None:
        values |= query.filter.values
    return shape, values | {f"_after_{at}": key for at, key in enumerate(after or ())}, order


def count_of(connection: Connection, query: FeatureQuery, exact_below: int) -> Matched:
    """How many features meet a query's conditions, counted as far as ``exact_below``.

    Raises:
        InvalidParameterError: the filter computes what has no value.
    """
    shape, values, _ = request_of(query)
    with evaluable(query.filter):
        return count_matches(
            connection, query.layer, list(shape.conditions), values, exact_below=exact_below, at_least=0
        )


def read_feature(
    connection: Connection, layer: Layer, feature_id: str, crs: OutputCRS, form: Form = "geojson"
) -> str:
    """One feature as JSON text.

    Raises:
        FeatureNotFoundError: no feature has that identifier, or none ever could.
    """
    name, value = layer.id_column.name, identifier_of(layer, feature_id)
    shape = Shape(layer, crs.srid, crs.y_first, None, (name,), complete(layer, ()), form=form)
    feature, *_ = _fetch(connection, shape, {name: value}, 1)
    if feature is None:
        raise FeatureNotFoundError(layer.name, feature_id)
    return feature


def identifier_of(layer: Layer, feature_id: str) -> Any:
    """The identifier that a text stands for.

    Raises:
        FeatureNotFoundError: no feature could ever have it.
    """
    try:
        return parse_value(layer.id_column, feature_id)
    except InvalidParameterError as error:
        raise FeatureNotFoundError(layer.name, feature_id) from error


def _fetch(
    connection: Connection, shape: Shape, values: Mapping[str, Any], limit: int
) -> tuple[str | None, int, str | None, int | None]:
    statement, values = page_sql(shape), {**values, "_limit": limit}
    if len(values) == 1:
        # Without any value to bind, the plan is made once for a connection and not for each page.
        statement, values = unbound(statement, limit), {}
    features, found, last_place, on_record = fetch_row(connection, statement, values)
    return features, found, last_place, on_record


@contextmanager
def evaluable(condition: Condition | None) -> Iterator[None]:
    """Turn what the database cannot compute of a client's filter into a sentence for that client."""
    try:
        yield
    except (DBAPIError, pg.Error) as error:
        # COPY is the driver's own: what it raises does not pass through SQLAlchemy.
        cause = error.orig if isinstance(error, DBAPIError) else error
        # InternalError_ is what PostGIS raises of geometries that it cannot relate.
        if condition is None or not isinstance(cause, pg.DataError | pg.InternalError_):
            raise
        reason = cause.diag.message_primary or "it has no value"
        raise InvalidParameterError("filter", f"it cannot be evaluated: {reason}.") from error


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
