"""Points to the nearest road segment: how far, where along it, and on which side.

What a fixed camera sees falls into few small squares of ground, and near a square there are
few pieces of road. So the index is asked once for each square that has points in it, and
every point is then measured against those pieces alone. The answer is the same as that of a
search through all pieces: whatever lies within the limit of a point meets the box around the
points of its square, widened by the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from shapely import STRtree

from gis_core.types import BoolArray, FloatArray, IntArray

LEFT, ON, RIGHT = 1, 0, -1

_SQUARE_M = 128.0
_ON_M = 0.01
"""Stored coordinates are good to about this much."""
_FARTHEST_M = 1e8
"""No place on Earth has such coordinates; what projects so far out has none."""


class Snapped(NamedTuple):
    """Where points lie on a network; arrays of shape (n,).

    ``segment`` is the index into the network's codes, -1 where none is near enough; there
    ``distance_m`` and ``fraction`` are NaN. ``fraction`` runs from 0 to 1 in the direction that
    the segment is drawn in; ``side`` is ``LEFT``, ``RIGHT`` or ``ON`` of that direction.
    """

    segment: IntArray
    distance_m: FloatArray
    fraction: FloatArray
    side: IntArray


class Network:
    """Road segments cut into their straight pieces, with an index over those.

    Args:
        codes: the segments' names, all different.
        lines: a LineString in metres for each; one without length can never be the nearest.
    """

    def __init__(self, codes: Sequence[str], lines: Sequence[shapely.LineString]) -> None:
        order = np.argsort(np.array(codes, dtype=object), kind="stable")
        self.codes = tuple(codes[index] for index in order)
        points, owner = shapely.get_coordinates(np.array(lines, dtype=object)[order], return_index=True)
        joined = owner[:-1] == owner[1:] if len(owner) else np.zeros(0, dtype=bool)
        start, end, segment = points[:-1][joined], points[1:][joined], owner[:-1][joined]
        length_m = np.sqrt(((end - start) ** 2).sum(axis=1))
        real = length_m > 0
        self.start, self.end, self.segment = start[real], end[real], segment[real].astype(np.int64)
        self.length_m = length_m[real]
        until_m = np.cumsum(self.length_m)
        first = np.searchsorted(self.segment, np.arange(len(self.codes)))
        before_m = np.concatenate([[0.0], until_m])[first]
        self.along_m = until_m - self.length_m - before_m[self.segment]
        self.segment_length_m = np.bincount(self.segment, self.length_m, len(self.codes))
        self.tree = STRtree(shapely.linestrings(np.stack([self.start, self.end], axis=1)))


def snap(network: Network, x: FloatArray, y: FloatArray, within_m: float) -> Snapped:
    """The nearest segment of each point; of several equally near the one whose code sorts first.

    Args:
        network: segments in the metric grid.
        x, y: points in the same grid, metres, shape (n,); one without a position is not snapped.
        within_m: the farthest that a point may be from its segment.
    """
    piece = np.full(len(x), -1, dtype=np.int64)
    part = np.full(len(x), np.nan)
    placed = np.flatnonzero((np.abs(x) < _FARTHEST_M) & (np.abs(y) < _FARTHEST_M))
    if len(placed) and len(network.segment):
        order, starts = _by_square(x[placed], y[placed])
        order = placed[order]
        near = network.tree.query(_boxes(x[order], y[order], starts, within_m))
        bounds = np.append(starts, len(order))
        first_candidate = np.searchsorted(near[0], np.arange(len(starts) + 1))
        piece[order], part[order] = _nearest(
            x[order], y[order], bounds, first_candidate, near[1], network.start, network.end, within_m
        )
    return _describe(network, x, y, piece, part)


def _by_square(x: FloatArray, y: FloatArray) -> tuple[IntArray, IntArray]:
    """An order of the points in which those of one square stand together, and where each begins."""
    column, row = np.floor(x / _SQUARE_M).astype(np.int64), np.floor(y / _SQUARE_M).astype(np.int64)
    square = (column << 32) + row
    order = np.argsort(square, kind="stable")
    return order, np.flatnonzero(np.diff(square[order], prepend=square[order[0]] - 1))


def _boxes(x: FloatArray, y: FloatArray, starts: IntArray, margin_m: float) -> shapely.Geometry:
    # A rounding error must not put what is exactly at the limit outside.
    margin_m = margin_m + _ON_M
    return shapely.box(
        np.minimum.reduceat(x, starts) - margin_m,
        np.minimum.reduceat(y, starts) - margin_m,
        np.maximum.reduceat(x, starts) + margin_m,
        np.maximum.reduceat(y, starts) + margin_m,
    )


def _search(  # noqa: PLR0917 - compiled code takes no names
    x: FloatArray,
    y: FloatArray,
    bounds: IntArray,
    first_candidate: IntArray,
    candidates: IntArray,
    start: FloatArray,
    end: FloatArray,
    within_m: float,
) -> tuple[IntArray, FloatArray]:
    """For each point the nearest of its square's candidate pieces, and the part of it before the foot.

    Pieces stand in the order of their segments' codes, so the lowest number wins a tie.
    """
    piece = np.full(len(x), -1, dtype=np.int64)
    part = np.full(len(x), np.nan)
    for square in range(len(bounds) - 1):
        for point in range(bounds[square], bounds[square + 1]):
            best = within_m * within_m
            for number in range(first_candidate[square], first_candidate[square + 1]):
                edge = candidates[number]
                from_x, from_y = start[edge, 0], start[edge, 1]
                ahead_x, ahead_y = end[edge, 0] - from_x, end[edge, 1] - from_y
                share = ((x[point] - from_x) * ahead_x + (y[point] - from_y) * ahead_y) / (
                    ahead_x * ahead_x + ahead_y * ahead_y
                )
                # The ends are taken as they are stored: pieces that meet there are then equally near.
                if share <= 0.0:
                    share, foot_x, foot_y = 0.0, from_x, from_y
                elif share >= 1.0:
                    share, foot_x, foot_y = 1.0, end[edge, 0], end[edge, 1]
                else:
                    foot_x, foot_y = from_x + share * ahead_x, from_y + share * ahead_y
                away = (x[point] - foot_x) ** 2 + (y[point] - foot_y) ** 2
                nearer = away < best or (away == best and (piece[point] < 0 or edge < piece[point]))
                if nearer:
                    best, piece[point], part[point] = away, edge, share
    return piece, part


_nearest = njit(cache=True)(_search)


def _describe(network: Network, x: FloatArray, y: FloatArray, piece: IntArray, part: FloatArray) -> Snapped:
    found = piece >= 0
    segment = np.full(len(x), -1, dtype=np.int64)
    distance_m, fraction = np.full(len(x), np.nan), np.full(len(x), np.nan)
    side = np.full(len(x), ON, dtype=np.int64)
    edge, share = piece[found], part[found]
    segment[found] = network.segment[edge]
    foot = network.start[edge] + share[:, None] * (network.end[edge] - network.start[edge])
    away = np.column_stack([x[found], y[found]]) - foot
    distance_m[found] = np.sqrt((away**2).sum(axis=1))
    along_m = network.along_m[edge] + share * network.length_m[edge]
    fraction[found] = np.clip(along_m / network.segment_length_m[network.segment[edge]], 0.0, 1.0)
    heading = _heading(network, edge, share)
    leftward_m = heading[:, 0] * away[:, 1] - heading[:, 1] * away[:, 0]
    side[found] = np.where(np.abs(leftward_m) <= _ON_M, ON, np.where(leftward_m > 0, LEFT, RIGHT))
    return Snapped(segment, distance_m, fraction, side)


def _heading(network: Network, edge: IntArray, share: FloatArray) -> FloatArray:
    """Unit vectors along the road at the foot of each point, shape (n, 2).

    Where two pieces meet it is the direction halfway between them: outside a sharp bend each
    piece alone would put a point on the wrong side.
    """
    unit = (network.end - network.start) / network.length_m[:, None]
    before = np.where(share <= 0, edge - 1, edge)
    after = np.where(share >= 1, edge + 1, edge)
    before = np.where(_same_segment(network, before, edge), before, edge)
    after = np.where(_same_segment(network, after, edge), after, edge)
    heading = unit[before] + unit[after]
    length = np.sqrt((heading**2).sum(axis=1))
    # Where a road turns back on itself there is no direction, and nothing lies left or right of it.
    turned: FloatArray = heading / np.where(length > 0, length, 1.0)[:, None]
    return turned


def _same_segment(network: Network, other: IntArray, edge: IntArray) -> BoolArray:
    inside = (other >= 0) & (other < len(network.segment))
    same: BoolArray = network.segment[np.where(inside, other, edge)] == network.segment[edge]
    return inside & same
