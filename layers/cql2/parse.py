"""A filter as a request gives it, in one of the two encodings, held to limits of size and depth."""

from __future__ import annotations

import json
from functools import lru_cache

from gis_core.errors import InvalidParameterError
from layers.cql2.text import PARAMETER, Node, parse_text

ENCODINGS = ("cql2-text", "cql2-json")
"""The first is taken where none is named."""

_LONGEST_CHARS = 65_536
"""Room for a polygon of some thousand vertices; a server's request line is no longer."""
_MOST_PARTS = 20_000
_DEEPEST = 40
"""Levels below which the compilers on the way to the database recurse without harm."""


@lru_cache(maxsize=128)
def parse(text: str, encoding: str) -> Node:
    """A filter in the JSON form of CQL2, whichever of ``ENCODINGS`` it was written in.

    The answer is shared: nobody may change it.

    Raises:
        InvalidParameterError: it is no CQL2, or too long, too deep or of too many parts.
    """
    if len(text) > _LONGEST_CHARS:
        raise InvalidParameterError(
            PARAMETER, f"{len(text)} characters are too many; at most {_LONGEST_CHARS} are read."
        )
    if "\x00" in text:
        raise InvalidParameterError(PARAMETER, "the text holds a null character.")
    node = parse_text(text) if encoding == "cql2-text" else _parse_json(text)
    _hold_to_limits(node)
    return node


def _parse_json(text: str) -> Node:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise InvalidParameterError(
            PARAMETER, f"this is not JSON: {error.msg} at character {error.pos + 1}."
        ) from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # an integer of thousands of digits
        raise InvalidParameterError(PARAMETER, "a number in it has too many digits.") from error


def _no_number(constant: str) -> None:
    raise InvalidParameterError(PARAMETER, f"'{constant}' is not a number in JSON.")


def _hold_to_limits(node: Node) -> None:
    """Walks level by level, so that it needs no depth itself; coordinates are no parts."""
    level, parts, depth = [node], 0, 0
    while level:
        parts += len(level)
        depth += 1
        if parts > _MOST_PARTS:
            raise InvalidParameterError(
                PARAMETER, f"it has too many parts; at most {_MOST_PARTS} are evaluated."
            )
        if depth > 2 * _DEEPEST:  # an operation and its list of arguments are two
            raise _too_deep()
        level = [inner for part in level for inner in _parts_of(part)]


def _parts_of(node: Node) -> list[Node]:
    if isinstance(node, dict):
        return [value for name, value in node.items() if name not in ("coordinates", "bbox")]
    return node if isinstance(node, list) else []


def _too_deep() -> InvalidParameterError:
    return InvalidParameterError(
        PARAMETER, f"it is nested too deeply; at most {_DEEPEST} levels are evaluated."
    )
