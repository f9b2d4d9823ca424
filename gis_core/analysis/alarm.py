"""A river's stage against its alarm levels I, II and III (báo động), and how a bulletin says it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gis_core.types import Text

_PER_M = 1000
"""Stages are compared to the millimetre: no staff is read more finely, and binary fractions are not exact."""


@dataclass(frozen=True, slots=True)
class AlarmState:
    """The alarm ``level`` 0–3 that is reached, and how far the stage stands above it.

    Under the lowest level that is set the level is 0 and ``margin_m`` is negative: how far the
    stage has to rise to it. ``margin_m`` is None where no level is set at all.
    """

    level: int
    margin_m: float | None
    words: Text


def alarm_level(stage_m: float, alarms_m: tuple[float | None, ...]) -> int:
    """The alarm level 0–3 that a stage has reached; a level without a stage is never reached."""
    return max(
        (
            level
            for level, alarm in enumerate(alarms_m, 1)
            if alarm is not None and _millimetres(stage_m) >= _millimetres(alarm)
        ),
        default=0,
    )


def alarm_state(stage_m: float, alarms_m: tuple[float | None, ...]) -> AlarmState:
    """The alarm state of a stage, in numbers and in the words of the bulletins: "trên BĐ3 1,55 m".

    Args:
        stage_m: stage above the zero of the staff; finite.
        alarms_m: stages of alarm levels I, II and III in ascending order, None where one is not set.

    Raises:
        ValueError: the stage is not a number.
    """
    if not math.isfinite(stage_m):
        raise ValueError("a stage is a finite number of metres")
    level = alarm_level(stage_m, alarms_m)
    named = level or next((number for number, alarm in enumerate(alarms_m, 1) if alarm is not None), 0)
    compared = alarms_m[named - 1] if named else None
    if compared is None:
        return AlarmState(0, None, Text("không có cấp báo động", "no alarm levels"))
    margin_mm = _millimetres(stage_m) - _millimetres(compared)
    return AlarmState(level, margin_mm / _PER_M, _words(named, margin_mm))


def _words(level: int, margin_mm: int) -> Text:
    if margin_mm == 0:
        return Text(f"ở mức BĐ{level}", f"at alarm level {level}")
    # Bulletins are to the centimetre; a stage that was read to the millimetre keeps its third figure.
    shown = f"{abs(margin_mm) / _PER_M:.{2 if margin_mm % 10 == 0 else 3}f}"
    side = Text("trên", "above") if margin_mm > 0 else Text("dưới", "below")
    return Text(
        f"{side.vi} BĐ{level} {shown.replace('.', ',')} m", f"{shown} m {side.en} alarm level {level}"
    )


def _millimetres(metres: float) -> int:
    return round(metres * _PER_M)
