"""What a page was asked for: its language, its instant and its stretch of time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gis_core.errors import InvalidParameterError, quoted
from gis_core.time import Window, parse_duration, parse_instant
from maps.words import Language

_LONGEST = timedelta(days=366)
_YEARS = range(1900, 2201)
_SPACE_FOR_PLUS = re.compile(r"(:\d{2}(?:\.\d+)?) (\d{2}:?\d{2})$")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ask:
    """The parameters of a page; ``at`` None means the latest data, ``window`` None the map's own."""

    language: Language = "vi"
    at: datetime | None = None
    window: timedelta | None = None


def parse_ask(query: Mapping[str, str]) -> Ask:
    """Read ``lang``, ``at`` and ``window``; an empty one counts as left out.

    Raises:
        InvalidParameterError: one of them cannot be understood.
    """
    at, window = query.get("at"), query.get("window")
    return Ask(
        _language(query.get("lang") or "vi"),
        _instant(at) if at else None,
        _duration(window) if window else None,
    )


def ending(at: datetime, duration: timedelta) -> Window:
    """The window of that length that takes in everything of the minute of ``at``.

    Windows leave their end out, so it is moved to the next full minute.
    """
    minute = at.replace(second=0, microsecond=0)
    end = minute if minute == at else minute + _MINUTE
    return Window(end - duration, end)


def ending_after_latest(latest: datetime, duration: timedelta) -> Window:
    """The window of that length that just takes in the latest thing that happened."""
    end = latest.replace(second=0, microsecond=0) + _MINUTE
    return Window(end - duration, end)


def _language(text: str) -> Language:
    known: dict[str, Language] = {"vi": "vi", "en": "en"}
    if text in known:
        return known[text]
    raise InvalidParameterError("lang", f"{quoted(text)} is not a language of this service; choose vi or en.")


def _instant(text: str) -> datetime:
    # In a URL a plus sign reads as a space, so that +07:00 arrives without it.
    written = _SPACE_FOR_PLUS.sub(r"\1+\2", text)
    instant = parse_instant(written)
    if instant.year not in _YEARS:
        raise InvalidParameterError("at", f"the year must lie between {_YEARS[0]} and {_YEARS[-1]}.")
    return instant


def _duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration > _LONGEST:
        raise InvalidParameterError("window", f"at most {_LONGEST.days}d, not {quoted(text)}.")
    return duration
