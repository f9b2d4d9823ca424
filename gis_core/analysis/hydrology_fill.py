"""Depressions filled to the level at which they spill over.

The result is that of a priority flood over the cells (Wang & Liu 2006; Barnes et al. 2014). Here whole
hollows are joined instead, as in Borůvka's spanning tree (1926): every cell belongs to the hollow that it
runs down to; every hollow fills to its lowest pass and from then on is one with its neighbour beyond; and
so on in rounds until all are joined with what lies around the land. The rounds are few and each goes over
the borders of the hollows alone, where a heap would have to leap all over the terrain.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.analysis.hydrology_grid import DOWN, INLAND, NO_LAND, RIGHT, Cells

_BOTTOM = 8
_NOWHERE = 9
"""In place of the neighbour that a cell runs down to: nothing beside is lower, or it is no land."""

_OUTSIDE = 0
"""In place of a hollow: what lies around the land, and all hollows whose water gets there."""


def fill_depressions(elevation_m: NDArray[np.float32], kinds: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fill every depression to its spill point; the water leaves at the shore.

    Args:
        elevation_m: terrain, finite where there is land, shape (rows, columns).
        kinds: ``NO_LAND``, ``INLAND`` or ``SHORE``, shape (rows, columns).

    Returns:
        The filled elevation, NaN where there is no land, shape (rows, columns). Each level is some cell's
        own and none is computed: where nothing is filled the elevation stays the same to the last bit.
    """
    filled = np.array(elevation_m, dtype=np.float32, order="C")
    filled[kinds == NO_LAND] = np.nan
    towards, hollows = _run_down(filled, kinds)
    hollow_of, cells = _gather(towards)
    _join(filled.ravel(), hollow_of, cells, hollows, filled.shape[0], filled.shape[1])
    return filled


def _lowest_neighbours(
    ground_m: NDArray[np.float32], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], int]:
    """The neighbour that each cell runs down to, and how many have none.

    Of equal elevations that of the smaller index counts as lower, so that a flat has one bottom.
    """
    rows, columns = ground_m.shape
    towards = np.full(ground_m.shape, np.uint8(_NOWHERE), dtype=np.uint8)
    bottoms = 0
    for row in range(rows):
        for column in range(columns):
            kind = kinds[row, column]
            if kind == NO_LAND:
                continue
            lowest, best = ground_m[row, column], np.uint8(_BOTTOM)
            for k in range(8):
                r, c = row + DOWN[k], column + RIGHT[k]
                if kind != INLAND and (r < 0 or c < 0 or r >= rows or c >= columns):
                    continue
                beside = ground_m[r, c]
                if beside < lowest or (beside == lowest and best == _BOTTOM and k < 4):
                    lowest, best = beside, np.uint8(k)
            towards[row, column] = best
            bottoms += best == _BOTTOM
    return towards, bottoms


def _collect_hollows(towards: NDArray[np.uint8]) -> tuple[Cells, Cells]:
    """The hollow of each cell, from 1 and ``_OUTSIDE`` off the land, and the cells hollow by hollow."""
    rows, columns = towards.shape
    size = towards.size
    hollow_of, cells = np.zeros(size, dtype=np.int32), np.empty(size, dtype=np.int32)
    flat = towards.ravel()
    hollow, done = 0, 0
    for bottom in range(size):
        if flat[bottom] != _BOTTOM:
            continue
        hollow += 1
        # Cells yet to be followed wait at the far end: a cell stands in one place only.
        waiting = size - 1
        cells[waiting] = bottom
        while waiting < size:
            cell = cells[waiting]
            waiting += 1
            cells[done] = cell
            done += 1
            hollow_of[cell] = hollow
            row, column = cell // columns, cell % columns
            for k in range(8):
                r, c = row + DOWN[k], column + RIGHT[k]
                if r < 0 or c < 0 or r >= rows or c >= columns:
                    continue
                if towards[r, c] == 7 - k:
                    waiting -= 1
                    cells[waiting] = r * columns + c
    return hollow_of, cells[:done]


def _lowest_passes(  # noqa: PLR0917 - compiled code takes arrays, not objects
    ground_m: NDArray[np.float32], hollow_of: Cells, joined: Cells, border: Cells,
    pass_m: NDArray[np.float32], beyond: Cells, rows: int, columns: int,
) -> int:  # fmt: skip
    """Each joined hollow's lowest pass and the one beyond it; keeps the cells of ``border`` still on one.

    Of equally low passes that to the smaller number counts, the same for both sides: so the ways over
    the lowest passes run in no circle but that of two hollows with the same pass.
    """
    kept = 0
    for cell in border:
        here = joined[hollow_of[cell]]
        if here == _OUTSIDE:
            continue
        row, column = cell // columns, cell % columns
        on_border = False
        for k in range(8):
            r, c = row + DOWN[k], column + RIGHT[k]
            there, over_m = _OUTSIDE, ground_m[cell]
            if r >= 0 and c >= 0 and r < rows and c < columns:
                beside = r * columns + c
                there = joined[hollow_of[beside]]
                if there == here:
                    continue
                if hollow_of[beside] != _OUTSIDE:
                    over_m = max(over_m, ground_m[beside])
            on_border = True
            if over_m < pass_m[here] or (over_m == pass_m[here] and there < beyond[here]):
                pass_m[here], beyond[here] = over_m, there
        if on_border:
            border[kept] = cell
            kept += 1
    return kept


def _join_hollows(  # noqa: PLR0917 - compiled code takes arrays, not objects
    ground_m: NDArray[np.float32], hollow_of: Cells, border: Cells, hollows: int, rows: int, columns: int
) -> None:
    """Raise ``ground_m`` in place to the level at which the hollow of each cell spills over.

    ``border`` holds all cells at first and is used up: every round keeps those still on a border.
    """
    joined = np.arange(hollows + 1).astype(np.int32)
    level_m = np.full(hollows + 1, -np.inf, dtype=np.float32)
    pass_m, beyond = np.empty(hollows + 1, dtype=np.float32), np.empty(hollows + 1, dtype=np.int32)
    on_border = border.size
    while on_border > 0:
        pass_m[:], beyond[:] = np.inf, _OUTSIDE
        on_border = _passes(ground_m, hollow_of, joined, border[:on_border], pass_m, beyond, rows, columns)
        for hollow in range(1, hollows + 1):
            # No member can get away lower than over its own lowest pass.
            if joined[hollow] != _OUTSIDE:
                level_m[hollow] = max(level_m[hollow], pass_m[joined[hollow]])
        for hollow in range(1, hollows + 1):
            # Of two with the same pass, that with the smaller number stands for what they become.
            if joined[hollow] == hollow and beyond[beyond[hollow]] == hollow and hollow < beyond[hollow]:
                beyond[hollow] = hollow
        for hollow in range(1, hollows + 1):
            root = joined[hollow]
            while root != _OUTSIDE and beyond[root] != root:
                root = beyond[root]
            # Shorten the way for those that follow.
            at = joined[hollow]
            while at != root:
                following = beyond[at]
                beyond[at] = root
                at = following
            joined[hollow] = root
    for cell in range(ground_m.size):
        if hollow_of[cell] != _OUTSIDE:
            ground_m[cell] = max(ground_m[cell], level_m[hollow_of[cell]])


_run_down = njit(cache=True)(_lowest_neighbours)
_gather = njit(cache=True)(_collect_hollows)
_passes = njit(cache=True)(_lowest_passes)
_join = njit(cache=True)(_join_hollows)
