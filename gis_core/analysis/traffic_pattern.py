"""The daily pattern of counts at fixed places."""

from __future__ import annotations

import numpy as np

from gis_core.errors import InvalidParameterError
from gis_core.types import FloatArray, IntArray


def daily_pattern(hour: IntArray, counts: FloatArray, *, step_s: float) -> FloatArray:
    """Mean flow at a counting place by hour of the day.

    Args:
        hour: of the local day in which each count was made, 0 to 23, shape (n,).
        counts: vehicles in a step of time, shape (n,); NaN is not known and left out.
        step_s: its length.

    Returns:
        Vehicles per hour and place, shape (24,); NaN for an hour without any count.

    Raises:
        InvalidParameterError: an hour is none of a day, or the step has no length.
    """
    if len(hour) and not (hour.min() >= 0 and hour.max() < 24):
        raise InvalidParameterError("hour", "the hours of a day are 0 to 23.")
    if not step_s > 0:
        raise InvalidParameterError("step_s", "a count without a length of time is no flow.")
    known = ~np.isnan(counts)
    sums = np.bincount(hour[known], counts[known], 24)
    steps = np.bincount(hour[known], minlength=24)
    flow = np.full(24, np.nan)
    np.divide(sums * 3600.0, steps * step_s, out=flow, where=steps > 0)
    return flow
