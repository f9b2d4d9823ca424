"""Flow directions: down the steepest way (D8, O'Callaghan & Mark 1984), over a flat by the shortest."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.analysis.hydrology_grid import CODES, DOWN, NO_DIRECTION, NO_LAND, OUTLET, RIGHT, SHORE
from gis_core.types import BoolArray

_UNDECIDED = 255
_STRAIGHT_FIRST = np.array([1, 3, 4, 6, 0, 2, 5, 7], dtype=np.int32)
_SQRT2 = float(np.sqrt(2.0))


def flow_directions(
    filled_m: NDArray[np.float32], kinds: NDArray[np.uint8], sea: BoolArray
) -> NDArray[np.uint8]:
    """D8 codes of a filled terrain.

    Water runs to the neighbour down the steepest way; of several equally steep, to the first from the
    north-west. The sea's level is 0. Where nothing beside is lower, it leaves at the shore, and
    elsewhere crosses the flat by the fewest cells to where the flat is left. So no cycle can arise.

    Args:
        filled_m: elevation without depressions, NaN where there is no land, shape (rows, columns).
        kinds: ``NO_LAND``, ``INLAND`` or ``SHORE``, shape (rows, columns).
        sea: open water, shape (rows, columns).

    Returns:
        ESRI's codes, shape (rows, columns), ``OUTLET`` where water leaves, ``NO_DIRECTION`` off the land.
    """
    directions, flats = _steepest(filled_m, kinds, sea)
    _flow_over_flats(filled_m.ravel(), directions.ravel(), filled_m.shape[1], flats)
    return np.asarray(directions)


def _steepest_descent(
    filled_m: NDArray[np.float32], kinds: NDArray[np.uint8], sea: BoolArray
) -> tuple[NDArray[np.uint8], int]:
    """The codes, and of how many cells the direction is left open."""
    rows, columns = filled_m.shape
    directions = np.empty(filled_m.shape, dtype=np.uint8)
    undecided = 0
    for row in range(rows):
        for column in range(columns):
            kind = kinds[row, column]
            if kind == NO_LAND:
                directions[row, column] = NO_DIRECTION
                continue
            here, best = filled_m[row, column], 0.0
            code = np.uint8(OUTLET)
            for k in range(8):
                r, c = row + DOWN[k], column + RIGHT[k]
                if kind == SHORE and (r < 0 or c < 0 or r >= rows or c >= columns):
                    continue
                at_sea = kind == SHORE and sea[r, c]
                slope = float(here if at_sea else here - filled_m[r, c])
                if DOWN[k] != 0 and RIGHT[k] != 0:
                    slope /= _SQRT2
                if slope > best:  # never where there is neither land nor sea: NaN
                    best, code = slope, np.uint8(OUTLET) if at_sea else CODES[k]
            if best == 0.0 and kind != SHORE:
                code = np.uint8(_UNDECIDED)
                undecided += 1
            directions[row, column] = code
    return directions, undecided


def _cross_flats(
    filled_m: NDArray[np.float32], directions: NDArray[np.uint8], columns: int, undecided: int
) -> None:
    """Decide the rest in place, in rings around the cells at which the flats are left.

    What is undecided lies inland, so that each such cell has its eight neighbours on the grid.
    """
    steps = (DOWN * columns + RIGHT).astype(np.int32)
    queue, first_codes = np.empty(undecided, dtype=np.int32), np.empty(undecided, dtype=np.uint8)
    found = 0
    for cell in range(directions.size):
        if directions[cell] != _UNDECIDED:
            continue
        for k in _STRAIGHT_FIRST:
            beside = cell + steps[k]
            if directions[beside] < _UNDECIDED and filled_m[beside] == filled_m[cell]:
                queue[found], first_codes[found] = cell, CODES[k]
                found += 1
                break
    # Only now: within the search a first cell must not pass for an exit of the flat.
    for index in range(found):
        directions[queue[index]] = first_codes[index]
    done = 0
    while done < found:
        cell = queue[done]
        done += 1
        for k in _STRAIGHT_FIRST:
            beside = cell + steps[k]
            if directions[beside] == _UNDECIDED and filled_m[beside] == filled_m[cell]:
                directions[beside] = CODES[7 - k]
                queue[found] = beside
                found += 1


_steepest = njit(cache=True)(_steepest_descent)
_flow_over_flats = njit(cache=True)(_cross_flats)
