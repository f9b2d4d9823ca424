"""The eight neighbours of a cell, and what a cell is: the words that the passes over a terrain share."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.types import BoolArray

Cells = NDArray[np.int32]
"""Flat indices of cells, or a number for each cell."""

NO_LAND, INLAND, SHORE = 0, 1, 2
"""None of the land; land all around it; land beside the grid's edge or what is no land."""

OUTLET = 0
NO_DIRECTION = 247
"""ESRI's codes where the water leaves the land, and where there is none."""

DOWN = np.array([-1, -1, -1, 0, 0, 1, 1, 1], dtype=np.int32)
RIGHT = np.array([-1, 0, 1, -1, 1, -1, 0, 1], dtype=np.int32)
CODES = np.array([32, 64, 128, 16, 1, 8, 4, 2], dtype=np.uint8)
"""Where each neighbour lies, from the north-west on in the order of their indices, and ESRI's code of
the flow towards it. The code of the flow back from neighbour ``k`` is ``CODES[7 - k]``."""


def _mark_shore(land: BoolArray) -> NDArray[np.uint8]:
    """What each cell is, shape (rows, columns)."""
    rows, columns = land.shape
    kinds = np.zeros(land.shape, dtype=np.uint8)
    for row in range(rows):
        for column in range(columns):
            if not land[row, column]:
                continue
            kinds[row, column] = INLAND
            if row == 0 or column == 0 or row == rows - 1 or column == columns - 1:
                kinds[row, column] = SHORE
                continue
            for k in range(8):
                if not land[row + DOWN[k], column + RIGHT[k]]:
                    kinds[row, column] = SHORE
    return kinds


kinds_of = njit(cache=True)(_mark_shore)
