"""Hills and valleys that drain: a tree of water courses first, then the climb along it.

Every upland cell is joined to an outlet by its cheapest path over random ground; large
courses are made cheaper to follow until small ones join them. The climb out of a valley
then follows the slope of water courses, which falls with the area A that they drain as
A^-θ (the steady state of the stream-power law; Flint 1974, Whipple & Tucker 1999). A
least climb has no pits, and no cliffs at the divides.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from gis_core.types import BoolArray, FloatArray, IntArray

_CONCAVITY = 0.42
_ATTRACTION = 0.2
_ROUNDS = 3
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def drained_relief(
    upland: BoolArray, outlets: BoolArray, roughness: FloatArray, cell_m: float, ridge_spacing_m: float
) -> tuple[FloatArray, IntArray]:
    """Height between valley floor (0) and ridge (about 1), and where each cell's water leaves.

    Args:
        upland: cells to shape, shape (rows, cols).
        outlets: cells that take their water: rivers, plain, edge; same shape.
        roughness: positive cost of a water course through a cell, same shape.
        cell_m: width of a cell.
        ridge_spacing_m: width over which the highest ground counts as ridge.

    Returns:
        The relief, and the flat index of the outlet; same shape. A cell that is not
        upland has relief 0 and itself.
    """
    cost = roughness
    for _ in range(_ROUNDS):
        before, away = _cheapest_paths(upland | outlets, outlets, cost)
        area = _drained_area(before, away).reshape(upland.shape)
        cost = roughness * area**-_ATTRACTION
    before, climb = _cheapest_paths(upland | outlets, outlets, area**-_CONCAVITY)
    climb = np.where(upland.ravel() & np.isfinite(climb), climb, 0).reshape(upland.shape)
    width = round(ridge_spacing_m / cell_m)
    ridges = gaussian_filter(maximum_filter(climb, width), width / 2)
    return climb / np.maximum(ridges, 1e-9), _outlet_of(before).reshape(upland.shape)


def _cheapest_paths(allowed: BoolArray, outlets: BoolArray, cost: FloatArray) -> tuple[IntArray, FloatArray]:
    """Each cell's next one on its way out (itself at an outlet), and the cost of that way; both flat."""
    number = np.arange(allowed.size).reshape(allowed.shape)
    rows, cols = allowed.shape
    edges = []
    for down, right in _NEIGHBOURS:
        here = (slice(0, rows - down), slice(max(0, -right), cols - max(0, right)))
        there = (slice(down, rows), slice(max(0, right), cols + min(0, right)))
        pair = allowed[here] & allowed[there]
        length = np.hypot(down, right) * (cost[here][pair] + cost[there][pair]) / 2
        edges.append((number[here][pair], number[there][pair], length))
    start, end, length = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = csr_array((length, (start, end)), shape=(allowed.size, allowed.size))
    away, before, _ = dijkstra(
        graph, directed=False, indices=np.flatnonzero(outlets), min_only=True, return_predecessors=True
    )
    return np.where(before < 0, number.ravel(), before), away


def _drained_area(before: IntArray, away: FloatArray) -> FloatArray:
    """How many cells drain through each, itself among them; flat."""
    steps = (before != np.arange(before.size)).astype(np.int64)
    jump = before
    while (steps[jump] > 0).any():
        steps, jump = steps + steps[jump], jump[jump]
    reached = np.flatnonzero((steps > 0) & np.isfinite(away))
    order = reached[np.argsort(-steps[reached], kind="stable")]
    area = np.ones(before.size)
    for cells in np.split(order, np.flatnonzero(np.diff(steps[order])) + 1):
        np.add.at(area, before[cells], area[cells])
    return area


def _outlet_of(before: IntArray) -> IntArray:
    """Where the way out of every cell ends; flat."""
    while not np.array_equal(before, before[before]):
        before = before[before]
    return before
