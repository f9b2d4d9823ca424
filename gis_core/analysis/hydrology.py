"""Where water runs over a terrain: filled depressions, flow directions, streams and HAND.

pyflwdir fills the depressions and walks the network. The directions are our own: every
cell drains to its steepest neighbour (O'Callaghan & Mark 1984), where pyflwdir takes the
lowest one, and only over flats along the path by which the flood reached them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyflwdir
from numba import njit
from numpy.typing import NDArray
from pyflwdir import dem
from scipy.ndimage import distance_transform_edt

from gis_core.errors import RasterError
from gis_core.types import BoolArray, FloatArray, IntArray

Elevation = NDArray[np.float32]
"""Metres above datum, shape (rows, columns), row 0 in the north, NaN where there is none."""

_D8_NONE = 247
_D8_CODES = np.array([[32, 64, 128], [16, 0, 1], [8, 4, 2]], dtype=np.uint8)
"""ESRI's flow direction codes by the neighbour's place, north-west first."""

_STEP_M = 2.0**-10
"""Elevations are rounded to about a millimetre: up to 16 km float32 adds such multiples without error."""

_M2_PER_KM2 = 1_000_000.0


@dataclass(frozen=True)
class Drainage:
    """The drainage of a terrain on a square metric grid; nothing in it depends on any weather.

    ``elevation_m`` is NaN outside; ``sea`` marks open water, which takes all that flows
    into it. ``filled_m`` is the elevation with depressions filled to their spill point,
    NaN outside and in the sea. ``directions`` are ESRI's D8 codes, 0 at an outlet and 247
    where there is no land. ``downstream`` holds the flat index of the cell that each
    cell drains to, itself at an outlet and -1 where there is no land. ``order`` lists the
    land cells so that each comes after the one it drains to. ``area_km2`` is the land that
    drains through a cell, its own included.
    """

    elevation_m: Elevation
    filled_m: Elevation
    directions: NDArray[np.uint8]
    sea: BoolArray
    downstream: IntArray
    order: IntArray
    area_km2: Elevation
    cell_m: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.elevation_m.shape
        return rows, columns

    @cached_property
    def distance_m(self) -> FloatArray:
        """Way of the water from each cell to its outlet, shape (rows, columns), NaN off the land."""
        flat = _distance_to_outlet(self.downstream, self.order, self.shape[1], self.cell_m)
        return np.asarray(flat, dtype=np.float64).reshape(self.shape)

    def streams(self, stream_area_km2: float) -> BoolArray:
        """Cells through which at least so much land drains, shape (rows, columns)."""
        return np.nan_to_num(self.area_km2, nan=0.0) >= stream_area_km2

    def nearest_drain(self, streams: BoolArray) -> IntArray:
        """Flat index of the first stream cell on each cell's way down.

        Args:
            streams: the drainage, shape (rows, columns).

        Returns:
            Shape (rows, columns). Where the way ends without a stream it is the outlet;
            -1 where there is no land.
        """
        flat = _first_marked_downstream(self.downstream, self.order, streams.ravel())
        return np.asarray(flat, dtype=np.int64).reshape(self.shape)

    def hand(self, streams: BoolArray) -> Elevation:
        """Height above the nearest drainage (Rennó et al. 2008, Nobre et al. 2011).

        Args:
            streams: the drainage, shape (rows, columns).

        Returns:
            Metres on the filled terrain, shape (rows, columns), never negative, NaN off the land.
        """
        drain = self.nearest_drain(streams)
        height = self.filled_m - self.filled_m.ravel()[np.maximum(drain, 0)]
        return np.where(drain >= 0, height, np.float32(np.nan)).astype(np.float32)

    def snap(self, row: int, column: int, reach_m: float) -> tuple[int, int] | None:
        """The main stream's nearest cell within ``reach_m`` of a cell, None where there is no land.

        The main stream is where at least half as much land drains as anywhere within reach:
        its cells on the way down hold hardly more, and the furthest may lie metres lower.
        """
        reach = max(1, round(reach_m / self.cell_m))
        top, left = max(0, row - reach), max(0, column - reach)
        area = np.nan_to_num(self.area_km2[top : row + reach + 1, left : column + reach + 1], nan=0.0)
        if not area.any():
            return None
        down, right = np.nonzero(area >= area.max() / 2)
        nearest = int(np.argmin((down + top - row) ** 2 + (right + left - column) ** 2))
        return top + int(down[nearest]), left + int(right[nearest])


def derive_drainage(elevation_m: Elevation, cell_m: float, sea: BoolArray) -> Drainage:
    """Derive the drainage of a terrain.

    Depressions are filled by a priority flood from the sea and the edge of the data
    (Wang & Liu 2006). Cells outside and cells of the sea take what flows into them.

    Args:
        elevation_m: terrain, NaN outside, shape (rows, columns).
        cell_m: width of its square cells.
        sea: open water, shape (rows, columns).

    Raises:
        RasterError: there is no land at all.
    """
    land = np.isfinite(elevation_m) & ~sea
    if not land.any():
        raise RasterError("The terrain holds no land above the sea, so nothing drains.")
    # Fixed-point numbers: the flood adds differences, and an inexact sum would put a step into a flat.
    exact = np.round(elevation_m.astype(np.float64) / _STEP_M) * _STEP_M
    ground = np.where(land, exact, np.nan).astype(np.float32)
    filled, flooded_from = dem.fill_depressions(ground, nodata=np.nan)
    directions = _steepest(filled, sea, flooded_from, _D8_CODES)
    return network_of(elevation_m, filled, directions, cell_m)


def network_of(
    elevation_m: Elevation, filled_m: Elevation, directions: NDArray[np.uint8], cell_m: float
) -> Drainage:
    """The drainage that filled elevations and flow directions of ``derive_drainage`` describe."""
    network = pyflwdir.from_array(directions, ftype="d8", check_ftype=False)
    area = network.upstream_area("cell").astype(np.float32) * np.float32(cell_m**2 / _M2_PER_KM2)
    land = np.isfinite(filled_m)
    return Drainage(
        elevation_m=elevation_m,
        filled_m=filled_m,
        directions=directions,
        sea=np.isfinite(elevation_m) & ~land,
        downstream=network.idxs_ds.astype(np.int64),
        order=network.idxs_seq.astype(np.int64),
        area_km2=np.where(land, area, np.float32(np.nan)),
        cell_m=cell_m,
    )


def open_water(
    elevation_m: Elevation, cell_m: float, level_m: float = 0.0, width_m: float = 600.0
) -> BoolArray:
    """Sea and lagoons: ground at or below ``level_m`` that is at least ``width_m`` wide.

    A morphological opening by a disc: the bed of a river, which lies below the sea's
    level for kilometres before the mouth, is too narrow to be kept and stays a river.

    Args:
        elevation_m: terrain, NaN outside, shape (rows, columns).
        cell_m: width of its square cells.
        level_m: water level above datum.
        width_m: diameter of the disc.
    """
    low = np.nan_to_num(elevation_m, nan=np.inf) <= level_m
    if not low.any():
        return low
    radius_m = width_m / 2
    # Beyond the edge the water may go on: the transform measures to dry cells of the grid alone.
    core = np.full(low.shape, True) if low.all() else distance_transform_edt(low, sampling=cell_m) > radius_m
    if not core.any():
        return core
    opened: BoolArray = low & (distance_transform_edt(~core, sampling=cell_m) <= radius_m)
    return opened


def _steepest_descent(
    filled: Elevation, sea: BoolArray, flooded_from: NDArray[np.uint8], codes: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """D8 codes: down the steepest way, over a flat along the flood's path, 0 where the water leaves.

    It leaves into the sea, whose level is 0, and at the edge of the data where nothing
    beside is lower. Elevations never rise along the way, and on a flat the order of the
    flood decides, so that no cycle can arise.
    """
    rows, columns = filled.shape
    directions = np.full(filled.shape, np.uint8(_D8_NONE), dtype=np.uint8)
    for row in range(rows):
        for column in range(columns):
            if np.isnan(filled[row, column]):
                continue
            best, code = 0.0, flooded_from[row, column]
            at_edge = False
            for down in range(-1, 2):
                for right in range(-1, 2):
                    r, c = row + down, column + right
                    if down == 0 and right == 0:
                        continue
                    if r < 0 or c < 0 or r >= rows or c >= columns:
                        at_edge = True
                        continue
                    at_sea = sea[r, c]
                    if np.isnan(filled[r, c]):
                        at_edge = True
                        if not at_sea:
                            continue
                    drop = filled[row, column] - (0.0 if at_sea else filled[r, c])
                    slope = drop / np.sqrt(float(down * down + right * right))
                    if slope > best:
                        best = slope
                        code = np.uint8(0) if at_sea else codes[down + 1, right + 1]
            directions[row, column] = np.uint8(0) if at_edge and best == 0.0 else code
    return directions


def _walk_to_marked(downstream: IntArray, order: IntArray, marked: BoolArray) -> IntArray:
    found = np.full(downstream.size, -1, dtype=np.int64)
    for cell in order:
        below = downstream[cell]
        found[cell] = cell if marked[cell] or below == cell else found[below]
    return found


def _walk_distance(downstream: IntArray, order: IntArray, columns: int, cell_m: float) -> FloatArray:
    distance = np.full(downstream.size, np.nan)
    for cell in order:
        below = downstream[cell]
        if below == cell:
            distance[cell] = 0.0
            continue
        diagonal = cell // columns != below // columns and cell % columns != below % columns
        distance[cell] = distance[below] + cell_m * (np.sqrt(2.0) if diagonal else 1.0)
    return distance


_steepest = njit(cache=True)(_steepest_descent)
_first_marked_downstream = njit(cache=True)(_walk_to_marked)
_distance_to_outlet = njit(cache=True)(_walk_distance)
