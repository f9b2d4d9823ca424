"""Rain for the tests of series."""

from __future__ import annotations

import numpy as np

from gis_core.types import FloatArray


def storms(seed: int = 7) -> FloatArray:
    """Three weeks of hourly rain that comes in bursts, mm."""
    rng = np.random.default_rng(seed)
    rain_mm = np.zeros(21 * 24)
    for begin in rng.choice(rain_mm.size - 8, 12, replace=False):
        rain_mm[begin : begin + 6] += rng.gamma(2.0, 4.0, 6)
    return rain_mm
