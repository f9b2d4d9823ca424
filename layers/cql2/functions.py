"""The functions that filters may call beside those of the standard, and arithmetic.

Lengths and areas are measured in EPSG:9214.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Numeric, cast, func, literal_column
from sqlalchemy import Text as SqlText

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import Text
from layers.cql2.terms import Kind, Term, need, refuse

_Sql = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what it does, its arguments by name and kind, and the kind of its value."""

    title: Text
    arguments: tuple[tuple[str, Kind], ...]
    returns: Kind
    sql: Callable[..., _Sql]


def _double(sql: _Sql) -> _Sql:
    return cast(sql, Float(53))


def _metric(geometry: _Sql) -> _Sql:
    return func.ST_Transform(geometry, literal_column(str(METRIC_SRID)))


def _buffer(geometry: _Sql, distance_m: _Sql) -> _Sql:
    grown = func.ST_Buffer(_metric(geometry), _double(distance_m))
    return func.ST_Transform(grown, literal_column(str(STORAGE_SRID)))


_NUMBER, _TEXT, _GEOMETRY = ("number", Kind.NUMBER), ("text", Kind.TEXT), ("geometry", Kind.GEOMETRY)

FUNCTIONS: dict[str, Function] = {
    "abs": Function(Text("Giá trị tuyệt đối", "Absolute value"), (_NUMBER,), Kind.NUMBER, func.abs),
    "ceil": Function(Text("Làm tròn lên", "Rounded up"), (_NUMBER,), Kind.NUMBER, func.ceil),
    "floor": Function(Text("Làm tròn xuống", "Rounded down"), (_NUMBER,), Kind.NUMBER, func.floor),
    "round": Function(Text("Làm tròn", "Rounded"), (_NUMBER,), Kind.NUMBER, func.round),
    "length": Function(Text("Số ký tự", "Number of characters"), (_TEXT,), Kind.NUMBER, func.char_length),
    "size": Function(
        Text("Số phần tử của danh sách", "Number of elements of a list"),
        (("list", Kind.ARRAY),),
        Kind.NUMBER,
        func.cardinality,
    ),
    "length_m": Function(
        Text("Chiều dài hoặc chu vi, mét (EPSG:9214)", "Length or perimeter, metres (EPSG:9214)"),
        (_GEOMETRY,),
        Kind.NUMBER,
        lambda shape: func.ST_Length(_metric(shape)) + func.ST_Perimeter(_metric(shape)),
    ),
    "area_m2": Function(
        Text("Diện tích, mét vuông (EPSG:9214)", "Area, square metres (EPSG:9214)"),
        (_GEOMETRY,),
        Kind.NUMBER,
        lambda shape: func.ST_Area(_metric(shape)),
    ),
    "distance_m": Function(
        Text("Khoảng cách giữa hai hình, mét (EPSG:9214)", "Distance of two geometries, metres (EPSG:9214)"),
        (("first", Kind.GEOMETRY), ("second", Kind.GEOMETRY)),
        Kind.NUMBER,
        lambda first, second: func.ST_Distance(_metric(first), _metric(second)),
    ),
    "buffer": Function(
        Text("Vùng đệm quanh hình, mét (EPSG:9214)", "All within a distance, metres (EPSG:9214)"),
        (_GEOMETRY, ("distance_m", Kind.NUMBER)),
        Kind.GEOMETRY,
        _buffer,
    ),
    "centroid": Function(Text("Trọng tâm", "Centroid"), (_GEOMETRY,), Kind.GEOMETRY, func.ST_Centroid),
    "now": Function(Text("Thời điểm hiện tại", "The present instant"), (), Kind.INSTANT, func.now),
}
"""Every function by its name; a new one is one entry."""


def call(name: str, arguments: list[Term]) -> Term:
    """One of the functions, called.

    Raises:
        InvalidParameterError: there is none of that name, or the arguments do not fit.
    """
    function = FUNCTIONS.get(name.lower())
    if function is None:
        refuse(f"there is no function {name!r}; there are: {', '.join(('casei', 'accenti', *FUNCTIONS))}.")
    if len(arguments) != len(function.arguments):
        takes = ", ".join(argument for argument, _ in function.arguments) or "nothing"
        refuse(f"{name} takes {takes}; {len(arguments)} arguments are given.")
    for argument, (_, kind) in zip(arguments, function.arguments, strict=True):
        need(argument, kind, name)
    return Term(function.returns, function.sql(*(one.sql for one in arguments)), f"{name}(…)")


ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")


def compute(sign: str, left: Term, right: Term) -> Term:
    """Arithmetic in double precision; what is divided by zero has no value.

    Raises:
        InvalidParameterError: a term is no number.
    """
    a, b = (_double(need(term, Kind.NUMBER, f"'{sign}'").sql) for term in (left, right))
    divisor = func.nullif(b, literal_column("0"))
    computed: dict[str, Callable[[], _Sql]] = {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "/": lambda: a.op("/", precedence=8)(divisor),
        "div": lambda: func.trunc(a.op("/", precedence=8)(divisor)),
        "%": lambda: _double(func.mod(cast(a, Numeric), cast(divisor, Numeric))),
        "^": lambda: func.power(a, b),
    }
    return Term(Kind.NUMBER, computed[sign](), f"the result of '{sign}'")


def _combining_marks() -> str:
    return "".join(chr(code) for code in range(0x0300, 0x0370) if unicodedata.combining(chr(code)))


_ACCENTED, _PLAIN = "đĐøØłŁħĦıŧŦ", "dDoOlLhHitT"
"""Letters with a stroke, which Unicode does not take apart."""


def without_accents(term: Term) -> Term:
    """``ACCENTI``: letters without their marks, Vietnamese ones without tone, hook, horn and stroke."""
    need(term, Kind.TEXT, "ACCENTI")
    apart = func.normalize(term.sql, literal_column("NFD"))
    marks = literal_column(f"'{_ACCENTED}{_combining_marks()}'", SqlText)
    plain = func.translate(apart, marks, literal_column(f"'{_PLAIN}'", SqlText))
    return Term(Kind.TEXT, plain, term.name, term.literal)


def without_case(term: Term) -> Term:
    """``CASEI``: small letters by Unicode's rules, whatever the database's locale."""
    need(term, Kind.TEXT, "CASEI")
    folded = func.lower(term.sql.collate("und-x-icu")).collate("default")
    return Term(Kind.TEXT, folded, term.name, term.literal)
