"""Values that a request gives as text, turned into what a layer's column holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Enum, Float, Integer, SmallInteger, Uuid
from sqlalchemy.types import TypeEngine

from gis_core.errors import InvalidParameterError, quoted
from gis_core.time import parse_instant

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def parse_value(column: Column[Any], text: str, parameter: str | None = None) -> Any:
    """The value that ``text`` stands for in ``column``; for an array, one element of it.

    Raises:
        InvalidParameterError: the text is not of the column's type; says what is expected.
    """
    name = parameter or column.name
    if "\x00" in text:
        raise InvalidParameterError(name, "the text holds a null character.")
    for kind, read in _READERS.items():
        if isinstance(column.type, kind):
            return read(name, text, column.type)
    return text


def _one_of(name: str, text: str, kind: Enum) -> str:
    if text not in kind.enums:
        raise InvalidParameterError(name, f"{quoted(text)} is not one of: {', '.join(kind.enums)}.")
    return text


def _boolean(name: str, text: str, _: Boolean) -> bool:
    if text.lower() not in _TRUTH:
        raise InvalidParameterError(name, f"{quoted(text)} is not true or false.")
    return _TRUTH[text.lower()]


def _plain(text: str) -> str:
    """The text itself, where it is not one that only Python takes for a number: 1_000, １２."""
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return text


def _integer(name: str, text: str, kind: Integer) -> int:
    bits = 16 if isinstance(kind, SmallInteger) else 64 if isinstance(kind, BigInteger) else 32
    limit = 1 << (bits - 1)
    try:
        value = int(_plain(text))
    except ValueError as error:
        raise InvalidParameterError(name, f"{quoted(text)} is not a whole number.") from error
    if not -limit <= value < limit:
        raise InvalidParameterError(name, f"{quoted(text)} is not between {-limit} and {limit - 1}.")
    return value


def _number(name: str, text: str, _: Float[float]) -> float:
    try:
        value = float(_plain(text))
    except ValueError as error:
        raise InvalidParameterError(name, f"{quoted(text)} is not a number.") from error
    if not math.isfinite(value):
        raise InvalidParameterError(name, f"{quoted(text)} is not a finite number.")
    return value


def _uuid(name: str, text: str, _: Uuid[UUID]) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidParameterError(name, f"{quoted(text)} is not a UUID.") from error


def _instant(name: str, text: str, _: DateTime) -> datetime:
    return parse_instant(text, name)


_READERS: dict[type[TypeEngine[Any]], Callable[[str, str, Any], Any]] = {
    Enum: _one_of,
    Boolean: _boolean,
    Integer: _integer,
    Float: _number,
    DateTime: _instant,
    Uuid: _uuid,
}
"""By type of column, the more special first; every other column holds plain text."""
