"""The typed parts that a filter is compiled from: what each is, and its SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn

from sqlalchemy import BigInteger, Boolean, ColumnElement, DateTime, Float, bindparam
from sqlalchemy import Text as SqlText
from sqlalchemy.types import TypeEngine

from gis_core.errors import InvalidParameterError
from layers.cql2.text import PARAMETER


class Kind(Enum):
    """What a part of a filter is; the value names it in sentences."""

    BOOLEAN = "true or false"
    NUMBER = "a number"
    TEXT = "a text"
    IDENTIFIER = "a UUID"
    INSTANT = "an instant"
    INTERVAL = "an interval"
    GEOMETRY = "a geometry"
    ARRAY = "a list"
    NULL = "NULL"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a filter: its kind, its SQL, and how a sentence names it.

    ``literal`` is the value where it was written out. An instant that is a whole day, and an
    interval, have ``sql`` for their start and ``until`` for their end, which belongs to them.
    """

    kind: Kind
    sql: ColumnElement[Any]
    name: str
    literal: Any = None
    until: ColumnElement[Any] | None = None

    @property
    def end(self) -> ColumnElement[Any]:
        """The end of a stretch of time; of a moment, the moment."""
        return self.sql if self.until is None else self.until


class Binder:
    """Hands out bound parameters, named in the order in which the filter asks for them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        """What each parameter stands for, by its name."""

    def bind(self, value: Any, type_: TypeEngine[Any] | type[TypeEngine[Any]]) -> ColumnElement[Any]:
        """A parameter of that type; its value is kept apart from the SQL."""
        name = f"_filter_{len(self.values)}"
        self.values[name] = value
        return bindparam(name, type_=type_)

    def number(self, value: float) -> ColumnElement[Any]:
        """Whole numbers stay whole, so that an index on whole numbers is used."""
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            value = int(value)
        if isinstance(value, int) and abs(value) < 2**63:
            return self.bind(value, BigInteger)
        return self.bind(as_double(value), Float(53))

    def text(self, value: str) -> ColumnElement[Any]:
        return self.bind(value, SqlText)

    def truth(self, value: bool) -> ColumnElement[Any]:
        return self.bind(value, Boolean)

    def instant(self, value: Any) -> ColumnElement[Any]:
        return self.bind(value, DateTime(timezone=True))


def refuse(reason: str) -> NoReturn:
    """Raise what is said of a filter that cannot be evaluated."""
    raise InvalidParameterError(PARAMETER, reason)


def need(term: Term, kind: Kind, where: str) -> Term:
    """The term, which must be of that kind.

    Raises:
        InvalidParameterError: it is of another kind.
    """
    if term.kind is not kind:
        refuse(f"{where} needs {kind.value}, and {term.name} is {term.kind.value}.")
    return term


def is_number(value: object) -> bool:
    """Whether a value of the JSON form is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_double(value: float) -> float:
    """A number in double precision.

    Raises:
        InvalidParameterError: it is beyond that.
    """
    try:
        return float(value)
    except OverflowError:
        refuse("a number in it is too large.")
