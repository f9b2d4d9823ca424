"""Planar kernel density of ten million points: against one bincount and one Gaussian filter.

The reference is what cannot be done without: it is given the cell of each point, and has
neither a border to cut off nor any share of a neighbouring cell to work out.
"""

from __future__ import annotations

import time

import numpy as np
from scipy.ndimage import gaussian_filter

from gis_core.analysis.density import TRUNCATE, kernel_density
from gis_core.types import Bounds

_POINTS = 10_000_000
_CELLS = 2_000
_CELL_M, _BANDWIDTH_M = 10.0, 50.0
_REPEATS = 7
_TARGET = 1.3


def run() -> None:
    """Print how many times as long the density takes as its floor."""
    random = np.random.default_rng(2710)
    side_m = _CELLS * _CELL_M
    bounds = Bounds(0.0, 0.0, side_m, side_m)
    x, y = random.uniform(0.0, side_m, _POINTS), random.uniform(0.0, side_m, _POINTS)
    weights = random.uniform(0.5, 1.0, _POINTS)
    cell = np.floor((side_m - y) / _CELL_M).astype(np.int64) * _CELLS + np.floor(x / _CELL_M).astype(np.int64)
    kernel_density(x[:9], y[:9], weights[:9], bounds=bounds, cell_m=_CELL_M, bandwidth_m=_BANDWIDTH_M)
    ours_s, floor_s = [], []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        density = kernel_density(x, y, weights, bounds=bounds, cell_m=_CELL_M, bandwidth_m=_BANDWIDTH_M)
        ours_s.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        counts = np.bincount(cell, weights, _CELLS**2).reshape(_CELLS, _CELLS)
        reference = gaussian_filter(counts, _BANDWIDTH_M / _CELL_M, mode="constant", truncate=TRUNCATE)
        floor_s.append(time.perf_counter() - begun)
    reference_km2 = reference * (1e6 / _CELL_M**2)
    if np.abs(density - reference_km2).max() > 0.02 * reference_km2.max():
        raise RuntimeError("the two do not agree")
    # The shortest of each: the long memory traffic of either suffers most from what else runs.
    ours, floor = min(ours_s), min(floor_s)
    print(
        f"BENCH planar-density ratio={ours / floor:.2f} target={_TARGET} (at most) {_POINTS:,} points on "
        f"{_CELLS}² cells in {ours:.2f} s, bincount and gaussian_filter alone in {floor:.2f} s",
        flush=True,
    )
