"""Features as text: JSON, one feature a row, and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Enum,
    Integer,
    Numeric,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy import Text as SqlText

from layers.downloads.copying import copied, pieces
from layers.feature_sql import (
    digits,
    feature_text,
    is_geographic,
    iso_time,
    shaped,
    with_properties,
)
from layers.order import complete, in_order
from layers.page_sql import Shape, compiled, rows_of
from layers.query import FeatureQuery, request_of

_PLAIN = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01'"
"""COPY without any quoting: JSON text holds no control character, so neither stands in a row."""

_FORMULA = literal_column(r"E'^[=@\t\r\uFF1D\uFF20]'", SqlText)
_SIGN = literal_column(r"E'^[-+\uFF0B\uFF0D]'", SqlText)
_NUMBER = literal_column(r"E'^[-+][0-9 .,]*$'", SqlText)


def feature_pieces(connection: Connection, query: FeatureQuery, between: bytes) -> Iterator[bytes]:
    """Features as JSON text, in the form that the query names, with ``between`` between them."""
    shape, _, _ = request_of(query)
    return pieces(copied(connection, query, _lines_sql(shape), _PLAIN), between)


def csv_pieces(connection: Connection, query: FeatureQuery) -> Iterator[bytes]:
    """Features as CSV (RFC 4180), names first: points as two columns, x first; other shapes as WKT.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    shape, _, _ = request_of(query)
    yield from pieces(copied(connection, query, _csv_sql(shape), "FORMAT csv, HEADER true"), b"\r\n")
    yield b"\r\n"


@lru_cache(maxsize=256)
def _lines_sql(shape: Shape) -> str:
    rows = _rows(shape)
    feature = feature_text(shape.layer, rows, shape.form or "geojson", shape.srid, y_first=shape.y_first)
    return compiled(_in_order(select(feature).select_from(with_properties(rows, shape.shown)), shape, rows))


@lru_cache(maxsize=256)
def _csv_sql(shape: Shape) -> str:
    rows, layer = _rows(shape), shape.layer
    values: list[ColumnElement[Any]] = [
        _cell(column, rows.c["_id" if column is layer.id_column else column.name]).label(column.name)
        for column in (layer.id_column, *shape.shown)
    ]
    geometry = shaped(layer, rows.c["_geometry"], shape.srid)
    if layer.geometry_type == "POINT":
        names = ("lon", "lat") if is_geographic(shape.srid) else ("x", "y")
        for name, read in zip(names, (func.ST_X, func.ST_Y), strict=True):
            number = func.round(cast(read(geometry), Numeric), literal_column(str(digits(shape.srid))))
            values.append(func.trim_scale(number).label(name))
    else:
        values.append(func.ST_AsText(geometry, literal_column(str(digits(shape.srid)))).label("wkt"))
    return compiled(_in_order(select(*values), shape, rows))


def _rows(shape: Shape) -> Any:
    return rows_of(shape, bindparam("_limit", type_=Integer))


def _in_order(statement: Select[Any], shape: Shape, rows: Any) -> Select[Any]:
    order = complete(shape.layer, shape.order)
    places = {key.name: rows.c[f"_key_{at}"] for at, key in enumerate(order)}
    return statement.order_by(*in_order(shape.layer, order, places))


def _cell(declared: Column[Any], value: ColumnElement[Any]) -> ColumnElement[Any]:
    kind = declared.type
    if isinstance(kind, DateTime):
        return iso_time(value)
    if isinstance(kind, Boolean):
        return cast(value, SqlText)
    if isinstance(kind, ARRAY):
        return cast(func.to_json(value), SqlText)
    if isinstance(kind, String) and not isinstance(kind, Enum):
        return _defused(value)
    return value


def _defused(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text that no spreadsheet computes; numbers, and telephone numbers with a plus, are left alone."""
    is_formula = or_(
        text.bool_op("~")(_FORMULA),
        and_(text.bool_op("~")(_SIGN), not_(text.bool_op("~")(_NUMBER))),
    )
    return case((is_formula, func.concat(literal_column("''''", SqlText), text)), else_=text)
