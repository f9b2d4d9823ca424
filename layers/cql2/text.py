"""CQL2 text, read into the JSON form of the standard.

The grammar is ours and the parser is Lark's: an LALR automaton keeps its own stack, so that
no depth of nesting can exhaust the interpreter's, and no input takes more than linear time.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import shapely
from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from gis_core.errors import InvalidParameterError, quoted

PARAMETER = "filter"
Node = Any
"""A part of a filter in the JSON form: an object, a list, a text, a number or a truth value."""


def parse_text(text: str) -> Node:
    """The JSON form of a filter in CQL2 text.

    Raises:
        InvalidParameterError: the text is no CQL2; names the place.
    """
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise InvalidParameterError(PARAMETER, _what_is_wrong(text, error)) from error
    except VisitError as error:
        if isinstance(error.orig_exc, InvalidParameterError):
            raise error.orig_exc from error
        raise


def _what_is_wrong(text: str, error: UnexpectedInput) -> str:
    place = error.pos_in_stream
    if place is None or place < 0 or place >= len(text) or getattr(error, "token", None) == "":
        return "the text ends before the expression does."
    rest = text[place:].split(maxsplit=1)
    return f"{quoted(rest[0] if rest else text[place], 20)} at character {place + 1} does not fit there."


class _ToJson(Transformer[Token, Node]):
    """Each rule of the grammar as its JSON form; a method for each alias."""

    def either(self, parts: list[Node]) -> Node:
        return _flat("or", parts)

    def all_of(self, parts: list[Node]) -> Node:
        return _flat("and", parts)

    def negated(self, parts: list[Node]) -> Node:
        return _op("not", parts)

    def compared(self, parts: list[Node]) -> Node:
        left, sign, right = parts
        return _op(str(sign), [left, right])

    def like(self, parts: list[Node]) -> Node:
        return _op("like", parts)

    def not_like(self, parts: list[Node]) -> Node:
        return _op("not", [_op("like", parts)])

    def between(self, parts: list[Node]) -> Node:
        return _op("between", parts)

    def not_between(self, parts: list[Node]) -> Node:
        return _op("not", [_op("between", parts)])

    def among(self, parts: list[Node]) -> Node:
        return _op("in", parts)

    def not_among(self, parts: list[Node]) -> Node:
        return _op("not", [_op("in", parts)])

    def is_null(self, parts: list[Node]) -> Node:
        return _op("isNull", parts)

    def is_not_null(self, parts: list[Node]) -> Node:
        return _op("not", [_op("isNull", parts)])

    def computed(self, parts: list[Node]) -> Node:
        left, sign, right = parts
        return _op(str(sign), [left, right])

    def integer_division(self, parts: list[Node]) -> Node:
        return _op("div", parts)

    def minus(self, parts: list[Node]) -> Node:
        operand = parts[1]
        is_number = isinstance(operand, int | float) and not isinstance(operand, bool)
        return -operand if is_number else _op("*", [-1, operand])

    def plus(self, parts: list[Node]) -> Node:
        return parts[1]

    def number(self, parts: list[Token]) -> Node:
        # An int of any length is read in quadratic time; no column holds more than 19 digits.
        return int(parts[0]) if parts[0].isdigit() and len(parts[0]) < 20 else float(parts[0])

    def string(self, parts: list[Token]) -> Node:
        return parts[0][1:-1].replace("''", "'").replace("\\'", "'")

    def true(self, _: list[Token]) -> Node:
        return True

    def false(self, _: list[Token]) -> Node:
        return False

    def null(self, _: list[Token]) -> Node:
        return None

    def property(self, parts: list[Token]) -> Node:
        return {"property": str(parts[0])}

    def quoted_property(self, parts: list[Token]) -> Node:
        return {"property": parts[0][1:-1].replace('""', '"')}

    def geometry(self, parts: list[Token]) -> Node:
        try:
            return shapely.from_wkt(str(parts[0]))
        except shapely.errors.GEOSException as error:
            wkt = quoted(str(parts[0]), 40)
            raise InvalidParameterError(PARAMETER, f"{wkt} is not a geometry in WKT.") from error

    def call(self, parts: list[Any]) -> Node:
        name, arguments = str(parts[0]), parts[1] if len(parts) > 1 else []
        match name.lower():
            case "date" | "timestamp" as kind if len(arguments) == 1:
                return {kind: arguments[0]}
            case "interval" if len(arguments) == 2:
                return {"interval": arguments}
            case "bbox":
                return {"bbox": arguments}
        return _op(name, arguments)

    def array_in_parentheses(self, parts: list[Node]) -> Node:
        return [parts[0], *parts[1]]

    def empty_array(self, _: list[Node]) -> Node:
        return []

    def array(self, parts: list[Node]) -> Node:
        return parts[0]

    def listed(self, parts: list[Node]) -> list[Node]:
        return list(parts)


def _op(name: str, arguments: list[Node]) -> Node:
    return {"op": name, "args": arguments}


def _flat(name: str, parts: list[Node]) -> Node:
    """One operation of many operands where clients nest pairs: QGIS sends ``((a AND b) AND c)``."""
    operands: list[Node] = []
    for part in parts:
        same = isinstance(part, dict) and part.get("op") == name
        operands.extend(part["args"] if same else [part])
    return _op(name, operands)


@cache
def _parser() -> Lark:
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_ToJson(), cache=False)
