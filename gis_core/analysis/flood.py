"""From the stage at river gauges to water levels along the streams, and depth of water.

The method is that of HAND inundation mapping (Nobre et al. 2016; NOAA OWP): a cell is
wet where the water of its nearest drainage stands higher above that drainage than the
cell does. Two things that HAND leaves open are added. The rise at streams without a
gauge follows the downstream hydraulic geometry of Leopold & Maddock (1953): depth grows
with discharge to the power of 0.4, and discharge here with the catchment's area. And on
a plain, where rivers leave their own catchments, water runs over the divides and loses
depth on its way.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.ndimage import binary_dilation

from gis_core.analysis.hydrology import Drainage, Elevation
from gis_core.types import BoolArray, FloatArray, IntArray

DEPTH_EXPONENT = 0.4
"""Leopold & Maddock (1953): mean depth of rivers varies downstream as discharge to this power."""

MAX_DEPTH_M = 15.0
"""No river of central Vietnam is known to have risen further; more is an error of datum or terrain."""

OVERFLOW_SLOPE = 3e-4
"""Fall of overflowing water per metre of its way: about that of the Hương in flood, which falls
by 5 m over the 15 km from Kim Long to the lagoon."""

PLAIN_SLOPE = 5e-4
"""Rivers that fall faster keep to their valleys; only slower reaches overflow into other catchments."""

MAX_HOLLOW_M = 1.0
"""A deeper hollow is taken for an error of the terrain model, and counts as so deep."""

_REACH_M = 1000.0
"""Way over which the fall of a stream is measured; terrain models are too rough for less."""

_EIGHT = np.ones((3, 3), dtype=bool)


def rise_along_streams(
    drainage: Drainage, streams: BoolArray, gauge_cells: IntArray, gauge_rise_m: FloatArray
) -> FloatArray:
    """How far the water stands above the drainage in every stream cell.

    Each gauge says how strong the flood is in its basin: its rise over the area of its
    catchment to the power of 0.4. Between gauges the strength is weighted by the inverse
    square of the distance, and a stream cell rises by the strength times the power of its
    own area. Below a gauge the rise falls in proportion to the way that is left to the
    sea, where it is 0. Streams of a basin without a gauge do not rise.

    Args:
        drainage: the terrain's drainage.
        streams: its stream cells, shape (rows, columns).
        gauge_cells: flat index of each gauge's stream cell, shape (n,).
        gauge_rise_m: rise above the drainage there, shape (n,), not negative.

    Returns:
        Metres, shape (rows, columns), 0 off the streams; never less where a gauge rises.
    """
    cells = np.flatnonzero(streams)
    area, way_m = drainage.area_km2.ravel().astype(np.float64), drainage.distance_m.ravel()
    outlet = drainage.nearest_drain(np.zeros(drainage.shape, dtype=bool)).ravel()
    shore = binary_dilation(drainage.sea, _EIGHT).ravel()
    row, column = np.divmod(cells, drainage.shape[1])
    total, weights = np.zeros(cells.size), np.zeros(cells.size)
    for gauge, rise_m in zip(gauge_cells, np.clip(gauge_rise_m, 0.0, MAX_DEPTH_M), strict=True):
        at_row, at_column = divmod(int(gauge), drainage.shape[1])
        weight = (outlet[cells] == outlet[gauge]) / ((row - at_row) ** 2 + (column - at_column) ** 2 + 1e-6)
        share = np.ones(cells.size)
        if shore[outlet[gauge]] and way_m[gauge] > 0:
            share = np.minimum(1.0, way_m[cells] / way_m[gauge])
        total += weight * share * rise_m / area[gauge] ** DEPTH_EXPONENT
        weights += weight
    strength = np.divide(total, weights, out=np.zeros(cells.size), where=weights > 0)
    rise = np.zeros(drainage.shape)
    rise.ravel()[cells] = np.minimum(strength * area[cells] ** DEPTH_EXPONENT, MAX_DEPTH_M)
    return rise


def water_levels(drainage: Drainage, streams: BoolArray, rise_m: FloatArray) -> FloatArray:
    """Water level in every stream cell: its own, or the backwater of the stream below it.

    Args:
        drainage: the terrain's drainage.
        streams: its stream cells, shape (rows, columns).
        rise_m: rise above the drainage, shape (rows, columns).

    Returns:
        Metres above datum, shape (rows, columns), NaN off the streams. Along the water's
        way it never rises.
    """
    own = np.where(streams, drainage.filled_m + rise_m, np.nan)
    levels: FloatArray = _backwater(own.ravel(), drainage.downstream, drainage.order)
    return levels.reshape(drainage.shape)


@dataclass(frozen=True)
class FloodPlain:
    """What of an inundation depends on terrain and streams alone, so that many levels can be tried.

    ``drain`` holds the flat index of each cell's stream cell, -1 in the sea and outside, ``ground_m``
    the ground that depth is told over, ``overflows`` the cells whose stream leaves its valley when it
    floods: those of slow reaches. All have the shape of the terrain.
    """

    drainage: Drainage
    streams: BoolArray
    drain: IntArray
    ground_m: Elevation
    overflows: BoolArray

    def depth(
        self,
        level_m: FloatArray,
        *,
        ground_error_m: Elevation | None = None,
        overflow_slope: float = OVERFLOW_SLOPE,
    ) -> Elevation:
        """Depth of water at a level in the stream cells; see ``inundation_depth``.

        Args:
            level_m: water level in the stream cells, shape (rows, columns).
            ground_error_m: by how much the ground stands higher than the terrain says, same shape. The
                beds of the streams rise with it, and the water in them: a gauge tells how far it stands
                above its bed. Streams that do not rise stay within their banks.
            overflow_slope: fall of overflowing water per metre of its way.
        """
        ground = self.ground_m
        if ground_error_m is None:
            ground_error_m = np.zeros((1, 1), dtype=np.float32)
        else:
            ground = ground + ground_error_m
        depth = _flood_from_drains(level_m, self.drain, self.drainage.filled_m, self.ground_m, ground_error_m)
        fall_m = self.drainage.cell_m * overflow_slope
        spread = np.asarray(_overflow(depth, (depth > 0) & self.overflows, ground, fall_m))
        return np.asarray(_without_beds(spread, self.streams))


def flood_plain(drainage: Drainage, streams: BoolArray) -> FloodPlain:
    """Where each cell's flood comes from, and which reaches overflow into other catchments.

    Args:
        drainage: the terrain's drainage.
        streams: its stream cells, shape (rows, columns).
    """
    drain = drainage.nearest_drain(streams)
    slope = np.full(drainage.filled_m.size, np.inf)
    cells = np.flatnonzero(streams)
    slope[cells] = _reach_slope(
        drainage.filled_m.ravel(), drainage.distance_m.ravel(), drainage.downstream, cells, _REACH_M
    )
    return FloodPlain(
        drainage,
        streams,
        drain,
        np.maximum(drainage.elevation_m, drainage.filled_m - np.float32(MAX_HOLLOW_M)),
        slope[np.maximum(drain, 0)] <= PLAIN_SLOPE,
    )


def inundation_depth(drainage: Drainage, streams: BoolArray, level_m: FloatArray) -> Elevation:
    """Depth of water where each cell's nearest drainage floods it, and where that water runs over.

    A depression is wet only once the level passes its spill point. As the filled terrain
    falls along every way to the drainage, a wet cell is joined to its stream by wet cells.
    From reaches on the plain the water spreads further, wherever its level lets it. Water
    that stays in its stream's own cells is no flood.

    Args:
        drainage: the terrain's drainage.
        streams: its stream cells, shape (rows, columns).
        level_m: water level in the stream cells, shape (rows, columns).

    Returns:
        Metres, shape (rows, columns): 0 where dry, NaN in the sea and outside.
    """
    return flood_plain(drainage, streams).depth(level_m)


def _direct_depth(
    level_m: FloatArray, drain: IntArray, filled_m: Elevation, ground_m: Elevation, error_m: Elevation
) -> FloatArray:
    """Depth where each cell's own stream cell floods it; ``error_m`` is that of the ground, or a single 0."""
    rows, columns = drain.shape
    depth = np.zeros((rows, columns))
    exact = error_m.size == 1
    for row in range(rows):
        for column in range(columns):
            at = drain[row, column]
            if at < 0:
                depth[row, column] = np.nan
                continue
            r, c = at // columns, at % columns
            level = level_m[r, c]
            if not level > filled_m[r, c]:
                continue
            # How much higher the cell stands above its drainage than the terrain says.
            higher = 0.0 if exact else float(error_m[row, column]) - float(error_m[r, c])
            # The filled elevations are rounded: level with them, the ground itself may stand a little higher.
            if level > filled_m[row, column] + higher:
                depth[row, column] = min(max(level - ground_m[row, column] - higher, 0.0), MAX_DEPTH_M)
    return depth


def _dry_beds(depth_m: FloatArray, streams: BoolArray) -> Elevation:
    """Depths in single precision, 0 in the streams' own cells unless a cell beside is flooded."""
    rows, columns = depth_m.shape
    shown = depth_m.astype(np.float32)
    for row in range(rows):
        for column in range(columns):
            if not streams[row, column]:
                continue
            flooded = False
            for r in range(max(0, row - 1), min(rows, row + 2)):
                for c in range(max(0, column - 1), min(columns, column + 2)):
                    flooded = flooded or (not streams[r, c] and depth_m[r, c] > 0)
            if not flooded:
                shown[row, column] = 0.0
    return shown


def _walk_backwater(own_m: FloatArray, downstream: IntArray, order: IntArray) -> FloatArray:
    level = own_m.copy()
    for cell in order:
        below = level[downstream[cell]]
        if not np.isnan(level[cell]) and below > level[cell]:
            level[cell] = below
    return level


def _slope_of_reach(
    filled_m: Elevation, way_m: FloatArray, downstream: IntArray, cells: IntArray, reach_m: float
) -> FloatArray:
    """Mean slope of the drainage over the next ``reach_m`` below each cell, 0 at an outlet."""
    slope = np.zeros(cells.size)
    for index, cell in enumerate(cells):
        end = cell
        while downstream[end] != end and way_m[cell] - way_m[end] < reach_m:
            end = downstream[end]
        if end != cell:
            slope[index] = (filled_m[cell] - filled_m[end]) / (way_m[cell] - way_m[end])
    return slope


def _spread_depth(depth_m: FloatArray, sources: BoolArray, ground_m: Elevation, fall_m: float) -> FloatArray:
    """The greatest depth by which water of the sources can reach each cell; elsewhere the depth given.

    Its level falls by ``fall_m`` for every cell of the way; where the ground falls faster,
    the water runs down it without growing deeper. As depth never grows along a way, taking
    the deepest cell first settles each cell once (Dijkstra 1959).
    """
    rows, columns = depth_m.shape
    # In single precision a depth would be rounded as it is kept, and never settle.
    own = depth_m.astype(np.float64)
    # Apart from the depth that a cell has of its own, which would stop what passes through it.
    settled = np.where(np.isnan(own), np.nan, 0.0)
    queue = [(0.0, 0, 0) for _ in range(0)]
    for row in range(rows):
        for column in range(columns):
            if sources[row, column]:
                settled[row, column] = own[row, column]
                queue.append((-settled[row, column], row, column))
    heapq.heapify(queue)
    while queue:
        negative, row, column = heapq.heappop(queue)
        here = -negative
        if here < settled[row, column]:
            continue
        for down in range(-1, 2):
            for right in range(-1, 2):
                r, c = row + down, column + right
                if r < 0 or c < 0 or r >= rows or c >= columns:
                    continue
                fall = fall_m * np.sqrt(float(down * down + right * right))
                there = here - max(0.0, ground_m[r, c] - ground_m[row, column] + fall)
                if there > settled[r, c]:  # never where the depth is NaN
                    settled[r, c] = there
                    heapq.heappush(queue, (-there, r, c))
    return np.maximum(own, settled)


_flood_from_drains = njit(cache=True)(_direct_depth)
_without_beds = njit(cache=True)(_dry_beds)
_backwater = njit(cache=True)(_walk_backwater)
_reach_slope = njit(cache=True)(_slope_of_reach)
_overflow = njit(cache=True)(_spread_depth)
