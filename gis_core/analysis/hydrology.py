"""Where water runs over a terrain: filled depressions, flow directions, streams, basins and HAND.

One chain of compiled passes over the grid, each cell in a few bytes: fill, steepest descent, order,
accumulation. Everything after it follows the order, which goes through one basin after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from gis_core.analysis.hydrology_directions import flow_directions
from gis_core.analysis.hydrology_fill import fill_depressions
from gis_core.analysis.hydrology_grid import Cells, kinds_of
from gis_core.analysis.hydrology_network import (
    area_through,
    basin_numbers,
    distance_to_outlet,
    first_marked_downstream,
    height_above_marked,
    inherit_downstream,
    network,
)
from gis_core.errors import RasterError
from gis_core.types import BoolArray, FloatArray

Elevation = NDArray[np.float32]
"""Metres above datum, shape (rows, columns), row 0 in the north, NaN where there is none."""

MAX_CELLS = 2**31 - 1
"""Cells are told by 32-bit numbers."""

_M2_PER_KM2 = 1_000_000.0


@dataclass(frozen=True)
class Drainage:
    """The drainage of a terrain on a square metric grid; nothing in it depends on any weather.

    ``elevation_m`` is NaN outside; ``sea`` marks open water, which takes all that flows
    into it. ``filled_m`` is the elevation with depressions filled to their spill point,
    NaN outside and in the sea, never below the elevation. ``directions`` are ESRI's D8
    codes, 0 at an outlet and 247 where there is no land. ``downstream`` holds the flat
    index of the cell that each cell drains to, itself at an outlet and -1 where there is
    no land. ``order`` lists the land cells basin by basin, so that each comes after the
    one it drains to. ``area_km2`` is the land that drains through a cell, its own included.
    """

    elevation_m: Elevation
    filled_m: Elevation
    directions: NDArray[np.uint8]
    sea: BoolArray
    downstream: Cells
    order: Cells
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
        flat = distance_to_outlet(self.downstream, self.order, self.shape[1], self.cell_m)
        return np.asarray(flat, dtype=np.float64).reshape(self.shape)

    def streams(self, stream_area_km2: float) -> BoolArray:
        """Cells through which at least so much land drains, shape (rows, columns)."""
        return np.asarray(self.area_km2 >= np.float32(stream_area_km2))

    def basins(self) -> Cells:
        """The catchment of each outlet, shape (rows, columns): numbers from 1, 0 where there is no land."""
        flat = basin_numbers(self.downstream, self.order)
        return np.asarray(flat, dtype=np.int32).reshape(self.shape)

    def catchments(self, cells: Cells) -> Cells:
        """What drains to given cells, such as gauges, and to none of the others before.

        Args:
            cells: flat indices, shape (n,).

        Returns:
            Shape (rows, columns): 1 for the first cell's catchment, up to n, 0 elsewhere.

        Raises:
            RasterError: a cell is not on the land.
        """
        numbers = np.zeros(self.elevation_m.size, dtype=np.int32)
        for number, cell in enumerate(np.asarray(cells).tolist(), 1):
            if not 0 <= cell < numbers.size or self.downstream[cell] < 0:
                raise RasterError(f"Cell {cell} is not on the land, so that nothing drains to it.")
            numbers[cell] = number
        inherit_downstream(self.downstream, self.order, numbers)
        return numbers.reshape(self.shape)

    def nearest_drain(self, streams: BoolArray) -> Cells:
        """Flat index of the first stream cell on each cell's way down.

        Args:
            streams: the drainage, shape (rows, columns).

        Returns:
            Shape (rows, columns). Where the way ends without a stream it is the outlet;
            -1 where there is no land.
        """
        flat = first_marked_downstream(self.downstream, self.order, streams.ravel())
        return np.asarray(flat, dtype=np.int32).reshape(self.shape)

    def hand(self, streams: BoolArray) -> Elevation:
        """Height above the nearest drainage (Rennó et al. 2008, Nobre et al. 2011).

        Args:
            streams: the drainage, shape (rows, columns).

        Returns:
            Metres on the filled terrain, shape (rows, columns), never negative, NaN off the land.
        """
        flat = height_above_marked(self.downstream, self.order, streams.ravel(), self.filled_m.ravel())
        return np.asarray(flat, dtype=np.float32).reshape(self.shape)

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
        cell_m: width of its square cells, metres of ground; degrees must be reprojected before.
        sea: open water, shape (rows, columns).

    Raises:
        RasterError: there is no land at all, or the grid is none that water can run over.
    """
    _check_grid(elevation_m, cell_m, sea)
    filled, directions = _surface_flow(elevation_m, sea)
    return network_of(elevation_m, filled, directions, cell_m)


def network_of(
    elevation_m: Elevation, filled_m: Elevation, directions: NDArray[np.uint8], cell_m: float
) -> Drainage:
    """The drainage that filled elevations and flow directions of ``derive_drainage`` describe.

    Raises:
        RasterError: the directions do not belong to the elevations, or lead in a circle.
    """
    downstream, order = network(directions)
    land = np.isfinite(filled_m)
    if order.size != np.count_nonzero(land):
        raise RasterError("The flow directions do not lead all water off the terrain; derive them again.")
    area_km2 = area_through(downstream, order, cell_m**2 / _M2_PER_KM2)
    return Drainage(
        elevation_m=elevation_m,
        filled_m=filled_m,
        directions=directions,
        sea=np.isfinite(elevation_m) & ~land,
        downstream=downstream,
        order=order,
        area_km2=np.asarray(area_km2, dtype=np.float32).reshape(filled_m.shape),
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
    low = elevation_m <= np.float32(level_m)  # never where it is NaN
    if not low.any():
        return low
    radius_cells = width_m / 2 / cell_m
    # Beyond the edge the water may go on: the transform measures to dry cells of the grid alone.
    core = np.full(low.shape, True) if low.all() else _distance_cells(low) > radius_cells
    if not core.any():
        return core
    opened: BoolArray = low & (_distance_cells(~core) <= radius_cells)
    return opened


def _surface_flow(elevation_m: Elevation, sea: BoolArray) -> tuple[Elevation, NDArray[np.uint8]]:
    """Filled elevation and flow directions; what only they need is let go before more memory is asked for."""
    kinds = kinds_of(np.isfinite(elevation_m) & ~sea)
    if not kinds.any():
        raise RasterError("The terrain holds no land above the sea, so nothing drains.")
    filled = fill_depressions(elevation_m, kinds)
    return filled, flow_directions(filled, kinds, sea)


def _distance_cells(inside: BoolArray) -> Elevation:
    """How far each cell lies from the next one outside, in cells, exactly; 0 outside."""
    mask = np.ascontiguousarray(inside).view(np.uint8)
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), dtype=np.float32)


def _check_grid(elevation_m: Elevation, cell_m: float, sea: BoolArray) -> None:
    if elevation_m.ndim != 2 or elevation_m.shape != sea.shape:
        raise RasterError(
            f"A terrain is a grid of rows and columns, and the sea one of the same size; "
            f"these are {elevation_m.shape} and {sea.shape}."
        )
    if not (np.isfinite(cell_m) and cell_m > 0):
        raise RasterError(f"A terrain's cells are so many metres wide, not {cell_m:g}.")
    if elevation_m.size > MAX_CELLS:
        raise RasterError(f"A terrain of {elevation_m.size} cells is too large; cut or coarsen it.")
