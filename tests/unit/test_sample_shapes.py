"""The tools of the simulated province: grids, curves, drained relief, the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.types import Bounds
from layers.sample.clock import hour_of, hours_since_start, instants
from layers.sample.grid import ElevationGrid, Grid
from layers.sample.places import places
from layers.sample.relief import drained_relief
from layers.sample.shapes import curve, falling, slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Phú Ốc", "phu-oc"), ("Đan Điền", "dan-dien"), ("Chân Mây - Lăng Cô", "chan-may-lang-co")],
)
def test_slug_drops_the_marks(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_places_are_read_from_lines_and_semicolons() -> None:
    assert places("A Lưới 1 107.1 16.3; Huế 107.6 16.4\nSịa 107.5 16.6") == [
        ("A Lưới 1", 107.1, 16.3),
        ("Huế", 107.6, 16.4),
        ("Sịa", 107.5, 16.6),
    ]


def test_grid_covers_the_bounds_in_whole_multiples() -> None:
    grid = Grid.covering(Bounds(107.0, 16.0, 107.1, 16.1), 60, multiple=4)
    assert (grid.rows % 4, grid.cols % 4) == (0, 0)
    # A tenth of a degree is 10.7 km by 11.07 km here.
    assert grid.cols * 60 == pytest.approx(10_700, abs=360)
    assert grid.rows * 60 == pytest.approx(11_070, abs=360)


def test_grid_finds_the_cell_of_a_position() -> None:
    grid = Grid(west_m=1000, north_m=500, cell_m=10, rows=3, cols=4)
    terrain = ElevationGrid(grid, np.arange(12, dtype="float32").reshape(3, 4))
    assert terrain.sample(np.array([1000.0, 1039.9, 1015.0]), np.array([500.0, 470.1, 485.0])).tolist() == [
        0,
        11,
        5,
    ]


def test_refined_plane_is_the_plane() -> None:
    fine = Grid(west_m=0, north_m=800, cell_m=10, rows=80, cols=60)
    coarse = fine.coarser(2)
    plane = 3 + 0.1 * coarse.x[None, :] - 0.2 * coarse.y[:, None]
    refined = fine.refine(plane, coarse)
    # The outermost half of a coarse cell lies beyond its centres, where the edge value goes on.
    inside = refined[1:-1, 1:-1]
    assert np.allclose(inside, (3 + 0.1 * fine.x[None, :] - 0.2 * fine.y[:, None])[1:-1, 1:-1])


def test_noise_is_the_same_for_the_same_generator() -> None:
    grid = Grid(west_m=0, north_m=6000, cell_m=60, rows=100, cols=100)
    first, second = (grid.noise(600, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert 0.4 < first.std() < 1.3


points = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=8, unique=True).map(
    lambda pairs: np.array(pairs, float) * 500
)


@given(points)
def test_curve_passes_through_every_given_point(given_points: np.ndarray) -> None:
    line, distance = curve(given_points, step_m=60)
    assert np.all(np.diff(distance) > 0)
    assert distance.max() == pytest.approx(np.hypot(*np.diff(given_points, axis=0).T).sum())
    for point in given_points:
        assert np.hypot(*(line - point).T).min() < 1e-6


@given(st.lists(st.integers(0, 100_000), min_size=2, max_size=8, unique=True))
def test_bed_never_rises(levels_cm: list[int]) -> None:
    bed_m = np.sort(levels_cm)[::-1] / 100
    chord = np.arange(bed_m.size) * 1000.0
    between = falling(chord, bed_m, np.linspace(0, chord[-1], 500))
    assert np.all(np.diff(between) <= 1e-9)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(6, 24), st.integers(6, 24))
def test_relief_leads_every_cell_to_an_outlet(seed: int, rows: int, cols: int) -> None:
    rng = np.random.default_rng(seed)
    outlets = np.zeros((rows, cols), bool)
    outlets[-1, :] = True
    upland = ~outlets
    relief, outlet = drained_relief(upland, outlets, np.exp(rng.standard_normal((rows, cols))), 100, 500)
    assert outlets.ravel()[outlet].all()
    assert (relief[upland] > 0).all()
    assert (relief[outlets] == 0).all()
    assert np.isfinite(relief).all()


def test_clock_is_half_open_and_utc() -> None:
    at = instants(3600)
    assert len(at) == 14 * 24
    assert at[0] == datetime(2025, 10, 13, 17, tzinfo=UTC)
    assert at[-1] == datetime(2025, 10, 27, 16, tzinfo=UTC)
    assert hours_since_start(at)[[0, 1, -1]].tolist() == [0, 1, 335]
    assert hour_of("2025-10-15T06:30") == 30.5
