"""The drainage beside independent implementations: pyflwdir's, and steepest descent by whole arrays."""

from __future__ import annotations

import numpy as np
import pyflwdir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from pyflwdir import dem
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter, zoom

from gis_core.analysis.hydrology import Drainage, derive_drainage, open_water

CELL_M = 1000.0

height_above_drain = njit(dem.height_above_nearest_drain)
"""pyflwdir's, which is plain Python."""


def rough(seed: int, *, smooth: float, step: float) -> np.ndarray:
    """Hills with hollows and flats in multiples of ``step``, a twentieth of them unknown."""
    draw = np.random.default_rng(seed)
    hills = gaussian_filter(draw.normal(size=(40, 47)), smooth)
    elevation = (np.round(hills / hills.std() * 20 / step) * step).astype(np.float32)
    elevation[gaussian_filter(draw.normal(size=elevation.shape), 2) > 0.22] = np.nan
    elevation[20, 20] = 0.0
    return elevation


terrains = st.builds(
    rough, st.integers(0, 10_000), smooth=st.sampled_from([0.0, 1.0, 3.0]), step=st.sampled_from([0.25, 4.0])
)


def derived(elevation: np.ndarray) -> Drainage:
    return derive_drainage(elevation, CELL_M, np.zeros(elevation.shape, dtype=bool))


@settings(max_examples=60, deadline=None)
@given(terrains)
def test_depressions_are_filled_as_a_priority_flood_fills_them(elevation: np.ndarray) -> None:
    filled, _ = dem.fill_depressions(elevation, nodata=np.nan)
    # Quarters of a metre, which the reference adds without rounding: equal to the last bit.
    np.testing.assert_array_equal(derived(elevation).filled_m, filled)


def slopes(filled: np.ndarray) -> np.ndarray:
    """Slope towards each neighbour from the north-west on, -inf for none, shape (8, rows, columns)."""
    padded = np.pad(filled.astype(np.float64), 1, constant_values=np.nan)
    rows, columns = filled.shape
    towards = [
        (filled - padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]) / np.hypot(down, right)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if (down, right) != (0, 0)
    ]
    return np.nan_to_num(np.stack(towards), nan=-np.inf)


@settings(max_examples=60, deadline=None)
@given(terrains)
def test_every_cell_that_has_a_way_down_takes_the_steepest(elevation: np.ndarray) -> None:
    drainage = derived(elevation)
    slope = slopes(drainage.filled_m)
    falls = slope.max(axis=0) > 0
    assert falls.any()
    codes = np.array([32, 64, 128, 16, 1, 8, 4, 2], dtype=np.uint8)
    np.testing.assert_array_equal(drainage.directions[falls], codes[slope.argmax(axis=0)][falls])
    flat = np.isfinite(drainage.filled_m) & ~falls & (drainage.directions != 0)
    below = drainage.downstream.reshape(drainage.shape)[flat]
    np.testing.assert_array_equal(drainage.filled_m.ravel()[below], drainage.filled_m[flat])


@settings(max_examples=60, deadline=None)
@given(terrains)
def test_area_basins_and_hand_are_those_of_pyflwdir_on_the_same_directions(elevation: np.ndarray) -> None:
    drainage = derived(elevation)
    land = np.isfinite(drainage.filled_m)
    network = pyflwdir.from_array(drainage.directions, ftype="d8", check_ftype=False)
    area = network.upstream_area("cell")
    np.testing.assert_array_equal(drainage.area_km2[land], area[land])
    streams = (area >= 9) & land
    np.testing.assert_array_equal(drainage.streams(9.0), streams)
    np.testing.assert_array_equal(drainage.basins(), np.where(land, network.basins(), 0))
    hand = height_above_drain(
        network.idxs_ds, network.idxs_seq, streams.ravel(), drainage.filled_m.ravel()
    ).reshape(land.shape)
    np.testing.assert_array_equal(drainage.hand(streams)[land], hand[land])


@settings(max_examples=60, deadline=None)
@given(terrains, st.integers(1, 6))
def test_open_water_is_the_opening_by_a_disc(elevation: np.ndarray, radius_cells: int) -> None:
    wide = gaussian_filter(np.nan_to_num(elevation, nan=5.0), 2).astype(np.float32)
    wide[0, 0] = 5.0
    span = np.arange(-radius_cells, radius_cells + 1)
    disc = np.add.outer(span**2, span**2) <= radius_cells**2
    # Beyond the edge the water may go on.
    core = binary_erosion(wide <= 0, disc, border_value=1)
    expected = binary_dilation(core, disc)
    found = open_water(wide, CELL_M, width_m=2 * radius_cells * CELL_M)
    np.testing.assert_array_equal(found, expected)


def test_the_drainage_of_hills_is_like_that_of_pyflwdirs_own_directions() -> None:
    """Those take the lowest neighbour and cross flats as its heap went: alike, and not the same.

    A lower neighbour across the corner attracts water that the steeper way beside it would take, and a
    quarter of this terrain is filled. So lines run a cell or two beside each other, while divides lie
    where they lay, and so do the basins and the low ground along the streams.
    """
    elevation = fractal_hills(300)
    drainage = derived(elevation)
    filled, codes = dem.fill_depressions(elevation, nodata=np.nan)
    network = pyflwdir.from_array(codes, ftype="d8", check_ftype=False)
    streams, ours = network.upstream_area("cell") >= 200, drainage.streams(200.0)
    assert near(ours, streams) > 0.75
    numbers, others = drainage.basins(), network.basins()
    largest = np.argsort(np.bincount(numbers.ravel()))[-5:]
    assert min(basin_shared(numbers == number, others) for number in largest) > 0.95
    height = height_above_drain(network.idxs_ds, network.idxs_seq, streams.ravel(), filled.ravel())
    assert shared(drainage.hand(ours) <= 10, height.reshape(streams.shape) <= 10) > 0.95


def fractal_hills(size: int) -> np.ndarray:
    """Hills of every size, those half as wide about half as high."""
    draw = np.random.default_rng(7)
    elevation = np.zeros((size, size), dtype=np.float32)
    nodes = 4
    while nodes < size:
        rough_m = draw.normal(size=(nodes, nodes)) * 300 * (4 / nodes) ** 0.9
        elevation += zoom(rough_m, size / nodes, order=1, grid_mode=True, mode="nearest")
        nodes *= 2
    return elevation


def near(lines: np.ndarray, others: np.ndarray) -> float:
    """Share of some lines that lies within a cell of the others."""
    return float((lines & binary_dilation(others, np.ones((3, 3)))).sum() / lines.sum())


def shared(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((first & second).sum() / (first | second).sum())


def basin_shared(basin: np.ndarray, others: np.ndarray) -> float:
    """Intersection over union of a basin and the one of the others that it holds most of."""
    return shared(basin, others == np.bincount(others[basin].astype(np.int64)).argmax())


def test_the_measure_of_agreement_itself() -> None:
    left, upper = np.zeros((2, 2), dtype=bool), np.zeros((2, 2), dtype=bool)
    left[:, 0] = upper[0] = True
    assert shared(left, upper) == pytest.approx(1 / 3)
    assert basin_shared(left, np.array([[5, 5], [5, 6]])) == pytest.approx(2 / 3)
