"""The SQL that makes a page of GeoJSON, compiled once for each shape of request.

Everything that comes from outside is a bound value; names and numbers in the text come
from the layer's declaration.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Dialect,
    Integer,
    LargeBinary,
    Select,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.selectable import Subquery

from layers.base import Layer
from layers.count import rows_on_record
from layers.cql2.compiler import Condition
from layers.feature_sql import Form, feature_text, sql_text, with_properties
from layers.order import Order, complete, follows, in_order


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
    form: Form | None = "geojson"
    """How features are written; None leaves them out."""

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The properties that are wanted, in declared order."""
        wanted = self.properties
        return tuple(c for c in self.layer.properties if wanted is None or c.name in wanted)

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
    return compiled(_page_statement(shape))


def unbound(statement: str, limit: int) -> str:
    """The SQL of a page that has no value but its size, as text that nothing is bound in."""
    return statement.replace("%(_limit)s::INTEGER", str(limit)).replace("%%", "%")


def _page_statement(shape: Shape) -> Select[Any]:
    """The page as one row: its features in one text, how many rows were found, the keys that place
    the last one in the order, as a JSON array of texts, and, where nothing narrows the layer down,
    how many rows it is known to have.

    One row more than the limit is looked for: it says whether there is a next page, and
    is left out of the text.
    """
    layer, order = shape.layer, complete(shape.layer, shape.order)
    limit = bindparam("_limit", type_=Integer)
    rows = rows_of(shape, limit + literal_column("1"))
    places = {key.name: rows.c[f"_key_{at}"] for at, key in enumerate(order)}
    columns = [
        func.row_number().over(order_by=in_order(layer, order, places)).label("rank"),
        func.json_build_array(*(cast(place, SqlText) for place in places.values())).label("place"),
    ]
    if shape.form is None:
        page = select(*columns, null().label("feature")).select_from(rows).subquery("page")
    else:
        feature = feature_text(layer, rows, shape.form, shape.srid, y_first=shape.y_first)
        with_features = select(*columns, feature.label("feature"))
        page = with_features.select_from(with_properties(rows, shape.shown)).subquery("page")
    by_rank = aggregate_order_by(sql_text(","), page.c.rank)
    return select(
        func.string_agg(cast(page.c.feature, SqlText), by_rank).filter(page.c.rank <= limit),
        func.count(),
        func.min(cast(page.c.place, SqlText)).filter(page.c.rank == limit),
        null() if shape.narrowed else rows_on_record(layer),
    )


def rows_of(shape: Shape, limit: ColumnElement[int] | None = None) -> Subquery:
    """The rows of a request in their order: ``_id``, ``_geometry``, ``_time``, keys, and what is shown."""
    layer, order = shape.layer, complete(shape.layer, shape.order)
    after = () if shape.after is None else (follows(layer, order, shape.after),)
    keys = [layer.table.c[key.name].label(f"_key_{at}") for at, key in enumerate(order)]
    times = [] if layer.time_column is None else [layer.event_time.label("_time")]
    shown = shape.shown if shape.form is not None else ()
    chosen = select(
        layer.id_column.label("_id"), layer.shown_geometry.label("_geometry"), *times, *keys, *shown
    )
    return (
        chosen.where(*layer.membership, *shape.conditions, *after)
        .order_by(*in_order(layer, order, layer.table.c))
        .limit(limit)
        .subquery("rows")
    )


def compiled(statement: Select[Any]) -> str:
    """A statement as the driver takes it, its values still to be bound."""
    return str(statement.compile(dialect=_DIALECT))
