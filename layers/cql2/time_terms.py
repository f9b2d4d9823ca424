"""Moments, days and intervals as terms: a day is all of it in Huế, and every end belongs to it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, literal_column

from gis_core.errors import quoted
from gis_core.time import parse_instant
from layers.cql2.terms import Binder, Kind, Term, refuse
from layers.cql2.text import PARAMETER

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_LAST_OF_DAY = timedelta(days=1) - timedelta(microseconds=1)
"""To the last moment that PostgreSQL tells apart from the next day."""
_OPEN = ("..", "")


def instant_term(text: Any, binder: Binder) -> Term:
    """``DATE('…')``, ``TIMESTAMP('…')`` or their JSON as a moment or a whole day.

    Raises:
        InvalidParameterError: the text is no date and no time.
    """
    if not isinstance(text, str):
        refuse("DATE and TIMESTAMP need a text such as '2025-10-27' or '2025-10-27T13:00:00Z'.")
    start = parse_instant(text, PARAMETER)
    until = _last_moment(text, start)
    return Term(
        Kind.INSTANT,
        binder.instant(start),
        quoted(text),
        start,
        None if until == start else binder.instant(until),
    )


def moment(term: Term, other: Term, binder: Binder) -> Term:
    """The term; as a moment where it is a text that stands beside one."""
    if other.kind is Kind.INSTANT and term.kind is Kind.TEXT and isinstance(term.literal, str):
        return instant_term(term.literal, binder)
    return term


def interval_term(start: Term | str, end: Term | str, binder: Binder) -> Term:
    """An interval of two moments, texts that are moments, or ``..`` for an open end.

    Raises:
        InvalidParameterError: an end is no moment, or it ends before it begins.
    """
    first = _end_of_interval(start, "-infinity", binder)
    last = _end_of_interval(end, "infinity", binder)
    if first.literal is not None and last.literal is not None and first.literal > last.literal:
        refuse(f"the interval from {first.name} to {last.name} ends before it begins.")
    return Term(Kind.INTERVAL, first.sql, f"the interval from {first.name} to {last.name}", until=last.end)


def _end_of_interval(end: Term | str, unbounded: str, binder: Binder) -> Term:
    if isinstance(end, str):
        if end in _OPEN:
            return Term(Kind.INSTANT, _infinity(unbounded), "'..'")
        return instant_term(end, binder)
    if end.kind is not Kind.INSTANT:
        refuse(f"an interval reaches from one instant to another, and {end.name} is {end.kind.value}.")
    return end


def _infinity(sign: str) -> ColumnElement[datetime]:
    return literal_column(f"'{sign}'::timestamptz", DateTime(timezone=True))


def _last_moment(text: str, start: datetime) -> datetime:
    if not _DATE.match(text):
        return start
    try:
        return start + _LAST_OF_DAY
    except OverflowError:
        refuse(f"{quoted(text)} is beyond the calendar.")
