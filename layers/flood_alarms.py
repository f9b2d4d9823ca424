"""The alarm levels of the settings, by gauge and day, and what a stage means by them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from gis_core.analysis.alarm import alarm_state
from gis_core.config import get_settings
from gis_core.errors import InvalidParameterError, quoted
from gis_core.flood_settings import AlarmGauge
from gis_core.time import LOCAL_ZONE

LOWEST_M, HIGHEST_M = -5.0, 30.0
"""No river of the province is known below or above; more is an error of unit or of a decimal sign."""


def alarm_report(gauge: str, stage_m: float, at: datetime) -> dict[str, Any]:
    """The alarm state of a stage at an instant, JSON-ready.

    Raises:
        InvalidParameterError: no such gauge, no levels known for that day, or no believable stage.
    """
    code, known = find_gauge(gauge)
    check_stage(stage_m, "--stage-m")
    day = at.astimezone(LOCAL_ZONE).date()
    period = known.on(day)
    if period is None:
        first = known.periods[0].since
        raise InvalidParameterError(
            "--at",
            f"the alarm levels of {known.name} are known from {first:%d-%m-%Y} on, not for {day:%d-%m-%Y}.",
        )
    state = alarm_state(stage_m, period.levels_m)
    return {
        "gauge": code,
        "name": known.name,
        "river": known.river,
        "at": at.isoformat(timespec="seconds"),
        "stage_m": stage_m,
        "level": state.level,
        "margin_m": state.margin_m,
        "words": state.words.vi,
        "words_en": state.words.en,
        "alarm_levels_m": list(period.levels_m),
        "levels_since": period.since.isoformat(),
        "basis": period.basis,
    }


def find_gauge(asked: str) -> tuple[str, AlarmGauge]:
    """A gauge of the settings by its code or its name.

    Raises:
        InvalidParameterError: there is none.
    """
    gauges = get_settings().flood.alarms
    wanted = asked.strip().casefold()
    for code, gauge in gauges.items():
        if wanted in (code.casefold(), gauge.name.casefold()):
            return code, gauge
    raise InvalidParameterError(
        "--gauge", f"there is no gauge {quoted(asked)} with alarm levels; there are: {', '.join(gauges)}."
    )


def check_stage(stage_m: float, parameter: str) -> None:
    """Refuse what is no stage of a river of the province.

    Raises:
        InvalidParameterError: it is not a number, or beyond any flood.
    """
    if not math.isfinite(stage_m) or not LOWEST_M <= stage_m <= HIGHEST_M:
        raise InvalidParameterError(
            parameter, f"{stage_m:g} is no stage in metres; give one from {LOWEST_M:g} to {HIGHEST_M:g}."
        )
