"""The parameters of the list of jobs (OGC 18-062r2, 11.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request

from gis_core.errors import InvalidParameterError, quoted
from layers.processes.jobs import Wanted
from layers.processes.registry import PROCESSES
from layers.processes.tables import STATUSES
from ogc_api.asking import parameters
from ogc_api.features.query import parse_interval

PARAMETERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit", "before")
DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
LONGEST_S = 10**9
LAST_NUMBER = 2**63 - 1


class Listing(NamedTuple):
    """Which jobs, how many at most, and the parameters that said so, for the next page."""

    wanted: Wanted
    limit: int
    given: dict[str, Any]


def read_listing(request: Request) -> Listing:
    """The jobs that a request asks for.

    Raises:
        InvalidParameterError: a parameter is unknown, or not of its type.
    """
    given = parameters(request, PARAMETERS, ("json", "html"))
    of_type = _list(given, "type", ("process",))
    processes = _list(given, "processID", tuple(PROCESSES), strict=False)
    since, until = _interval(given)
    wanted = Wanted(
        processes,
        _list(given, "status", STATUSES),
        since,
        until,
        whole(given, "minDuration", 0, LONGEST_S),
        whole(given, "maxDuration", 0, LONGEST_S),
        whole(given, "before", 1, LAST_NUMBER),
    )
    limit = whole(given, "limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
    kept = {name: value for name, value in given.items() if name in PARAMETERS and name != "before"}
    return Listing(wanted, limit, kept | ({"type": of_type} if of_type else {}))


def whole(given: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """A parameter that is a whole number, None where it is not given.

    Raises:
        InvalidParameterError: it is none, or out of bounds.
    """
    if name not in given:
        return None
    text = given[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise InvalidParameterError(name, f"{quoted(text)} is not a whole number from {least} to {most}.")
    return int(text)


def _list(
    given: Mapping[str, str], name: str, known: tuple[str, ...], *, strict: bool = True
) -> tuple[str, ...]:
    if name not in given:
        return ()
    values = tuple(given[name].split(","))
    for value in values:
        if value not in known and (strict or not value):
            raise InvalidParameterError(name, f"{quoted(value)} is not one of: {', '.join(known)}.")
    return values


def _interval(given: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    if "datetime" not in given:
        return None, None
    interval = parse_interval(given["datetime"])
    return interval.start, interval.end
