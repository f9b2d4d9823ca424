"""Rain that ponds: how much of it stands in the closed depressions of a terrain, and how deep.

Each depression of the terrain (where filling raised it) takes the runoff of the land that
drains to it first. It fills from its lowest cell up, level as standing water is; what is
more than it holds spills over its rim to the next depression below. So the water that ponds
is never more than ran off. The way of filling is that of fill-and-spill models (for example
Barnes, Callaghan & Wickert 2020), without their merging of neighbours that fill each other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.ndimage import label

from gis_core.analysis.flood import MAX_HOLLOW_M
from gis_core.analysis.hydrology import Drainage, Elevation
from gis_core.types import BoolArray, FloatArray, IntArray

LEAST_HOLLOW_M = 0.02
"""Shallower depressions are within the rounding of terrain models."""

DEEPEST_HOLLOW_M = 3.0
"""A deeper one is a reservoir, a quarry or an error of the terrain: rain does not flood it."""

_EIGHT = np.ones((3, 3), dtype=bool)
_M3_PER_MM_M2 = 1e-3


def ponded_depth(
    drainage: Drainage, streams: BoolArray, rain_mm: FloatArray, runoff_coefficient: float
) -> Elevation:
    """Depth of the rain that stands in depressions.

    A depression that a stream runs through is drained by it and holds none, nor does one deeper than
    ``DEEPEST_HOLLOW_M``; of one deeper than ``MAX_HOLLOW_M`` only so much is believed.

    Args:
        drainage: the terrain's drainage.
        streams: its stream cells, shape (rows, columns).
        rain_mm: rain of the event, shape (rows, columns), not negative; NaN counts as none.
        runoff_coefficient: share of the rain that runs off, 0 to 1.

    Returns:
        Metres, shape (rows, columns): 0 where dry, NaN in the sea and outside. Its sum over the
        cells times their area is at most the volume of the rain.
    """
    land = np.isfinite(drainage.filled_m)
    hollow = land & (drainage.filled_m - drainage.elevation_m > LEAST_HOLLOW_M)
    ground_m = np.maximum(drainage.elevation_m, drainage.filled_m - np.float32(MAX_HOLLOW_M))
    # Depressions side by side with rims of different height are different ones.
    named, count = _pools(hollow, drainage.filled_m)
    deepest_m = np.zeros(count + 1)
    np.maximum.at(deepest_m, named[hollow], (drainage.filled_m - drainage.elevation_m)[hollow])
    left_out = deepest_m > DEEPEST_HOLLOW_M
    left_out[named[streams]] = True
    named[left_out[named]] = 0
    depth = np.where(land, np.float32(0), np.float32(np.nan))
    if not named.any():
        return depth
    pool = named.ravel()
    taken_by = _first_pool(drainage.downstream, drainage.order, pool)
    runoff = np.nan_to_num(np.maximum(rain_mm, 0.0), nan=0.0).ravel() * _M3_PER_MM_M2 * runoff_coefficient
    area_m2 = drainage.cell_m**2
    volume_m3, holds_m3 = np.zeros(count + 1), np.zeros(count + 1)
    np.add.at(volume_m3, taken_by[drainage.order], runoff[drainage.order] * area_m2)
    cells = np.flatnonzero(pool)
    # By pool, and in it from the lowest cell up.
    cells = cells[np.lexsort((ground_m.ravel()[cells], pool[cells]))]
    begins = np.searchsorted(pool[cells], np.arange(count + 2))
    np.add.at(holds_m3, pool[cells], (drainage.filled_m - ground_m).ravel()[cells] * area_m2)
    _spill(volume_m3, holds_m3, drainage.downstream, drainage.order, pool, taken_by)
    levels = _pool_levels(volume_m3 / area_m2, begins, ground_m.ravel()[cells].astype(np.float64))
    stands = levels[pool[cells]] - ground_m.ravel()[cells]
    # Single precision must not round what stands up above what came.
    depth.ravel()[cells] = np.nextafter(np.maximum(stands, 0.0).astype(np.float32), np.float32(0))
    return depth


def _pools(hollow: BoolArray, filled_m: Elevation) -> tuple[IntArray, int]:
    """Depressions numbered from 1 (0 elsewhere), shape as given: joined cells filled to one level."""
    regions, count = label(hollow, _EIGHT)
    inside = np.flatnonzero(regions)
    levels = np.round(filled_m.ravel()[inside].astype(np.float64), 3)
    pairs = np.stack([regions.ravel()[inside].astype(np.float64), levels])
    _, number = np.unique(pairs, axis=1, return_inverse=True)
    named = np.zeros(hollow.size, dtype=np.int64)
    named[inside] = number.ravel() + 1
    return named.reshape(hollow.shape), int(number.max(initial=-1)) + 1 if count else 0


def _walk_to_pool(downstream: IntArray, order: IntArray, pool: IntArray) -> IntArray:
    """The first depression on each cell's way down, its own if it lies in one; 0 where there is none."""
    found = np.zeros(downstream.size, dtype=np.int64)
    for cell in order:
        below = downstream[cell]
        if pool[cell] > 0:
            found[cell] = pool[cell]
        elif below != cell:
            found[cell] = found[below]
    return found


def _spill_down(  # noqa: PLR0917 - compiled code takes its arguments by position
    volume_m3: FloatArray,
    holds_m3: FloatArray,
    downstream: IntArray,
    order: IntArray,
    pool: IntArray,
    taken_by: IntArray,
) -> None:
    """Pass what is more than each depression holds to the next one below, from the highest down, in place."""
    last = np.full(volume_m3.size, -1, dtype=np.int64)
    place = np.full(volume_m3.size, -1, dtype=np.int64)
    for index in range(order.size):
        cell = order[index]
        at = pool[cell]
        # In the order of the cells the first of a depression is where its water leaves.
        if at > 0 and last[at] < 0:
            last[at], place[at] = cell, index
    for at in np.argsort(-place):
        if at == 0 or last[at] < 0:
            continue
        excess = volume_m3[at] - holds_m3[at]
        if excess <= 0:
            continue
        volume_m3[at] = holds_m3[at]
        below = downstream[last[at]]
        following = taken_by[below]
        if below != last[at] and following > 0 and following != at and place[following] < place[at]:
            volume_m3[following] += excess


def _levels(volume: FloatArray, begins: IntArray, ground_m: FloatArray) -> FloatArray:
    """Level at which each depression holds its volume (m³ per m² of a cell); cells are sorted upwards."""
    levels = np.full(volume.size, -np.inf)
    for at in range(1, volume.size):
        first, end = begins[at], begins[at + 1]
        if end == first:
            continue
        total = 0.0
        for count in range(1, end - first + 1):
            total += ground_m[first + count - 1]
            level = (volume[at] + total) / count
            if first + count == end or level <= ground_m[first + count]:
                levels[at] = level
                break
    return levels


_first_pool = njit(cache=True)(_walk_to_pool)
_spill = njit(cache=True)(_spill_down)
_pool_levels = njit(cache=True)(_levels)
