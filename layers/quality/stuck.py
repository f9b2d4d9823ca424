"""Sensors that repeat one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gis_core.types import FloatArray
from layers.quality.base import Check, Finding, Scope, said
from layers.quality.series import LAYERS_OF_SERIES, Series, read_series, stretches


def runs(
    at_s: FloatArray, value: FloatArray, *, readings: int, lasting_s: float, zero_may_last: bool
) -> list[tuple[int, int]]:
    """First and last rows of runs of exactly equal values.

    Args:
        at_s: shape (n,), ascending, seconds.
        value: shape (n,).
        readings: the fewest readings of a run.
        lasting_s: the least time from its first reading to its last, seconds.
        zero_may_last: whether zeros never count as a run, as in dry weather.
    """
    if value.size == 0:
        return []
    starts = np.flatnonzero(np.diff(value, prepend=np.nan) != 0)
    ends = np.append(starts[1:], value.size) - 1
    long = (ends - starts + 1 >= readings) & (at_s[ends] - at_s[starts] >= lasting_s)
    if zero_may_last:
        long &= value[starts] != 0
    return [(int(first), int(last)) for first, last in zip(starts[long], ends[long], strict=True)]


def find_stuck(series: Iterable[Series], scope: Scope) -> Iterator[Finding]:
    """One finding for each run of equal values, at its first reading."""
    rules = scope.rules
    for one in series:
        limits = rules.series.get(one.observed_property)
        if limits is None:
            continue
        at_s = one.at_s
        for stretch in stretches(at_s, rules.gap_steps):
            found = runs(
                at_s[stretch],
                one.value[stretch],
                readings=rules.stuck_readings,
                lasting_s=limits.stuck_h * 3600,
                zero_may_last=limits.zero_may_last,
            )
            for first, last in found:
                row, end = first + stretch.start, last + stretch.start
                sentence = said(
                    "{title}: đúng một giá trị {value} suốt {hours} giờ, từ {start} đến {end}.",
                    "{title}: exactly {value} for {hours} h, from {start} to {end}.",
                    title=one.title,
                    value=float(one.value[row]),
                    hours=float((at_s[end] - at_s[row]) / 3600),
                    start=one.time_of(row),
                    end=one.time_of(end),
                )
                yield one.finding(row, sentence)


STUCK = Check("stuck", "warning", LAYERS_OF_SERIES, read_series, find_stuck)
