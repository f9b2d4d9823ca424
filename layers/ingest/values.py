"""Values of a file become values of a column, or a reason why they cannot."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Enum, Float, Integer, SmallInteger

from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray
from layers.base import Layer
from layers.ingest.plain_values import are_plain_texts, plain_instants, plain_numbers
from layers.ingest.source import ObjectArray, is_bad, no_faults, shown

MAX_TEXT = 10_000
"""Longer texts are a sign of a damaged file."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(days=1)

_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0", "có"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0", "không"})
# Beyond 2^53 a number that was read as floating point is no longer exact.
_INTEGER_LIMIT = {SmallInteger: 2**15, BigInteger: 2**53, Integer: 2**31}
_INSTANT = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?"
_BEFORE_ZONE = len("2025-10-27T20:00")


class Converted:
    """A column of values for a layer; ``faults`` has a reason wherever the value is no good."""

    __slots__ = ("faults", "local_times", "values")

    def __init__(self, values: pd.Series, faults: ObjectArray, *, local_times: int = 0) -> None:
        self.values = values
        self.faults = faults
        self.local_times = local_times


def convert(layer: Layer, column: Column[Any], values: pd.Series, decimal: str = ".") -> Converted:
    """Fit raw values to a column of a layer: type, limits, choices and length.

    Args:
        layer: whose legend also names the choices.
        column: where the values go.
        values: one per row: texts, numbers, booleans, lists or None.
        decimal: the decimal sign of numbers written as text.
    """
    kind = column.type
    if isinstance(kind, Enum):
        return _choices(layer, column, values)
    if isinstance(kind, Boolean):
        return _each(values, lambda value: _boolean(column.name, value))
    if isinstance(kind, Integer | Float):
        return _numbers(column, values, decimal)
    if isinstance(kind, DateTime):
        return _instants(column, values)
    if isinstance(kind, ARRAY):
        return _each(values, lambda value: _list(column.name, value))
    return _texts(column, values)


def missing(values: pd.Series) -> pd.Series:
    """Which values are not there: null, NaN or an empty text."""
    absent = values.isna()
    if values.dtype == object:
        return absent | np.array(
            [isinstance(value, str) and not value.strip() for value in values], dtype=bool
        )
    if isinstance(values.dtype, pd.StringDtype):
        return absent | (values.str.strip() == "").fillna(False).astype(bool)
    return absent


def parse_numbers(values: pd.Series, decimal: str = ".") -> tuple[FloatArray, ObjectArray]:
    """Numbers of a column; NaN where there is none.

    Returns:
        The numbers, and for each text that is no finite number a reason without its column's name.
    """
    plain = plain_numbers(values)
    if plain is not None:
        return plain, no_faults(len(values))
    absent = missing(values).to_numpy()
    texts = values.where(~absent, None)
    if decimal != "." and isinstance(texts.dtype, pd.StringDtype):
        texts = texts.str.replace(decimal, ".", regex=False)
    if texts.dtype == object:
        parsed = np.array([_number(value) for value in texts], dtype=float)
    else:
        parsed = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    faults = no_faults(len(values))
    for row in np.flatnonzero(~absent & ~np.isfinite(parsed)):
        faults[row] = f"{shown(values.iloc[row])} is not a finite number"
    return parsed, faults


def _number(value: Any) -> float:
    if value is None or isinstance(value, bool | list | dict | bytes):
        return math.nan
    try:
        # float() also reads 1_000, which no file means.
        return math.nan if isinstance(value, str) and "_" in value else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _numbers(column: Column[Any], values: pd.Series, decimal: str) -> Converted:
    parsed, reasons = parse_numbers(values, decimal)
    faults = no_faults(len(values))
    unit = f" {column.info['unit']}" if column.info.get("unit") else ""
    checks: list[tuple[Any, Callable[[Any], str]]] = [(is_bad(reasons), lambda row: str(reasons[row]))]
    minimum, maximum = column.info.get("minimum"), column.info.get("maximum")
    if minimum is not None:
        checks.append((parsed < minimum, lambda row: f"{parsed[row]:g} is below {minimum:g}{unit}"))
    if maximum is not None:
        checks.append((parsed > maximum, lambda row: f"{parsed[row]:g} is above {maximum:g}{unit}"))
    whole = isinstance(column.type, Integer)
    if whole:
        limit = next(size for kind, size in _INTEGER_LIMIT.items() if isinstance(column.type, kind))
        fraction = np.isfinite(parsed) & (parsed != np.floor(parsed))
        checks.append((fraction, lambda row: f"{parsed[row]:g} is not a whole number"))
        checks.append((np.abs(parsed) >= limit, lambda row: f"{parsed[row]:g} is too large"))
    for wrong, reason in checks:
        for row in np.flatnonzero(wrong):
            faults[row] = faults[row] or f"{column.name} {reason(row)}"
    result = pd.Series(np.where(is_bad(faults), np.nan, parsed), index=values.index)
    return Converted(result.astype("Int64") if whole else result, faults)


def _instants(column: Column[Any], values: pd.Series) -> Converted:
    """Times as aware UTC; those without a zone are Huế's local time."""
    latest = datetime.now(UTC) + CLOCK_SKEW
    plain = plain_instants(values)
    if plain is not None and not ((plain < EARLIEST) | (plain > latest)).any():
        return Converted(plain, no_faults(len(values)))
    absent = missing(values).to_numpy()
    texts = pd.Series(
        ["" if gone else str(value).strip() for value, gone in zip(values, absent, strict=True)], dtype="str"
    )
    formed = texts.str.fullmatch(_INSTANT).to_numpy(dtype=bool)
    zoned = formed & texts.str.slice(_BEFORE_ZONE).str.contains("[Z+-]").to_numpy(dtype=bool)
    local = formed & ~zoned
    result = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    result[zoned] = pd.to_datetime(texts[zoned], format="ISO8601", utc=True, errors="coerce").astype(
        result.dtype
    )
    naive = pd.to_datetime(texts[local], format="ISO8601", errors="coerce").astype("datetime64[us]")
    aware = naive.dt.tz_localize(LOCAL_ZONE, ambiguous="NaT", nonexistent="NaT")
    result[local] = aware.dt.tz_convert("UTC")
    faults = no_faults(len(values))
    unread = ~absent & result.isna().to_numpy()
    for row in np.flatnonzero(unread):
        example = "2025-10-27T20:00:00+07:00"
        faults[row] = f"{column.name} {shown(texts[row])} is not a time; write for example {example}"
    for row in np.flatnonzero((result < EARLIEST).to_numpy()):
        faults[row] = f"{column.name} {shown(texts[row])} is before {EARLIEST.year}"
    for row in np.flatnonzero((result > latest).to_numpy()):
        faults[row] = f"{column.name} {shown(texts[row])} lies in the future"
    result.index = values.index
    return Converted(result, faults, local_times=int((local & ~unread).sum()))


def _choices(layer: Layer, column: Column[Any], values: pd.Series) -> Converted:
    kind = column.type
    allowed = list(kind.enums) if isinstance(kind, Enum) else []
    known = {choice.casefold(): choice for choice in allowed}
    if layer.style.column == column.name:
        for entry in layer.style.classes:
            known |= {label.casefold(): entry.value for label in entry.label}
    # One look at each different value: a file of a million rows holds few of them.
    hashable = values if isinstance(values.dtype, pd.StringDtype) else values.map(_hashable)
    codes, different = pd.factorize(hashable, use_na_sentinel=True)
    chosen = np.array(
        [*(known.get(str(value).strip().casefold()) for value in different), None], dtype=object
    )
    result = pd.Series(chosen[codes], index=values.index, dtype=object)
    faults = no_faults(len(values))
    absent = missing(values).to_numpy()
    for row in np.flatnonzero(result.isna().to_numpy() & ~absent):
        faults[row] = f"{column.name} {shown(values.iloc[row])} is not one of {', '.join(allowed)}"
    return Converted(result, faults)


def _hashable(value: Any) -> Any:
    return str(value) if isinstance(value, list | dict | bool) else value


def _texts(column: Column[Any], values: pd.Series) -> Converted:
    if isinstance(values.dtype, pd.StringDtype):
        texts = values
    else:
        texts = pd.Series([_text(value) for value in values], index=values.index, dtype=object)
    if not column.nullable:
        texts = texts.where(~missing(texts), None)
    faults = no_faults(len(values))
    if are_plain_texts(texts, MAX_TEXT):
        return Converted(texts, faults)
    # Arrow's strings are slow to walk over one by one.
    walked = texts.to_numpy(dtype=object)
    faults[:] = [_text_fault(column.name, value) if isinstance(value, str) else None for value in walked]
    return Converted(texts, faults)


def _text_fault(name: str, text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return f"{name} is longer than {MAX_TEXT:,} characters"
    if not _storable(text):
        return f"{name} {shown(text)} holds characters that are no text (NUL or half a pair)"
    return None


def _storable(text: str) -> bool:
    if text.isascii():
        return "\x00" not in text
    return "\x00" not in text and not re.search("[\ud800-\udfff]", text)


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        # A column of whole numbers with gaps arrives as floating point; codes must not gain ".0".
        return str(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _each(values: pd.Series, one: Callable[[Any], tuple[Any, str | None]]) -> Converted:
    absent = missing(values).to_numpy() if len(values) else np.zeros(0, dtype=bool)
    pairs = [(None, None) if gone else one(value) for value, gone in zip(values, absent, strict=True)]
    faults = no_faults(len(values))
    faults[:] = [fault for _, fault in pairs]
    return Converted(pd.Series([value for value, _ in pairs], index=values.index, dtype=object), faults)


def _boolean(name: str, value: Any) -> tuple[bool | None, str | None]:
    text = str(value).strip().casefold()
    if text in _TRUE:
        return True, None
    if text in _FALSE:
        return False, None
    return None, f"{name} {shown(value)} is neither true nor false"


def _list(name: str, value: Any) -> tuple[list[str] | None, str | None]:
    """A list as itself, as JSON, or as texts between semicolons."""
    items = value
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            items = json.loads(value)
        except (ValueError, RecursionError):
            return None, f"{name} {shown(value)} is not a JSON list"
    elif isinstance(value, str):
        items = [item.strip() for item in value.split(";")]
    elif isinstance(value, np.ndarray):
        items = value.tolist()
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return None, f"{name} {shown(value)} is not a list of texts"
    if any(len(item) > MAX_TEXT or not _storable(item) for item in items):
        return None, f"{name} holds an item that is too long or no text"
    return items, None
