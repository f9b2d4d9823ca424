"""Bandwidths against their definitions written out, and how they scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from gis_core.analysis import bandwidth
from gis_core.analysis.bandwidth import (
    cross_validated_bandwidth,
    leave_one_out_likelihood,
    silverman_bandwidth,
)
from gis_core.errors import InvalidParameterError


def cloud(count: int, sigma_m: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, sigma_m, count), rng.normal(0, sigma_m, count), np.ones(count)


def written_out(x: np.ndarray, y: np.ndarray, weights: np.ndarray, h: float) -> float:
    """The definition by scipy's normal density, one point left out after the other."""
    places = np.column_stack([x, y])
    likelihood = 0.0
    for i, place in enumerate(places):
        others = np.delete(np.arange(len(x)), i)
        kernels = multivariate_normal.pdf(places[others], mean=place, cov=h**2 * np.eye(2))
        likelihood += weights[i] * math.log(np.dot(weights[others], kernels) / weights[others].sum())
    return likelihood


def test_silverman_by_hand() -> None:
    # Four points at the corners of a square of 200 m: a variance of 10 000 m² along each axis.
    x, y = np.array([0.0, 200.0, 0.0, 200.0]), np.array([0.0, 0.0, 200.0, 200.0])
    assert silverman_bandwidth(x, y, np.ones(4)) == pytest.approx(100 * 4 ** (-1 / 6))
    # A weight of two on each is the same four points; two weights that differ are fewer.
    assert silverman_bandwidth(x, y, np.full(4, 2.0)) == pytest.approx(100 * 4 ** (-1 / 6))
    assert silverman_bandwidth(x, y, np.array([1.0, 0, 0, 1.0])) == pytest.approx(100 * 2 ** (-1 / 6))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(0.1, 5)), min_size=3, max_size=12),
    st.floats(50, 400),
)
def test_the_likelihood_is_its_definition(points: list[tuple[float, float, float]], h: float) -> None:
    x, y, weights = np.array(points).T
    assert leave_one_out_likelihood(x, y, weights, h) == pytest.approx(
        written_out(x, y, weights, h), rel=1e-9
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cross_validation_finds_what_trying_every_bandwidth_finds(seed: int) -> None:
    x, y, weights = cloud(60, 300.0, seed)
    x[:20] += 2_000  # two towns
    tried = np.geomspace(20, 2_000, 400)
    best = tried[np.argmax([written_out(x, y, weights, h) for h in tried[::8]]) * 8]
    around = np.geomspace(best / 1.2, best * 1.2, 60)
    exact = around[np.argmax([written_out(x, y, weights, h) for h in around])]
    assert cross_validated_bandwidth(x, y, weights, least_m=10.0) == pytest.approx(exact, rel=0.01)


def test_it_keeps_to_the_least_and_scales_with_the_map() -> None:
    x, y, weights = cloud(80, 100.0)
    found = cross_validated_bandwidth(x, y, weights, least_m=1.0)
    assert cross_validated_bandwidth(7 * x, 7 * y, weights, least_m=7.0) == pytest.approx(7 * found, rel=0.01)
    assert cross_validated_bandwidth(x, y, weights, least_m=found + 20) == pytest.approx(found + 20, rel=0.01)
    assert cross_validated_bandwidth(x, y, weights, least_m=1e6) == 1e6


def test_of_many_points_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, weights = cloud(1_200, 500.0)
    whole = cross_validated_bandwidth(x, y, weights, least_m=10.0)
    monkeypatch.setattr(bandwidth, "MOST_POINTS", 300)
    drawn = cross_validated_bandwidth(x, y, weights, least_m=10.0)
    assert drawn == pytest.approx(whole, rel=0.3)
    assert drawn == cross_validated_bandwidth(x, y, weights, least_m=10.0)


def test_a_point_out_of_reach_is_impossible() -> None:
    x, y, weights = np.array([0.0, 1.0, 1e6]), np.zeros(3), np.ones(3)
    assert leave_one_out_likelihood(x, y, weights, 1.0) == -math.inf


def test_nothing_to_go_by_is_refused() -> None:
    same = np.zeros(5)
    with pytest.raises(InvalidParameterError, match="all points lie at one place"):
        silverman_bandwidth(same, same, np.ones(5))
    with pytest.raises(InvalidParameterError, match="no point counts"):
        silverman_bandwidth(same, same, same)
