"""Stations whose clock runs in another zone: their rain falls seven hours from their neighbours'.

Only rain is compared. It reaches neighbouring stations within an hour or two, whereas a flood
takes hours from gauge to gauge, so that a river's level shifted by seven hours may well be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from gis_core.crs import lonlat_to_metric
from gis_core.quality_settings import ClockShift
from gis_core.types import FloatArray, Text
from layers.quality.base import Check, Finding, Scope, said
from layers.quality.series import Series, read_series

_PROPERTY = "rain_1h_mm"
_LAYER = "rain_stations"
_ZONE_H = 7
"""How far local time (Asia/Ho_Chi_Minh, without summer time) is ahead of UTC."""
_LAGS_H = range(-12, 13)
_FEWEST = 3
"""Of two neighbours the median is no vote: one wrong clock would accuse the right ones."""


def correlations(one_mm: FloatArray, other_mm: FloatArray) -> dict[int, tuple[float, int]]:
    """How well one hourly rain fits another when it is shifted.

    Args:
        one_mm: shape (hours,), NaN where there is no reading.
        other_mm: the same.

    Returns:
        By lag in hours from -12 to 12, positive where the clock of ``one_mm`` runs ahead: Pearson's
        correlation of log(1 + rain), which a single downpour does not rule, NaN where either does
        not vary; and the hours in which both are wet.
    """
    one, other = np.log1p(one_mm), np.log1p(other_mm)
    hours = one.size
    found = {}
    for lag in _LAGS_H:
        ours = one[max(lag, 0) : hours + min(lag, 0)]
        theirs = other[max(-lag, 0) : hours + min(-lag, 0)]
        both = np.isfinite(ours) & np.isfinite(theirs)
        ours, theirs = ours[both], theirs[both]
        varies = ours.size > 1 and np.ptp(ours) > 0 and np.ptp(theirs) > 0
        fit = float(np.corrcoef(ours, theirs)[0, 1]) if varies else float("nan")
        found[lag] = (fit, int(((ours > 0) & (theirs > 0)).sum()))
    return found


def shift_h(one_mm: FloatArray, other_mm: FloatArray, rules: ClockShift) -> int:
    """By how many hours the clock of one hourly rain is ahead: 7, -7, or 0 where that is not certain."""
    found = correlations(one_mm, other_mm)
    fits = {lag: fit for lag, (fit, _) in found.items() if np.isfinite(fit)}
    if not fits:
        return 0
    best = max(fits, key=lambda lag: fits[lag])
    certain = (
        abs(best) == _ZONE_H
        and fits[best] >= rules.min_correlation
        and fits[best] - fits.get(0, 0.0) >= rules.margin
        and found[best][1] >= rules.wet_hours
    )
    return best if certain else 0


def find_shifted(series: Iterable[Series], scope: Scope) -> Iterator[Finding]:
    """One finding for each station whose rain comes seven hours before or after its neighbours'."""
    rules = scope.rules.clock
    rain = [one for one in series if one.observed_property == _PROPERTY and not one.point.is_empty]
    if len(rain) <= _FEWEST:
        return
    hourly_mm = _hourly(rain)
    x, y = lonlat_to_metric(np.array([one.point.x for one in rain]), np.array([one.point.y for one in rain]))
    for number, one in enumerate(rain):
        distance_m = np.hypot(x - x[number], y - y[number])
        distance_m[number] = np.inf
        nearest = np.argsort(distance_m, kind="stable")[: rules.neighbours]
        nearest = nearest[distance_m[nearest] <= rules.within_km * 1000]
        if nearest.size < _FEWEST:
            continue
        around_mm = pd.DataFrame(hourly_mm[:, nearest]).median(axis=1).to_numpy()
        ahead_h = shift_h(hourly_mm[:, number], around_mm, rules)
        if ahead_h:
            sentence = said(
                "Trạm {code}: mưa khớp với các trạm lân cận nhất khi lùi đồng hồ {shift}; "
                "có lẽ giờ của trạm bị ghi sai múi giờ."
                if ahead_h > 0
                else "Trạm {code}: mưa khớp với các trạm lân cận nhất khi vặn đồng hồ tới {shift}; "
                "có lẽ giờ của trạm bị ghi sai múi giờ.",
                "Station {code}: its rain fits its neighbours' best with its clock put {way} by {shift}; "
                "its times may be in the wrong zone.",
                code=one.station_code,
                way="back" if ahead_h > 0 else "forward",
                shift=Text(f"{abs(ahead_h)} giờ", f"{abs(ahead_h)} h"),
            )
            yield Finding(_LAYER, one.station_code, sentence, one.point, one.simulated)


def _hourly(rain: list[Series]) -> FloatArray:
    """The rain of all stations by hour, shape (hours, stations), NaN where there is none."""
    columns = [pd.Series(one.value, one.at.round("h")).groupby(level=0).max() for one in rain]
    table = pd.concat(columns, axis=1)
    hours = pd.date_range(table.index.min(), table.index.max(), freq="h")
    return np.asarray(table.reindex(hours), float)


CLOCK = Check("clock_zone", "warning", frozenset({_LAYER}), read_series, find_shifted)
