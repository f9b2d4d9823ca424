"""The danger of forest fire by the weather: the modified Nesterov index of Vietnam and its levels.

P = K · Σ t13 · d13: air temperature at 13 h (°C) times saturation deficit at 13 h (hPa), summed over
the days since it last rained; K is 0 on a day with rain enough to wet the fuel, and 1 otherwise
(Nesterov 1949 as modified for Vietnam by Phạm Ngọc Hưng).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis_core.types import BoolArray, FloatArray, IntArray


def saturation_vapour_pressure_hpa(temperature_c: FloatArray) -> FloatArray:
    """Over water, by Magnus's form with the constants of Alduchov & Eskridge (1996); any shape."""
    return np.asarray(6.1094 * np.exp(17.625 * temperature_c / (temperature_c + 243.04)))


def saturation_deficit_hpa(temperature_c: FloatArray, relative_humidity_pct: FloatArray) -> FloatArray:
    """How much vapour pressure the air lacks to saturation; shapes broadcast."""
    lack = 1 - np.clip(relative_humidity_pct, 0, 100) / 100
    return np.asarray(saturation_vapour_pressure_hpa(temperature_c) * lack)


class DrySpell(NamedTuple):
    """The index by day and station, shape (days, stations).

    ``days`` counts the days summed up; ``since_rain`` is False where no rain was seen before them: the
    record begins in a dry spell or was broken off in it, and the index is a lower bound.
    """

    nesterov: FloatArray
    days: IntArray
    since_rain: BoolArray


def nesterov_index(
    temperature_c: FloatArray, deficit_hpa: FloatArray, rain_mm: FloatArray, *, reset_mm: float
) -> DrySpell:
    """The modified Nesterov index P of each day.

    Args:
        temperature_c: air temperature at 13 h, shape (days, stations); NaN where it was not observed.
        deficit_hpa: saturation deficit at 13 h, likewise.
        rain_mm: rain of the 24 hours before 13 h; NaN where it was not observed.
        reset_mm: a day with so much rain begins a new sum at 0.

    Returns:
        NaN on a day that was not observed. The next one begins a new sum, as the record's first day does:
        what was missed cannot be told, and rain may have fallen.
    """
    index = np.full(temperature_c.shape, np.nan)
    days = np.zeros(temperature_c.shape, dtype=np.int64)
    since_rain = np.zeros(temperature_c.shape, dtype=bool)
    total = np.zeros(temperature_c.shape[1])
    count = np.zeros(temperature_c.shape[1], dtype=np.int64)
    rained = np.zeros(temperature_c.shape[1], dtype=bool)
    added = np.maximum(temperature_c, 0) * deficit_hpa
    for day in range(len(temperature_c)):
        wet = rain_mm[day] >= reset_mm
        observed = wet | (np.isfinite(added[day]) & np.isfinite(rain_mm[day]))
        adds = observed & ~wet
        total = np.where(adds, total + np.where(adds, added[day], 0.0), 0.0)
        count = np.where(adds, count + 1, 0)
        rained = observed & (rained | wet)
        index[day], days[day], since_rain[day] = np.where(observed, total, np.nan), count, rained
    return DrySpell(index, days, since_rain)


def danger_level(index: FloatArray, thresholds: tuple[float, float, float, float]) -> FloatArray:
    """Levels 1 to 5, each beginning at its threshold; NaN where the index is; any shape."""
    level = 1.0 + np.searchsorted(np.asarray(thresholds), index, side="right")
    return np.asarray(np.where(np.isnan(index), np.nan, level))


def inverse_distance(
    x_m: FloatArray,
    y_m: FloatArray,
    value: FloatArray,
    at_x_m: FloatArray,
    at_y_m: FloatArray,
    *,
    power: float,
) -> FloatArray:
    """Values between stations by inverse distance (Shepard 1968), exact at the stations.

    Args:
        x_m: eastings of stations, shape (n,).
        y_m: northings.
        value: at the stations; NaN where unknown.
        at_x_m: eastings of places, any shape.
        at_y_m: northings, same shape.
        power: of distance.

    Returns:
        Shape of ``at_x_m``; NaN everywhere where no station has a value.
    """
    known = np.isfinite(value)
    if not known.any():
        return np.full(np.shape(at_x_m), np.nan)
    total, weights = np.zeros(np.shape(at_x_m)), np.zeros(np.shape(at_x_m))
    for x, y, one in zip(x_m[known], y_m[known], value[known], strict=True):
        # A centimetre keeps a place at a station finite, and its value the station's.
        weight = np.hypot(at_x_m - x, at_y_m - y).clip(min=0.01) ** -power
        total += weight * one
        weights += weight
    return np.asarray(total / weights)
