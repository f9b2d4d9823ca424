"""Kernel density against the exact sum of kernels, and the mass it must keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.density import grid_shape, kernel_density
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds, FloatArray

BOUNDS = Bounds(0.0, 0.0, 4000.0, 3000.0)
CELL_M, BANDWIDTH_M = 50.0, 250.0
PEAK_PER_KM2 = 1e6 / (2 * np.pi * BANDWIDTH_M**2)


def exact_density(x: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """The sum of Gaussian kernels at the cell centres, written out."""
    rows, columns = grid_shape(BOUNDS, CELL_M)
    centre_x = BOUNDS.west + (np.arange(columns) + 0.5) * CELL_M
    centre_y = BOUNDS.north - (np.arange(rows) + 0.5) * CELL_M
    total = np.zeros((rows, columns))
    for point_x, point_y, weight in zip(x, y, weights, strict=True):
        squared = (centre_x[None, :] - point_x) ** 2 + (centre_y[:, None] - point_y) ** 2
        total += weight * np.exp(-squared / (2 * BANDWIDTH_M**2)) / (2 * np.pi * BANDWIDTH_M**2)
    return total * 1e6


def density(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    weights = np.ones(len(x)) if weights is None else weights
    return kernel_density(x, y, weights, bounds=BOUNDS, cell_m=CELL_M, bandwidth_m=BANDWIDTH_M)


def test_many_points_are_within_half_a_percent_of_the_exact_sum() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(2000, 500, 4000), rng.normal(1500, 400, 4000)
    weights = rng.uniform(0.5, 2, 4000)
    exact = exact_density(x, y, weights)
    assert np.abs(density(x, y, weights) - exact).max() < 0.005 * exact.max()


def test_one_point_at_a_cell_centre_has_the_height_of_the_kernel() -> None:
    found = density(np.array([2025.0]), np.array([1525.0]))

    row, column = np.unravel_index(found.argmax(), found.shape)
    assert (row, column) == (29, 40)
    assert found.max() == pytest.approx(PEAK_PER_KM2, rel=0.005)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1100, 2900), st.floats(1100, 1900), st.floats(0, 10)), min_size=1, max_size=30
    )
)
def test_mass_is_kept_away_from_the_edge(points: list[tuple[float, float, float]]) -> None:
    x, y, weights = np.array(points).T
    mass = density(x, y, weights).sum() * CELL_M**2 / 1e6
    assert mass == pytest.approx(weights.sum(), rel=1e-6, abs=1e-12)


def test_points_just_outside_reach_in_and_those_far_outside_do_not() -> None:
    just_west, far_west = (
        density(np.array([-1.0]), np.array([1500.0])),
        density(np.array([-1051.0]), np.array([1500.0])),
    )
    mass = just_west.sum() * CELL_M**2 / 1e6
    # The part of the kernel that lies more than 1 m east of its middle.
    assert mass == pytest.approx(0.498, abs=0.002)
    assert just_west[:, 0].max() > just_west[:, 1].max()
    assert far_west.max() == 0


def test_adding_two_sets_of_points_adds_their_densities() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 4000, 50), rng.uniform(0, 3000, 50)
    together = density(x, y)
    np.testing.assert_allclose(
        together, density(x[:20], y[:20]) + density(x[20:], y[20:]), rtol=1e-9, atol=1e-12
    )


def test_no_points_give_an_empty_grid() -> None:
    found = density(np.array([]), np.array([]))
    assert found.shape == (60, 80)
    assert found.max() == 0


def test_a_cell_too_coarse_for_the_bandwidth_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="more than a fifth of the bandwidth"):
        kernel_density(
            np.array([0.0]), np.array([0.0]), np.array([1.0]), bounds=BOUNDS, cell_m=60.0, bandwidth_m=250.0
        )


@pytest.mark.parametrize(("width_m", "columns"), [(100.0, 2), (101.0, 3), (0.0, 1)])
def test_the_grid_covers_its_bounds(width_m: float, columns: int) -> None:
    assert grid_shape(Bounds(0, 0, width_m, 50), 50.0) == (1, columns)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 4000), st.floats(0, 3000), st.floats(0.1, 10)), min_size=1, max_size=12)
)
def test_few_points_anywhere_in_their_cells_err_no_more(points: list[tuple[float, float, float]]) -> None:
    x, y, weights = np.array(points).T
    exact = exact_density(x, y, weights)
    # What all points in the worst place of their cells can do, and the kernel's end.
    assert np.abs(density(x, y, weights) - exact).max() < 0.0055 * weights.sum() * PEAK_PER_KM2


def test_points_without_a_position_count_nowhere_and_a_grid_has_its_limit() -> None:
    assert density(np.array([np.nan, 1e30]), np.array([10.0, np.inf])).max() == 0
    with pytest.raises(InvalidParameterError, match="makes a grid of"):
        kernel_density(*np.zeros((3, 1)), bounds=Bounds(0, 0, 1e6, 1e6), cell_m=1.0, bandwidth_m=5.0)


@pytest.mark.parametrize("rows", [1, 7, 64, 1000])
def test_blocks_of_any_height_give_the_same_bits(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2710)
    x, y = random.uniform(0, 4000, (2, 500))
    bounds = Bounds(0, 0, 4000, 4000)
    whole = kernel_density(x, y, np.ones(500), bounds=bounds, cell_m=20, bandwidth_m=150)
    monkeypatch.setattr("gis_core.analysis.density._BLOCK_ROWS", rows)
    asked = []

    def each(work: Callable[[FloatArray], FloatArray], blocks: Sequence[FloatArray]) -> list[FloatArray]:
        asked.append(len(blocks))
        return [work(block.copy()) for block in blocks]

    parts = kernel_density(x, y, np.ones(500), bounds=bounds, cell_m=20, bandwidth_m=150, each=each)
    assert asked == [-(-200 // rows)]
    np.testing.assert_array_equal(parts, whole)
