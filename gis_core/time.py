"""Instants and windows: always aware, always UTC inside the service."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gis_core.errors import InvalidParameterError, quoted

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(s|m|min|h|d)$")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class Window(NamedTuple):
    """The half-open stretch of time ``start <= t < end``; both are aware UTC datetimes."""

    start: datetime
    end: datetime

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()


def parse_instant(text: str, parameter: str = "at") -> datetime:
    """An ISO 8601 instant as aware UTC; a text without a zone is taken as Huế's local time.

    Raises:
        InvalidParameterError: the text is not ISO 8601.
    """
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=LOCAL_ZONE)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the latter at the ends of the calendar
        raise InvalidParameterError(
            parameter, f"{quoted(text)} is not a time; write for example 2025-10-27T20:00:00+07:00."
        ) from error


def window_between(start: str | None, end: str | None, default: Window) -> Window:
    """What the options ``--from`` and ``--to`` say; an end that is left out is that of ``default``.

    Raises:
        InvalidParameterError: a text is no time, or the window has no length.
    """
    window = Window(
        default.start if start is None else parse_instant(start, "--from"),
        default.end if end is None else parse_instant(end, "--to"),
    )
    if window.start >= window.end:
        raise InvalidParameterError(
            "--to", f"{local_text(window.end)} does not come after {local_text(window.start)}."
        )
    return window


def parse_duration(text: str, parameter: str = "window") -> timedelta:
    """A length of time such as ``45s``, ``30min``, ``6h`` or ``2d``; ``m`` stands for minutes too.

    Raises:
        InvalidParameterError: the text has another form, or is zero.
    """
    match = _DURATION.match(text.strip())
    try:
        length = float(match[1]) * _UNITS[match[2]] if match else timedelta(0)
    except OverflowError:
        length = timedelta(0)
    if length <= timedelta(0):
        raise InvalidParameterError(
            parameter, f"{quoted(text)} is not a length of time; write for example 30min, 6h or 2d."
        )
    return length


def local_text(instant: datetime) -> str:
    """How an instant is shown to people: local time of Huế, day first."""
    return instant.astimezone(LOCAL_ZONE).strftime("%H:%M %d-%m-%Y")
