"""Walks over a drainage network: its order, what gathers downstream, and what lies below a cell."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.analysis.hydrology_grid import CODES, DOWN, NO_DIRECTION, OUTLET, RIGHT, Cells
from gis_core.types import BoolArray, FloatArray

_STEP_OF_CODE = np.full(256, -1, dtype=np.int32)
_STEP_OF_CODE[CODES] = np.arange(8)


def network(directions: NDArray[np.uint8]) -> tuple[Cells, Cells]:
    """Where each cell drains to, and the order in which water can be followed upstream.

    Args:
        directions: ESRI's D8 codes, shape (rows, columns).

    Returns:
        ``downstream``: flat index of the next cell, itself at an outlet, -1 where there is no direction
        and where a way ends in a circle. ``order``: the other cells, basin by basin, each after the
        one that it drains to. A cell whose code leads off the land, or is none of ESRI's, is an outlet.
    """
    rows, columns = directions.shape
    downstream, order, count = _climb(directions.ravel(), rows, columns, _STEP_OF_CODE)
    return downstream, order[:count]


def _climb_basins(
    directions: NDArray[np.uint8], rows: int, columns: int, step_of_code: NDArray[np.int32]
) -> tuple[Cells, Cells, int]:
    size = directions.size
    downstream, order = np.full(size, -1, dtype=np.int32), np.empty(size, dtype=np.int32)
    done = 0
    for outlet in range(size):
        code = directions[outlet]
        if code == NO_DIRECTION:
            continue
        if code != OUTLET:
            step = step_of_code[code]
            if step >= 0:
                row, column = outlet // columns + DOWN[step], outlet % columns + RIGHT[step]
                within = row >= 0 and column >= 0 and row < rows and column < columns
                if within and directions[row * columns + column] != NO_DIRECTION:
                    continue
        downstream[outlet] = outlet
        # Cells yet to be followed wait at the far end of the order: a cell stands in one place only.
        waiting = size - 1
        order[waiting] = outlet
        while waiting < size:
            cell = order[waiting]
            waiting += 1
            order[done] = cell
            done += 1
            row, column = cell // columns, cell % columns
            for k in range(8):
                r, c = row + DOWN[k], column + RIGHT[k]
                if r < 0 or c < 0 or r >= rows or c >= columns:
                    continue
                beside = r * columns + c
                if directions[beside] == CODES[7 - k]:
                    downstream[beside] = cell
                    waiting -= 1
                    order[waiting] = beside
    return downstream, order, done


def _gather(downstream: Cells, order: Cells, cell_area: float) -> NDArray[np.float32]:
    """Area that drains through each cell, its own included; NaN where there is no land."""
    # Counted in whole cells: above 16 million a float32 would no longer grow by one.
    count = np.zeros(downstream.size, dtype=np.int32)
    for cell in order[::-1]:
        count[cell] += 1
        if downstream[cell] != cell:
            count[downstream[cell]] += count[cell]
    area = np.full(downstream.size, np.nan, dtype=np.float32)
    for cell in order:
        area[cell] = count[cell] * cell_area
    return area


def _number_basins(downstream: Cells, order: Cells) -> Cells:
    """Basins from 1 in the order of their outlets; 0 where there is no land."""
    numbers = np.zeros(downstream.size, dtype=np.int32)
    basins = 0
    for cell in order:
        below = downstream[cell]
        if below == cell:
            basins += 1
            numbers[cell] = basins
        else:
            numbers[cell] = numbers[below]
    return numbers


def _hand_down(downstream: Cells, order: Cells, numbers: Cells) -> None:
    """Give every cell without a number, in place, that of the cell it drains to."""
    for cell in order:
        if numbers[cell] == 0:
            numbers[cell] = numbers[downstream[cell]]


def _walk_to_marked(downstream: Cells, order: Cells, marked: BoolArray) -> Cells:
    """The first marked cell on each cell's way, else its outlet; -1 where there is no land."""
    found = np.full(downstream.size, -1, dtype=np.int32)
    for cell in order:
        below = downstream[cell]
        found[cell] = cell if marked[cell] or below == cell else found[below]
    return found


def _climb_from_marked(
    downstream: Cells, order: Cells, marked: BoolArray, filled_m: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Height above the first marked cell on each cell's way, else above its outlet; NaN off the land."""
    height_m = np.full(downstream.size, np.nan, dtype=np.float32)
    # First the level of the marked cell: a sum of differences would gather what each is rounded by.
    for cell in order:
        below = downstream[cell]
        height_m[cell] = filled_m[cell] if marked[cell] or below == cell else height_m[below]
    for cell in order:
        height_m[cell] = filled_m[cell] - height_m[cell]
    return height_m


def _walk_distance(downstream: Cells, order: Cells, columns: int, cell_m: float) -> FloatArray:
    """Way from each cell to its outlet in metres, NaN where there is no land."""
    distance = np.full(downstream.size, np.nan)
    for cell in order:
        below = downstream[cell]
        if below == cell:
            distance[cell] = 0.0
            continue
        diagonal = cell // columns != below // columns and cell % columns != below % columns
        distance[cell] = distance[below] + cell_m * (np.sqrt(2.0) if diagonal else 1.0)
    return distance


_climb = njit(cache=True)(_climb_basins)
area_through = njit(cache=True)(_gather)
basin_numbers = njit(cache=True)(_number_basins)
inherit_downstream = njit(cache=True)(_hand_down)
first_marked_downstream = njit(cache=True)(_walk_to_marked)
height_above_marked = njit(cache=True)(_climb_from_marked)
distance_to_outlet = njit(cache=True)(_walk_distance)
