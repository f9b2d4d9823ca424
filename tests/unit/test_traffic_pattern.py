"""The daily pattern against numbers worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gis_core.analysis.traffic_pattern import daily_pattern
from gis_core.errors import InvalidParameterError


def test_quarters_of_an_hour_become_vehicles_an_hour() -> None:
    flow = daily_pattern(np.array([7, 7, 7, 8]), np.array([10.0, 20.0, np.nan, 5.0]), step_s=900)
    assert (flow[7], flow[8]) == (60, 20)
    assert np.isnan(flow).sum() == 22


def test_what_is_no_hour_is_refused() -> None:
    for hour in (24, -1):
        with pytest.raises(InvalidParameterError, match="0 to 23"):
            daily_pattern(np.array([hour]), np.array([1.0]), step_s=900)
    with pytest.raises(InvalidParameterError, match="without a length"):
        daily_pattern(np.array([1]), np.array([1.0]), step_s=0)
