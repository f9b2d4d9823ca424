"""The SQL that makes a page of GeoJSON, compiled once for each shape of request.

Everything that comes from outside is a bound value; names and numbers in the text come
from the layer's declaration.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from pyproj import CRS
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from gis_core.crs import STORAGE_SRID
from layers.base import Layer
from layers.count import rows_on_record
from layers.cql2.compiler import Condition
from layers.order import Order, complete, follows, in_order

_DIGITS_DEGREES = 7
_DIGITS_METRES = 3


class Shape(NamedTuple):
    """What makes two requests need the same SQL: everything about them but the values."""

    layer: Layer
    srid: int
    y_first: bool
    properties: tuple[str, ...] | None
    filters: tuple[str, ...]
    """Names that ``condition`` understands: columns to compare, and the parts of box and time."""
    order: Order = ()
    filter: Condition | None = None
    after: tuple[bool, ...] | None = None
    """Which keys of the order are null in the feature that the page comes after; None on the first page."""

    @property
    def narrowed(self) -> bool:
        """Whether any condition but the place of the page excludes features."""
        return bool(self.layer.membership or self.filters or self.filter)

    @property
    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """Every condition but the place of the page."""
        own = tuple(condition(self.layer, name) for name in self.filters)
        return own if self.filter is None else (*own, self.filter.clause)


def condition(layer: Layer, name: str) -> ColumnElement[bool]:
    """The condition that a value of that name stands for."""
    if name == "_area":
        # ST_Intersects brings the index condition with it; a second && would halve the planner's
        # estimate once more, and it would then sort the whole box rather than walk the key.
        return layer.meets(func.ST_GeomFromEWKB(bindparam(name, type_=LargeBinary)))
    column, compare = _comparison(layer, name)
    return compare(column, bindparam(name, type_=column.type))


def _comparison(layer: Layer, name: str) -> tuple[Column[Any], Callable[[Any, Any], ColumnElement[bool]]]:
    if name in _COMPARED_TIME and layer.time_column is not None:
        return layer.table.c[layer.time_column], _COMPARED_TIME[name]
    return layer.table.c[name], _contains if is_array(layer, name) else operator.eq


def is_array(layer: Layer, name: str) -> bool:
    """Whether a column holds several values, of which a filter names one."""
    return isinstance(layer.table.c[name].type, ARRAY)


def _contains(column: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.bool_op("@>")(value)


_COMPARED_TIME: dict[str, Callable[[Any, Any], Any]] = {
    "_start": operator.ge,
    "_end": operator.le,
    "_before": operator.lt,
}
_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@lru_cache(maxsize=512)
def page_sql(shape: Shape) -> str:
    """The SQL of ``_page_statement``, compiled once for each shape of request."""
    return str(_page_statement(shape).compile(dialect=_DIALECT))


def _page_statement(shape: Shape) -> Select[Any]:
    """The page as one row: its features in one text, how many rows were found, the keys that place
    the last one in the order, as a JSON array of texts, and, where nothing narrows the layer down,
    how many rows it is known to have.

    One row more than the limit is looked for: it says whether there is a next page, and
    is left out of the text.
    """
    layer, order = shape.layer, complete(shape.layer, shape.order)
    limit = bindparam("_limit", type_=Integer)
    shown = [c for c in layer.properties if shape.properties is None or c.name in shape.properties]
    after = () if shape.after is None else (follows(layer, order, shape.after),)
    keys = [layer.table.c[key.name].label(f"_key_{at}") for at, key in enumerate(order)]
    rows = (
        select(layer.id_column.label("_id"), layer.shown_geometry.label("_geometry"), *keys, *shown)
        .where(*layer.membership, *shape.conditions, *after)
        .order_by(*in_order(layer, order, layer.table.c))
        .limit(limit + literal_column("1"))
        .subquery("rows")
    )
    readable = (_readable(rows.c[c.name]).label(c.name) for c in shown)
    properties = select(*readable).correlate(rows).lateral("properties")
    feature = func.concat(
        _sql_text('{"type":"Feature","id":'),
        func.to_json(cast(rows.c["_id"], SqlText)),
        _sql_text(',"geometry":'),
        func.coalesce(_geojson(shape, rows.c["_geometry"]), _sql_text("null")),
        _sql_text(',"properties":'),
        func.row_to_json(literal_column("properties")),
        _sql_text("}"),
    )
    places = {key.name: rows.c[f"_key_{at}"] for at, key in enumerate(order)}
    page = (
        select(
            func.row_number().over(order_by=in_order(layer, order, places)).label("rank"),
            func.json_build_array(*(cast(place, SqlText) for place in places.values())).label("place"),
            feature.label("feature"),
        )
        .select_from(rows.join(properties, true()))
        .subquery("page")
    )
    by_rank = aggregate_order_by(_sql_text(","), page.c.rank)
    return select(
        func.string_agg(page.c.feature, by_rank).filter(page.c.rank <= limit),
        func.count(),
        func.min(cast(page.c.place, SqlText)).filter(page.c.rank == limit),
        null() if shape.narrowed else rows_on_record(layer),
    )


def _readable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Times as ISO 8601 with Z, numbers with a point in them; the rest as PostgreSQL writes it in JSON."""
    if isinstance(column.type, DateTime):
        iso = func.to_json(func.timezone(_sql_text("UTC"), column)).op("#>>")(literal_column("'{}'"))
        return iso.op("||")(_sql_text("Z"))
    if isinstance(column.type, Float):
        # Clients that guess types take a page of 10, 20, 30 for whole numbers and cut the next page's 10.5.
        is_whole = and_(column == func.trunc(column), func.abs(column) < literal_column("1e15"))
        with_point = cast(cast(column, SqlText).op("||")(_sql_text(".0")), JSON)
        return case((is_whole, with_point), else_=func.to_json(column))
    return column


def _geojson(shape: Shape, geometry: Any) -> ColumnElement[Any]:
    if "POLYGON" in shape.layer.geometry_type:
        # RFC 7946, section 3.1.6: exterior rings run counterclockwise.
        geometry = func.ST_ForcePolygonCCW(geometry)
    if shape.srid != STORAGE_SRID:
        geometry = func.ST_Transform(geometry, literal_column(str(shape.srid)))
    if shape.y_first:
        geometry = func.ST_FlipCoordinates(geometry)
    digits = _DIGITS_DEGREES if CRS(shape.srid).is_geographic else _DIGITS_METRES
    return func.ST_AsGeoJSON(geometry, literal_column(str(digits)), literal_column("0"))


def _sql_text(constant: str) -> ColumnElement[str]:
    """A constant of this module as SQL text; never anything from outside."""
    return literal_column(f"'{constant}'", SqlText)
