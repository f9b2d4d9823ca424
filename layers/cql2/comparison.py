"""Comparisons of numbers, texts, truth values and moments, so that indexes on columns stay usable."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Float, Uuid, and_, any_, cast, not_, or_
from sqlalchemy import Text as SqlText

from layers.cql2.terms import Binder, Kind, Term, as_double, is_number, refuse
from layers.cql2.time_terms import moment

Comparison = Callable[[Any, Any], ColumnElement[bool]]

COMPARISONS: dict[str, Comparison] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERED = (Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN, Kind.INSTANT, Kind.IDENTIFIER)


def compare(sign: str, left: Term, right: Term, binder: Binder) -> ColumnElement[bool]:
    """One comparison of two terms of one kind.

    A text beside a moment is read as one, and a date is the whole day, as in ``datetime``.

    Raises:
        InvalidParameterError: the two cannot be compared.
    """
    if Kind.NULL in (left.kind, right.kind):
        refuse("nothing equals NULL; write IS NULL or IS NOT NULL.")
    left, right = moment(left, right, binder), moment(right, left, binder)
    left, right = _identifier(left, right, binder), _identifier(right, left, binder)
    if left.kind is not right.kind:
        refuse(f"{left.name} is {left.kind.value} and {right.name} is {right.kind.value}.")
    if left.kind not in _ORDERED:
        refuse(f"'{sign}' does not compare {left.name}, which is {left.kind.value}{_instead(left.kind)}.")
    if left.until is not None or right.until is not None:
        return _with_days(sign, left, right)
    return COMPARISONS[sign](left.sql, right.sql)


def _instead(kind: Kind) -> str:
    better = {
        Kind.GEOMETRY: "; use S_EQUALS or S_INTERSECTS",
        Kind.ARRAY: "; use A_CONTAINS or A_EQUALS",
        Kind.INTERVAL: "; use T_EQUALS or T_INTERSECTS",
    }
    return better.get(kind, "")


def _with_days(sign: str, left: Term, right: Term) -> ColumnElement[bool]:
    if right.until is None:
        return _with_days(_MIRRORED[sign], right, left)
    within = and_(left.sql >= right.sql, left.end <= right.end)
    return {
        "=": within,
        "<>": not_(within),
        "<": left.end < right.sql,
        "<=": left.end <= right.end,
        ">": left.sql > right.end,
        ">=": left.sql >= right.sql,
    }[sign]


def _identifier(term: Term, other: Term, binder: Binder) -> Term:
    """A text beside a UUID becomes one; beside a text that can be none, a UUID becomes text."""
    if {term.kind, other.kind} != {Kind.IDENTIFIER, Kind.TEXT}:
        return term
    text = term.literal if term.kind is Kind.TEXT else other.literal
    try:
        identifier = UUID(text) if isinstance(text, str) else None
    except ValueError:
        identifier = None
    if identifier is not None:
        is_text = term.kind is Kind.TEXT
        return Term(Kind.IDENTIFIER, binder.bind(identifier, Uuid), term.name) if is_text else term
    return term if term.kind is Kind.TEXT else Term(Kind.TEXT, cast(term.sql, SqlText), term.name)


def between(term: Term, low: Term, high: Term, binder: Binder) -> ColumnElement[bool]:
    """Whether a term lies between two others, both of which belong to the range."""
    return and_(compare(">=", term, low, binder), compare("<=", term, high, binder))


def among(term: Term, listed: list[Term], binder: Binder) -> ColumnElement[bool]:
    """Whether a term equals one of those in a list."""
    return or_(*(compare("=", term, one, binder) for one in listed))


def among_values(term: Term, values: list[Any], binder: Binder) -> ColumnElement[bool] | None:
    """The same for texts or numbers written out, as one array; None where they do not fit the term."""
    if term.kind is Kind.TEXT and all(isinstance(value, str) for value in values):
        return term.sql == any_(binder.bind(values, ARRAY(SqlText)))
    if term.kind is Kind.NUMBER and all(is_number(value) for value in values):
        if all(isinstance(value, int) and abs(value) < 2**63 for value in values):
            return term.sql == any_(binder.bind(values, ARRAY(BigInteger)))
        return term.sql == any_(binder.bind([as_double(value) for value in values], ARRAY(Float(53))))
    return None


_MOST_WILDCARDS = 100
"""Each of them lets the search of every row begin anew."""


def like(term: Term, pattern: Term) -> ColumnElement[bool]:
    """Whether a text fits a pattern: ``%`` any characters, ``_`` one, ``\\`` before either for itself.

    Raises:
        InvalidParameterError: one is no text, or the pattern is a property or ends in the middle.
    """
    text = Term(Kind.TEXT, cast(term.sql, SqlText), term.name) if term.kind is Kind.IDENTIFIER else term
    for one in (text, pattern):
        if one.kind is not Kind.TEXT:
            refuse(f"LIKE needs a text, and {one.name} is {one.kind.value}.")
    if pattern.literal is None:
        refuse("the pattern of LIKE is a text written out, within CASEI or ACCENTI or not.")
    bare = pattern.literal
    if (len(bare) - len(bare.rstrip("\\"))) % 2:
        refuse("the pattern of LIKE ends in a backslash with nothing behind it.")
    if bare.count("%") > _MOST_WILDCARDS:
        refuse(f"the pattern of LIKE holds more than {_MOST_WILDCARDS} signs '%'.")
    return text.sql.like(pattern.sql)
