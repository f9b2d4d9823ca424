"""The temporal functions: relations of instants and closed intervals (OWL-Time, after Allen)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, or_

from layers.cql2.terms import Binder, Kind, Term, refuse
from layers.cql2.time_terms import moment

Relation = Callable[[Term, Term], ColumnElement[bool]]

_FOR_ALL: dict[str, Relation] = {
    "t_after": lambda a, b: a.sql > b.end,
    "t_before": lambda a, b: a.end < b.sql,
    "t_disjoint": lambda a, b: or_(a.end < b.sql, a.sql > b.end),
    "t_intersects": lambda a, b: and_(a.sql <= b.end, a.end >= b.sql),
}
_FOR_INTERVALS: dict[str, Relation] = {
    "t_contains": lambda a, b: and_(a.sql < b.sql, a.end > b.end),
    "t_during": lambda a, b: and_(a.sql > b.sql, a.end < b.end),
    "t_finishedby": lambda a, b: and_(a.sql < b.sql, a.end == b.end),
    "t_finishes": lambda a, b: and_(a.sql > b.sql, a.end == b.end),
    "t_meets": lambda a, b: a.end == b.sql,
    "t_metby": lambda a, b: a.sql == b.end,
    "t_overlappedby": lambda a, b: and_(a.sql > b.sql, a.sql < b.end, a.end > b.end),
    "t_overlaps": lambda a, b: and_(a.sql < b.sql, a.end > b.sql, a.end < b.end),
    "t_startedby": lambda a, b: and_(a.sql == b.sql, a.end > b.end),
    "t_starts": lambda a, b: and_(a.sql == b.sql, a.end < b.end),
}
TEMPORAL = ("t_equals", *_FOR_ALL, *_FOR_INTERVALS)
"""The names of the functions, in small letters."""


def relate(name: str, first: Term, second: Term, binder: Binder) -> ColumnElement[bool]:
    """One temporal function of two terms.

    Raises:
        InvalidParameterError: a term is no time, or an instant where the function is of intervals.
    """
    first, second = moment(first, second, binder), moment(second, first, binder)
    for term in (first, second):
        if term.kind not in (Kind.INSTANT, Kind.INTERVAL):
            refuse(f"{name.upper()} needs instants or intervals, and {term.name} is {term.kind.value}.")
    if name == "t_equals":
        return _equals(first, second)
    if name in _FOR_ALL:
        return _FOR_ALL[name](first, second)
    for term in (first, second):
        if term.kind is not Kind.INTERVAL:
            refuse(
                f"{name.upper()} is of two intervals, and {term.name} is an instant; "
                "use T_INTERSECTS, T_BEFORE or T_AFTER."
            )
    return _FOR_INTERVALS[name](first, second)


def _equals(first: Term, second: Term) -> ColumnElement[bool]:
    a_day = [term for term in (first, second) if term.kind is Kind.INSTANT and term.until is not None]
    if a_day and first.kind is second.kind:
        # An instant of the data equals a date where it lies in that day, for that is its resolution.
        return _FOR_ALL["t_intersects"](first, second)
    return and_(first.sql == second.sql, first.end == second.end)
