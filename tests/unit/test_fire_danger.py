"""The danger of fire by hand and by the published tables of FWI."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.fire_danger import (
    danger_level,
    inverse_distance,
    nesterov_index,
    saturation_deficit_hpa,
    saturation_vapour_pressure_hpa,
)
from gis_core.analysis.fire_weather import fire_weather_index
from gis_core.types import FloatArray

THRESHOLDS = (5_000.0, 10_000.0, 15_000.0, 20_000.0)


def column(*values: float) -> FloatArray:
    return np.array(values, float)[:, None]


def test_saturation_is_that_of_the_tables() -> None:
    """WMO No. 8, annex 4.B: 6.11 hPa at 0 °C, 23.37 at 20 °C, 42.43 at 30 °C; here to 0.2 %."""
    found = saturation_vapour_pressure_hpa(np.array([0.0, 20.0, 30.0]))
    assert found == pytest.approx([6.11, 23.37, 42.43], rel=2e-3)


def test_deficit_by_hand() -> None:
    """30 °C at 60 %: 0.4 of 42.37 hPa are lacking, which is 16.95; saturated air lacks nothing."""
    assert saturation_deficit_hpa(np.array([30.0, 30.0]), np.array([60.0, 100.0])) == pytest.approx(
        [16.95, 0], abs=0.01
    )


def test_the_index_sums_since_rain_by_hand() -> None:
    """30 · 20 = 600, 32 · 25 = 800, then 5 mm of rain, then 28 · 15 = 420; 4.9 mm changes nothing."""
    spell = nesterov_index(
        column(30, 32, 26, 28, 30), column(20, 25, 5, 15, 10), column(0, 4.9, 5.0, 0, 0), reset_mm=5.0
    )
    assert spell.nesterov.ravel() == pytest.approx([600, 1_400, 0, 420, 720])
    assert spell.days.ravel().tolist() == [1, 2, 0, 1, 2]
    assert spell.since_rain.ravel().tolist() == [False, False, True, True, True]


def test_a_day_that_was_not_observed_breaks_the_sum_off() -> None:
    spell = nesterov_index(
        column(30, 30, np.nan, 30, 30, 30), column(20, 20, 20, 20, 20, 20), column(9, 0, 0, 0, 0, np.nan),
        reset_mm=5.0,
    )  # fmt: skip
    assert spell.nesterov[[0, 1, 3, 4]].ravel().tolist() == [0, 600, 600, 1_200]
    assert np.isnan(spell.nesterov[[2, 5]]).all()
    # After the gap the sum is a lower bound.
    assert spell.since_rain[:5].ravel().tolist() == [True, True, False, False, False]


@given(st.lists(st.tuples(st.floats(-5, 45), st.floats(0, 50), st.floats(0, 20)), min_size=1, max_size=20))
def test_more_rain_never_makes_more_danger(days: list[tuple[float, float, float]]) -> None:
    temperature, deficit, rain = np.array(days).T[:, :, None]
    one = nesterov_index(temperature, deficit, rain, reset_mm=5.0).nesterov
    wetter = nesterov_index(temperature, deficit, rain + 1, reset_mm=5.0).nesterov
    assert (wetter <= one).all()
    assert (one >= 0).all()


def test_levels_begin_at_their_thresholds() -> None:
    index = np.array([0, 4_999, 5_000, 10_000, 15_000, 20_000, 1e6, np.nan])
    assert danger_level(index, THRESHOLDS)[:-1].tolist() == [1, 1, 2, 3, 4, 5, 5]
    assert np.isnan(danger_level(index, THRESHOLDS)[-1])


def test_between_stations_values_are_theirs_and_never_beyond() -> None:
    x, y, value = np.array([0.0, 10.0, 5.0]), np.zeros(3), np.array([1.0, 3.0, np.nan])
    found = inverse_distance(x, y, value, np.array([0.0, 5.0, 8.0]), np.zeros(3), power=2)
    assert found[:2] == pytest.approx([1, 2], abs=1e-4)
    # By hand: weights 1/64 and 1/4.
    assert found[2] == pytest.approx((1 / 64 + 3 / 4) / (1 / 64 + 1 / 4))
    assert np.isnan(inverse_distance(x, y, np.full(3, np.nan), x, y, power=2)).all()


def test_fwi_is_that_of_van_wagner_and_pickett() -> None:
    """The first days of the test data of Forestry Technical Report 33 (1985)."""
    found = fire_weather_index(
        column(17.0, 20.0, 8.5), column(42, 21, 40), column(25, 25, 17), column(0, 2.4, 0), np.array([45.0]),
        first_day=date(1985, 4, 13),
    )  # fmt: skip
    assert found.ravel() == pytest.approx([10.1, 9.3, 7.6], abs=0.05)


def test_fwi_of_a_day_that_was_not_observed_is_unknown() -> None:
    found = fire_weather_index(
        column(17.0, np.nan, 8.5), column(42, 21, 40), column(25, 25, 17), column(0, 0, 0), np.array([16.0]),
        first_day=date(2025, 4, 13),
    )  # fmt: skip
    assert np.isfinite(found.ravel()).tolist() == [True, False, True]
