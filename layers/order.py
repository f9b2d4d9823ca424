"""The order of features, and the place in it where a page ends: keyset paging in any order.

Missing values come last in either direction, and the identifier settles ties, so that every
feature has one place. A cursor holds the keys of a page's last feature.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from geoalchemy2 import Geometry
from sqlalchemy import ARRAY, Column, ColumnElement, Enum, String, UnaryExpression, and_, bindparam, null, or_
from sqlalchemy import Text as SqlText

from gis_core.errors import InvalidParameterError, quoted
from layers.base import Layer
from layers.filters import parse_value

_MOST_KEYS = 8
_ALPHABET = "vi-x-icu"
"""Names are sorted as a Vietnamese dictionary does it: Đ after D, and not after Z."""


class SortKey(NamedTuple):
    """One column to sort by."""

    name: str
    descending: bool = False


Order = tuple[SortKey, ...]


class Columns(Protocol):
    """Columns by name: of a table, or of a query over it."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]: ...


def sortables(layer: Layer) -> tuple[Column[Any], ...]:
    """The columns of a layer that features can be sorted by."""
    columns = (layer.id_column, *layer.properties)
    return tuple(column for column in columns if not isinstance(column.type, ARRAY | Geometry))


def parse_order(layer: Layer, text: str) -> Order:
    """``-detected_at,name``: names with a minus before those that descend; a plus may stand before others.

    Raises:
        InvalidParameterError: a name is none of the layer's sortables, or is given twice.
    """
    keys: dict[str, SortKey] = {}
    known = [column.name for column in sortables(layer)]
    for part in text.split(","):
        # A plus sign of a query string arrives as a space.
        name = part.strip()[part.strip()[:1] in ("+", "-") :]
        if name not in known:
            raise InvalidParameterError(
                "sortby", f"{quoted(name)} is none of this layer's sortables; there are: {', '.join(known)}."
            )
        if name in keys:
            raise InvalidParameterError("sortby", f"{quoted(name)} is given twice.")
        keys[name] = SortKey(name, part.strip().startswith("-"))
    if len(keys) > _MOST_KEYS:
        raise InvalidParameterError("sortby", f"at most {_MOST_KEYS} names can be sorted by.")
    return complete(layer, tuple(keys.values()))


def complete(layer: Layer, order: Order) -> Order:
    """The order with the identifier behind it, which settles every tie.

    Identifiers of events begin with their time in milliseconds: to sort by time is to sort by
    them, which an index does.
    """
    settled: list[SortKey] = []
    for key in order:
        if key.name in (layer.id_column.name, layer.time_column):
            return (*settled, SortKey(layer.id_column.name, key.descending))
        settled.append(key)
    return (*settled, SortKey(layer.id_column.name))


def in_order(layer: Layer, order: Order, columns: Columns | Mapping[str, Any]) -> list[UnaryExpression[Any]]:
    """What to order by, where the layer's columns stand in ``columns``."""
    return [_directed(layer.table.c[key.name], columns[key.name], key) for key in order]


def follows(layer: Layer, order: Order, nulls: tuple[bool, ...]) -> ColumnElement[bool]:
    """Whether a feature comes after the place whose keys are bound as ``_after_0`` and so on.

    ``nulls`` says which of the keys are null: nothing comes after those but by later keys.
    """
    ways: list[ColumnElement[bool]] = []
    equal_so_far: list[ColumnElement[bool]] = []
    for at, (key, is_null) in enumerate(zip(order, nulls, strict=True)):
        column = _compared(layer, key)
        if is_null:
            equal_so_far.append(column.is_(null()))
            continue
        place = _place(layer, key, at)
        further = column < place if key.descending else column > place
        if layer.table.c[key.name].nullable:
            further = or_(further, column.is_(null()))
        ways.append(and_(*equal_so_far, further))
        equal_so_far.append(column == place)
    return and_(*_leading(layer, order, nulls), or_(*ways))


def _leading(layer: Layer, order: Order, nulls: tuple[bool, ...]) -> list[ColumnElement[bool]]:
    """What every way implies of the first key, said by itself so that an index is entered there."""
    first = order[0]
    if len(order) == 1 or nulls[0] or layer.table.c[first.name].nullable:
        return []
    column, place = _compared(layer, first), _place(layer, first, 0)
    return [column <= place if first.descending else column >= place]


def _compared(layer: Layer, key: SortKey) -> ColumnElement[Any]:
    declared = layer.table.c[key.name]
    return _sorted(declared, declared)


def _place(layer: Layer, key: SortKey, at: int) -> ColumnElement[Any]:
    declared = layer.table.c[key.name]
    return bindparam(f"_after_{at}", type_=SqlText() if _is_text(declared) else declared.type)


def _directed(declared: Column[Any], column: ColumnElement[Any], key: SortKey) -> UnaryExpression[Any]:
    column = _sorted(declared, column)
    if not key.descending:
        return column.asc()
    return column.desc().nulls_last() if declared.nullable else column.desc()


def _sorted(declared: Column[Any], column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Texts by the alphabet; codes, choices and what leads an index by the index's own order."""
    if not _is_text(declared) or isinstance(declared.type, Enum) or _leads_an_index(declared):
        return column
    return column.collate(_ALPHABET)


def _is_text(declared: Column[Any]) -> bool:
    return isinstance(declared.type, String)


def _leads_an_index(declared: Column[Any]) -> bool:
    indexes = (index.columns.values() for index in declared.table.indexes)
    return declared.primary_key or any(columns[:1] == [declared] for columns in indexes if columns)


def encode_cursor(layer: Layer, place: str, order: Order) -> str:
    """The text with which a client asks for what comes after ``place``, a JSON array of texts."""
    return base64.urlsafe_b64encode(_check(layer, place, order) + place.encode()).decode().rstrip("=")


def decode_cursor(layer: Layer, cursor: str, order: Order) -> list[Any]:
    """The keys of the feature that a cursor stands for; None where one is missing.

    Raises:
        InvalidParameterError: the text was cut, changed, or made for another layer or order.
    """
    refusal = InvalidParameterError("cursor", "this is not one that the layer gave; begin again without it.")
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
        place = raw[_CHECK_BYTES:].decode()
    except (binascii.Error, UnicodeError) as error:
        raise refusal from error
    # The checksum keeps a cut text from passing as another place, and a place from another order.
    if raw[:_CHECK_BYTES] != _check(layer, place, order):
        raise refusal
    try:
        texts = json.loads(place)
    except (json.JSONDecodeError, RecursionError) as error:
        raise refusal from error
    if not isinstance(texts, list) or len(texts) != len(order):
        raise refusal
    return [_key(layer, key, text, refusal) for key, text in zip(order, texts, strict=True)]


_CHECK_BYTES = 4


def _key(layer: Layer, key: SortKey, text: Any, refusal: InvalidParameterError) -> Any:
    declared = layer.table.c[key.name]
    if text is None and declared.nullable:
        return None
    if not isinstance(text, str):
        raise refusal
    return parse_value(declared, text, "cursor")


def _check(layer: Layer, place: str, order: Order) -> bytes:
    ordered = ",".join(f"{'-' if key.descending else ''}{key.name}" for key in order)
    return blake2b(f"{layer.name}\x1f{ordered}\x1f{place}".encode(), digest_size=_CHECK_BYTES).digest()
