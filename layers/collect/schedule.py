"""When a source is polled: at its usual times, or after failures with growing pauses."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from gis_core.errors import ConfigError
from gis_core.time import LOCAL_ZONE, parse_duration


class Schedule:
    """The usual times of a source: so long after each poll, or as a crontab says in Huế's time.

    Raises:
        ConfigError: the crontab is none, or names a time that never comes.
    """

    def __init__(self, name: str, *, every: str | None, cron: str | None, jitter_s: float) -> None:
        self._every = None if every is None else parse_duration(every)
        self._jitter_s = jitter_s
        try:
            self._cron: Any = None if cron is None else CronTrigger.from_crontab(cron, timezone=LOCAL_ZONE)
        except ValueError as error:
            raise ConfigError(f"Source {name}: cron '{cron}' is no crontab: {error}.") from error
        if self._cron is not None and self._cron.get_next_fire_time(None, datetime.now(UTC)) is None:
            raise ConfigError(f"Source {name}: cron '{cron}' names a time that never comes.")

    def next_at(self, now: datetime) -> datetime:
        """The usual time after ``now``, up to the jitter later so that sources do not all come at once."""
        later = timedelta(seconds=random.uniform(0, self._jitter_s))  # noqa: S311 - spreads load, guards nothing
        if self._every is not None:
            return now + self._every + later
        after: datetime = self._cron.get_next_fire_time(now, now)
        return after.astimezone(UTC) + later


def back_off_s(failures: int, first_s: float, most_s: float) -> float:
    """The pause after so many failures in a row (1 or more): doubled with each, capped, spread by half."""
    # Beyond some tens of doublings a float would overflow, and any cap is long passed.
    doubled = min(most_s, first_s * 2.0 ** min(failures - 1, 60))
    return doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
