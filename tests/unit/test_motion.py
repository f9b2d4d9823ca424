"""Speeds and crossings of tracks whose motion is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.motion import Crossing, crossings, mean_motion

METRE = np.eye(2)[np.newaxis]


def straight(count: int, velocity: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    at_s = np.arange(count) * 0.1
    return at_s, np.array([560_000.0, 1_820_000.0]) + at_s[:, None] * velocity


@given(heading_deg=st.floats(0, 359.9), speed_m_s=st.floats(0.5, 40), sigma_m=st.floats(0.05, 3))
def test_exact_positions_give_the_exact_motion(heading_deg: float, speed_m_s: float, sigma_m: float) -> None:
    turn = math.radians(heading_deg)
    at_s, xy = straight(12, (speed_m_s * math.sin(turn), speed_m_s * math.cos(turn)))
    motion = mean_motion(at_s, xy, np.repeat(sigma_m**2 * METRE, 12, axis=0))
    assert motion.speed_m_s == pytest.approx(speed_m_s, rel=1e-6)
    assert abs((motion.heading_deg - heading_deg + 180) % 360 - 180) < 1e-4
    # The variance of a slope: the noise's over the sum of squared times around their mean.
    assert motion.speed_sigma_m_s == pytest.approx(sigma_m / math.sqrt(((at_s - at_s.mean()) ** 2).sum()))


def test_an_error_that_grows_along_the_track_stretches_it() -> None:
    """Shared errors of 1 m at the beginning and 3 m a second later: the speed is off by 2 m/s."""
    at_s, xy = straight(11, (0.0, 10.0))
    shared = (1 + 2 * at_s)[:, None, None] ** 2 * METRE
    motion = mean_motion(at_s, xy, np.repeat(1e-6 * METRE, 11, axis=0), shared)
    assert motion.speed_sigma_m_s == pytest.approx(2.0, rel=1e-3)
    constant = mean_motion(at_s, xy, np.repeat(1e-6 * METRE, 11, axis=0), np.repeat(9 * METRE, 11, axis=0))
    assert constant.speed_sigma_m_s < 0.01


def test_too_few_positions_have_no_speed() -> None:
    at_s, xy = straight(2, (5.0, 0.0))
    assert math.isnan(mean_motion(at_s, xy, np.repeat(METRE, 2, axis=0)).speed_m_s)


def crossed(y: list[float], line: list[list[float]], sigma_m: float = 0.1) -> list[Crossing]:
    at_s = np.arange(len(y), dtype=float)
    xy = np.column_stack([np.full(len(y), 5.0), y])
    return crossings(at_s, xy, np.repeat(sigma_m**2 * METRE, len(y), axis=0), np.array(line))


def test_a_crossing_has_a_moment_and_a_direction() -> None:
    eastwards, westwards = [[0.0, 3.0], [10.0, 3.0]], [[10.0, 3.0], [0.0, 3.0]]
    assert crossed([0, 2, 4, 6], eastwards) == [Crossing(1.5, -1)]
    assert crossed([0, 2, 4, 6], westwards) == [Crossing(1.5, 1)]
    assert [one.direction for one in crossed([0, 4, 0, 4], eastwards)] == [-1, 1, -1]


def test_passing_beside_the_line_is_no_crossing() -> None:
    assert crossed([0, 2, 4, 6], [[6.0, 3.0], [10.0, 3.0]]) == []


def test_trembling_on_the_line_is_one_crossing_at_most() -> None:
    line = [[0.0, 3.0], [10.0, 3.0]]
    waits = [0.0, 2.9, 3.05, 2.95, 3.06, 2.97, 6.0]
    assert [one.direction for one in crossed(waits, line)] == [-1]
    assert crossed([0.0, 2.9, 3.05, 2.95, 0.0], line) == []
