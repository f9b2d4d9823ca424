"""What a client sends, checked before it becomes a job: which input is wrong, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from gis_core.errors import InvalidParameterError, quoted
from layers.processes.base import Input, Process, Values

_QUALIFIED = frozenset({"value", "mediaType", "encoding", "schema"})
_LINK = frozenset({"href", "rel", "type", "title", "hreflang", "length", "templated"})
_LONGEST = 200
_DEEPEST = 40

Fetch = Callable[[str, str], Any]
"""Gives the JSON document at an address, for the input of a name."""


def checked_inputs(process: Process, given: Any, fetch: Fetch) -> Values:
    """The inputs of a process with their defaults.

    A value may be qualified, as ``{"value": …, "mediaType": …}``, or lie elsewhere, as ``{"href": …}``.

    Raises:
        InvalidParameterError: an input is unknown, missing, or not as its schema says.
    """
    if not isinstance(given, Mapping):
        raise InvalidParameterError("inputs", "give an object of inputs by name.")
    declared = process.inputs()
    for name in given:
        if name not in declared:
            raise InvalidParameterError(
                name, f"process '{process.id}' has no such input; it has: {', '.join(declared)}."
            )
    values: Values = {}
    for name, one in declared.items():
        if name in given:
            values[name] = _checked(name, one, _unwrapped(name, given[name], fetch))
        elif "default" in one.schema:
            values[name] = one.schema["default"]
        elif one.required:
            raise InvalidParameterError(name, f"process '{process.id}' needs it.")
    process.check(values)
    return values


def check_text(value: Any, depth: int = 0) -> None:
    """Refuse what no database stores: NUL and half of a character; and what is nested without end.

    Raises:
        InvalidParameterError: the document holds it.
    """
    if depth > _DEEPEST:
        raise InvalidParameterError("inputs", f"objects and arrays are nested more than {_DEEPEST} deep.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidParameterError("inputs", "a text holds a character that is none.")
    elif isinstance(value, Mapping):
        for name, one in value.items():
            check_text(name, depth + 1)
            check_text(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            check_text(one, depth + 1)


def _unwrapped(name: str, value: Any, fetch: Fetch) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("href"), str) and set(value) <= _LINK:
        fetched = fetch(value["href"], name)
        check_text(fetched)
        return fetched
    if isinstance(value, Mapping) and "value" in value and set(value) <= _QUALIFIED:
        if value.get("encoding") not in (None, "utf-8", "UTF-8"):
            raise InvalidParameterError(name, "send the value as JSON, without an encoding.")
        return value["value"]
    return value


def _checked(name: str, one: Input, value: Any) -> Any:
    error = best_match(Draft202012Validator(one.schema).iter_errors(value))
    if error is not None:
        raise InvalidParameterError(name, _reason(error))
    return value


def _reason(error: ValidationError) -> str:
    """Where in a value the fault is, and what it is."""
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    said = error.message if len(error.message) <= _LONGEST else _short(error)
    return f"{where.lstrip('.') + ': ' if where else ''}{said}."


def _short(error: ValidationError) -> str:
    return f"{quoted(str(error.instance))} does not fit '{error.validator}': {error.validator_value!s:.100}"
