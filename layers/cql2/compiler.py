"""A filter in the JSON form of CQL2 as one SQL condition over a layer.

Every value is a bound parameter; every name in the SQL comes from the layer's declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Uuid,
    and_,
    false,
    not_,
    null,
    or_,
    type_coerce,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from gis_core.crs import OutputCRS
from gis_core.errors import quoted
from layers.base import Layer
from layers.cql2 import comparison, functions, spatial, temporal
from layers.cql2.terms import Binder, Kind, Term, need, refuse
from layers.cql2.text import Node
from layers.cql2.time_terms import instant_term, interval_term

GEOMETRY_NAME = "geometry"
"""What filters call the geometry that a layer shows."""

_KINDS = {Boolean: Kind.BOOLEAN, Integer: Kind.NUMBER, Float: Kind.NUMBER, DateTime: Kind.INSTANT,
          Uuid: Kind.IDENTIFIER, ARRAY: Kind.ARRAY}  # fmt: skip
_ARRAYS = {"a_contains": "@>", "a_containedby": "<@", "a_overlaps": "&&"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled filter: its SQL, which alone makes two of them equal, and the values bound in it."""

    text: str
    clause: ColumnElement[bool] = field(compare=False)
    values: Mapping[str, Any] = field(compare=False)


def compile_filter(layer: Layer, node: Node, crs: OutputCRS) -> Condition:
    """The condition that a filter stands for; geometries in it are in ``crs``.

    Raises:
        InvalidParameterError: it names what is not there, or joins what does not fit together.
    """
    binder = Binder()
    term = need(_Compiler(layer, crs, binder).term(node), Kind.BOOLEAN, "the whole filter")
    text = str(term.sql.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]
    return Condition(text, term.sql, binder.values)


def queryable_names(layer: Layer) -> tuple[str, ...]:
    """Everything of a layer that a filter may name."""
    return (layer.id_column.name, *(column.name for column in layer.properties), GEOMETRY_NAME)


class _Compiler:
    """Turns nodes into terms, one method for each form that a node has."""

    def __init__(self, layer: Layer, crs: OutputCRS, binder: Binder) -> None:
        self._layer = layer
        self._crs = crs
        self._binder = binder
        self._columns = {column.name: column for column in (layer.id_column, *layer.properties)}

    def term(self, node: Node) -> Term:
        """What a node stands for, typed."""
        if node is None or isinstance(node, str | int | float):
            return self._scalar(node)
        if isinstance(node, list):
            return self._array(node)
        if spatial.is_geometry(node):
            return spatial.geometry_term(node, self._crs, self._binder)
        return self._object(node)

    def _scalar(self, value: str | float | None) -> Term:
        if value is None:
            return Term(Kind.NULL, null(), "NULL")
        if isinstance(value, bool):
            return Term(Kind.BOOLEAN, self._binder.truth(value), str(value).lower(), value)
        if isinstance(value, str):
            return Term(Kind.TEXT, self._binder.text(value), quoted(value), value)
        return Term(Kind.NUMBER, self._binder.number(value), str(value), value)

    def _object(self, node: dict[str, Node]) -> Term:
        forms: dict[str, Callable[[Node], Term]] = {
            "property": self._property,
            "date": self._instant,
            "timestamp": self._instant,
            "interval": self._interval,
            "bbox": lambda numbers: spatial.box_term(numbers, self._crs, self._binder),
        }
        for name, read in forms.items():
            if name in node:
                return read(node[name])
        operation, arguments = node.get("op"), node.get("args")
        if not isinstance(operation, str) or not isinstance(arguments, list):
            refuse(f"an object of it is none of CQL2: it has {', '.join(map(quoted, node)) or 'nothing'}.")
        return self._operation(operation, arguments)

    def _property(self, name: Node) -> Term:
        if name == GEOMETRY_NAME:
            return Term(Kind.GEOMETRY, self._layer.shown_geometry, GEOMETRY_NAME)
        if not isinstance(name, str) or name not in self._columns:
            known = ", ".join(queryable_names(self._layer))
            refuse(f"{quoted(str(name))} is none of this layer's queryables; there are: {known}.")
        column = self._columns[name]
        return Term(_kind_of(column), _plain(column), name)

    def _instant(self, value: Node) -> Term:
        return instant_term(value, self._binder)

    def _interval(self, ends: Node) -> Term:
        if not isinstance(ends, list) or len(ends) != 2:
            refuse("an interval has two ends.")
        start, end = (one if isinstance(one, str) else self.term(one) for one in ends)
        return interval_term(start, end, self._binder)

    def _array(self, nodes: list[Node]) -> Term:
        if all(isinstance(node, str) for node in nodes):
            return Term(Kind.ARRAY, self._binder.bind(nodes, ARRAY(SqlText)), "the list", nodes)
        terms = [self.term(node) for node in nodes]
        for one in terms:
            need(one, Kind.TEXT, "a list")
        return Term(Kind.ARRAY, array([one.sql for one in terms], type_=SqlText), "the list")

    def _operation(self, name: str, arguments: list[Node]) -> Term:
        key = name.lower()
        if key in _LOGICAL:
            return self._logical(key, arguments)
        if key == "in":
            return self._among(arguments)
        if key in _ARITY:
            return _truth(self._predicate(key, self._terms(name, arguments, _ARITY[key])))
        return self._value(name, arguments)

    def _value(self, name: str, arguments: list[Node]) -> Term:
        key = name.lower()
        if key == "casei":
            return functions.without_case(*self._terms(name, arguments, 1))
        if key == "accenti":
            return functions.without_accents(*self._terms(name, arguments, 1))
        if key in functions.ARITHMETIC:
            return functions.compute(key, *self._terms(name, arguments, 2))
        return functions.call(name, [self.term(one) for one in arguments])

    def _terms(self, name: str, arguments: list[Node], number: int) -> list[Term]:
        if len(arguments) != number:
            refuse(f"{name} takes {number} arguments; {len(arguments)} are given.")
        return [self.term(one) for one in arguments]

    def _predicate(self, key: str, terms: list[Term]) -> ColumnElement[bool]:
        first, *others = terms
        if key == "isnull":
            # Every feature has a geometry; where it is computed, asking each row would take long.
            return false() if first.sql is self._layer.shown_geometry else first.sql.is_(null())
        if key == "between":
            low, high = others
            return comparison.between(first, low, high, self._binder)
        if key == "like":
            return comparison.like(first, *others)
        return self._relation(key, first, *others)

    def _relation(self, key: str, first: Term, second: Term) -> ColumnElement[bool]:
        if key in comparison.COMPARISONS:
            return comparison.compare(key, first, second, self._binder)
        if key in spatial.SPATIAL:
            return spatial.relate(key, first, second, self._layer)
        if key in temporal.TEMPORAL:
            return temporal.relate(key, first, second, self._binder)
        return self._of_arrays(key, first, second)

    def _logical(self, key: str, arguments: list[Node]) -> Term:
        if not arguments or (key == "not" and len(arguments) != 1):
            refuse(f"{key.upper()} takes {'one argument' if key == 'not' else 'two arguments or more'}.")
        operands = [need(self.term(one), Kind.BOOLEAN, key.upper()).sql for one in arguments]
        if key == "not":
            return _truth(not_(operands[0]))
        return _truth(and_(*operands) if key == "and" else or_(*operands))

    def _among(self, arguments: list[Node]) -> Term:
        if len(arguments) != 2 or not isinstance(arguments[1], list) or not arguments[1]:
            refuse("IN takes an expression and a list of at least one value.")
        sought, listed = self.term(arguments[0]), arguments[1]
        by_array = comparison.among_values(sought, listed, self._binder)
        if by_array is not None:
            return _truth(by_array)
        return _truth(comparison.among(sought, [self.term(one) for one in listed], self._binder))

    def _of_arrays(self, key: str, first: Term, second: Term) -> ColumnElement[bool]:
        # In text a list of one is an expression in parentheses.
        pair = [
            self._array([one.literal]) if isinstance(one.literal, str) else one for one in (first, second)
        ]
        a, b = (need(one, Kind.ARRAY, key.upper()).sql for one in pair)
        if key == "a_equals":
            return and_(a.bool_op("@>")(b), a.bool_op("<@")(b))
        return a.bool_op(_ARRAYS[key])(b)


_LOGICAL = ("and", "or", "not")
_ARITY = {
    **dict.fromkeys((*comparison.COMPARISONS, *spatial.SPATIAL, *temporal.TEMPORAL), 2),
    **dict.fromkeys(("a_equals", *_ARRAYS), 2),
    "like": 2,
    "between": 3,
    "isnull": 1,
}
"""How many arguments each operation takes that is true or false."""


def _truth(sql: ColumnElement[bool]) -> Term:
    return Term(Kind.BOOLEAN, sql, "a condition")


def _kind_of(column: Column[Any]) -> Kind:
    return next((kind for type_, kind in _KINDS.items() if isinstance(column.type, type_)), Kind.TEXT)


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """The column; one of fixed choices as text, for a filter may name a choice that there is not."""
    return (
        column
        if _kind_of(column) is not Kind.TEXT
        else cast(ColumnElement[Any], type_coerce(column, SqlText))
    )
