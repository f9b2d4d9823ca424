"""Which ground a camera sees over terrain: a line of sight to every cell that its frame shows.

Ground is the bilinear surface between cell centres, as it is for the rays of pixels. A line of
sight is checked against each patch between four centres that it crosses, where the ground below
it is a parabola; blocks whose highest point lies below the line are passed in one step.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine

from gis_core.crs import is_metric_grid
from gis_core.errors import CRSMismatchError, GeoreferenceError
from gis_core.georeference.pinhole import CURVATURE_PER_M, fold_square, prepared_cells
from gis_core.georeference.pose import Pose
from gis_core.georeference.rays import BLOCK
from gis_core.terrain import RasterTerrain
from gis_core.types import BoolArray

_TOUCH_M = 1e-3
"""A line of sight that touches the ground by less than this is not cut by it."""
_SIMPLIFY_CELLS = 0.5


class VisibleCells(NamedTuple):
    """The cells within a camera's range: ``seen`` (rows, columns), and where they lie."""

    seen: BoolArray
    transform: Affine


def visible_cells(
    pose: Pose, terrain: RasterTerrain, range_m: float, curvature_per_m: float = CURVATURE_PER_M
) -> VisibleCells:
    """The cells whose centre the camera's frame shows with nothing in between.

    Args:
        pose: the camera, in the grid and datum of the terrain.
        terrain: the ground. Where it is unknown, it is neither seen nor seen across.
        range_m: horizontal distance from which on nothing counts as seen.
        curvature_per_m: how far the Earth falls away below a line of sight, per squared
            distance, less refraction; 0 takes the grid for flat.

    Raises:
        CRSMismatchError: the terrain's grid is not one of metres.
        GeoreferenceError: the camera stands outside the terrain, or below it.
    """
    if not is_metric_grid(terrain.crs):
        raise CRSMismatchError(
            f"{terrain.name}: a viewshed needs terrain on a grid in metres, not in {terrain.crs.name}."
        )
    below = float(terrain.sample(np.array([pose.x_m]), np.array([pose.y_m]))[0])
    if not below < pose.z_m:
        raise GeoreferenceError(
            "The camera stands where no terrain is known."
            if math.isnan(below)
            else f"The lens at {pose.z_m:.1f} m is not above the ground there, at {below:.1f} m."
        )
    cells = prepared_cells(terrain)
    column, row = ~terrain.transform @ (pose.x_m, pose.y_m)
    rows, columns = terrain.elevation_m.shape
    reach = math.ceil(range_m / terrain.cell_m) + 1 if math.isfinite(range_m) else rows + columns
    first_row, last_row = max(0, int(row) - reach), min(rows, int(row) + reach + 1)
    first_column, last_column = max(0, int(column) - reach), min(columns, int(column) + reach + 1)
    seen = np.zeros((last_row - first_row, last_column - first_column), bool)
    _see(
        cells.elevation_m, cells.highest_m, terrain.cell_m,
        (column - 0.5, row - 0.5, float(pose.z_m)),
        (*map(float, pose.rotation.ravel()), float(pose.focal_px), *map(float, pose.centre)),
        (float(pose.width_px), float(pose.height_px)),
        (*map(float, pose.lens), fold_square(pose.lens)),
        float(range_m), float(curvature_per_m), first_row, first_column, seen,
    )  # fmt: skip
    return VisibleCells(seen, terrain.transform @ Affine.translation(first_column, first_row))


def visible_ground(
    pose: Pose, terrain: RasterTerrain, range_m: float, curvature_per_m: float = CURVATURE_PER_M
) -> shapely.MultiPolygon:
    """The outlines of ``visible_cells`` in the terrain's grid; empty where nothing is seen."""
    return outlines(visible_cells(pose, terrain, range_m, curvature_per_m))


def outlines(visible: VisibleCells) -> shapely.MultiPolygon:
    """Seen cells as polygons whose edges leave those of the cells by at most half a cell."""
    seen = visible.seen.astype(np.uint8)
    parts = [
        shapely.geometry.shape(outline)
        for outline, _ in shapes(seen, mask=visible.seen, transform=visible.transform, connectivity=4)
    ]
    stairs = shapely.MultiPolygon(parts)
    straight = stairs.simplify(_SIMPLIFY_CELLS * visible.transform.a, preserve_topology=True)
    return as_multipolygon(straight if straight.is_valid else shapely.make_valid(straight))


def as_multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The areas of a geometry, without its points and lines."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and not part.is_empty])


Floats = tuple[float, ...]
Elevation = NDArray[np.float32]


def _lies_in_frame(  # noqa: PLR0917 - compiled
    east: float, north: float, up: float, camera: Floats, size: tuple[float, float], lens: Floats
) -> bool:
    """Whether the frame shows a point that lies so far from the lens, whatever is in between."""
    rxx, rxy, rxz, ryx, ryy, ryz, rzx, rzy, rzz, focal, u0, v0 = camera
    ahead = rxz * east + ryz * north + rzz * up
    if ahead <= 0:
        return False
    p = (rxx * east + ryx * north + rzx * up) / ahead
    q = (rxy * east + ryy * north + rzy * up) / ahead
    k1, k2, p1, p2, k3, fold = lens
    square = p * p + q * q
    if square >= fold:
        return False
    radial = 1 + square * (k1 + square * (k2 + square * k3))
    u = u0 + focal * (p * radial + 2 * p1 * p * q + p2 * (square + 2 * p * p))
    v = v0 + focal * (q * radial + p1 * (square + 2 * q * q) + 2 * p2 * p * q)
    return 0 <= u <= size[0] and 0 <= v <= size[1]


def _elevation_in_patch(cells: Elevation, i: int, j: int, right: float, down: float) -> float:
    """Elevation within a patch, the outermost beyond the outer centres; unknown beside a void."""
    right, down = min(max(right, 0.0), 1.0), min(max(down, 0.0), 1.0)
    upper = cells[i, j] + right * (cells[i, j + 1] - cells[i, j])
    lower = cells[i + 1, j] + right * (cells[i + 1, j + 1] - cells[i + 1, j])
    return float(upper + down * (lower - upper))


def _has_clear_sight(  # noqa: PLR0912, PLR0915, PLR0917 - one compiled loop
    cells: Elevation, highest: Elevation, at_cell: tuple[float, float, float],
    to_column: float, to_row: float, slope: float, bend: float,
) -> bool:  # fmt: skip
    """Whether no ground rises above the line from a cell's centre to the lens.

    It is followed from the ground up, for most of what is hidden is hidden by what is near it.
    ``at_cell`` is column, row and elevation of the centre. Along the line ``t`` runs from 0 to
    1; its height is ``z + slope * t + bend * t**2``.
    """
    column, row, z = at_cell
    rows, columns = cells.shape
    by_column, by_row = to_column - column, to_row - row
    longer = max(abs(by_column), abs(by_row))
    if longer == 0:
        return True
    ahead = 1e-6 / longer
    end = 1 - ahead
    step_column = 1 / abs(by_column) if by_column != 0 else np.inf
    step_row = 1 / abs(by_row) if by_row != 0 else np.inf
    t = 0.0
    while t < end:
        c, r = column + by_column * (t + ahead), row + by_row * (t + ahead)
        block_column = min(max(int(c), 0), columns - 1) // BLOCK
        block_row = min(max(int(r), 0), rows - 1) // BLOCK
        out = 1.0
        if by_column > 0:
            out = min(out, ((block_column + 1) * BLOCK - column) / by_column)
        elif by_column < 0 and block_column > 0:
            out = min(out, (block_column * BLOCK - column) / by_column)
        if by_row > 0:
            out = min(out, ((block_row + 1) * BLOCK - row) / by_row)
        elif by_row < 0 and block_row > 0:
            out = min(out, (block_row * BLOCK - row) / by_row)
        out = max(out, t + ahead)
        height = z + t * (slope + bend * t)
        # The line bends upwards, so its tangent lies below it.
        lowest = min(height, height + (slope + 2 * bend * t) * (out - t))
        if lowest > highest[block_row, block_column]:
            t = out
            continue
        at_column = at_row = np.inf
        if by_column > 0:
            at_column = (math.floor(c) + 1 - column) / by_column
        elif by_column < 0:
            at_column = (math.ceil(c) - 1 - column) / by_column
        if by_row > 0:
            at_row = (math.floor(r) + 1 - row) / by_row
        elif by_row < 0:
            at_row = (math.ceil(r) - 1 - row) / by_row
        before = np.inf
        while t < out:
            to = min(at_column, at_row, out)
            # The patch between four centres that the line crosses from t to here.
            middle = (t + to) / 2
            i = min(max(int(row + by_row * middle), 0), rows - 2)
            j = min(max(int(column + by_column * middle), 0), columns - 2)
            twist = cells[i, j] - cells[i, j + 1] - cells[i + 1, j] + cells[i + 1, j + 1]
            right, down = column + by_column * t - j, row + by_row * t - i
            if before == np.inf:
                before = height - _patch(cells, i, j, right, down)
            right, down = right + by_column * (to - t), down + by_row * (to - t)
            after = z + to * (slope + bend * to) - _patch(cells, i, j, right, down)
            if not after >= -_TOUCH_M:
                return False
            # Along the line the patch is a parabola; where that bulges, its top counts.
            bulge = twist * by_column * by_row * (to - t) * (to - t)
            if bulge < 0 and min(before, after) + bulge / 4 < -_TOUCH_M:
                share = (after - before + bulge) / (2 * bulge)
                if 0 < share < 1 and before + bulge * share * share < -_TOUCH_M:
                    return False
            before, t = after, to
            if at_column <= t:
                at_column += step_column
            if at_row <= t:
                at_row += step_row
    return True


def _look_at_cells(  # noqa: PLR0917 - compiled
    cells: Elevation, highest: Elevation, cell_m: float, lens: tuple[float, float, float],
    camera: Floats, size: tuple[float, float], distortion: Floats,
    range_m: float, curvature: float, first_row: int, first_column: int, seen: BoolArray,
) -> None:  # fmt: skip
    """Fill in which cells are seen; ``seen`` begins at ``first_row`` and ``first_column``."""
    column, row, z = lens
    for i in range(seen.shape[0]):
        north = (row - (first_row + i)) * cell_m
        for j in range(seen.shape[1]):
            east = (first_column + j - column) * cell_m
            square = east * east + north * north
            ground = cells[first_row + i, first_column + j]
            if square > range_m * range_m or np.isnan(ground):
                continue
            bend = curvature * square
            rise = ground - bend - z
            if _in_frame(east, north, rise, camera, size, distortion):
                # The line is straight in space: over the grid it bends upwards.
                at_cell = (float(first_column + j), float(first_row + i), float(ground))
                seen[i, j] = _is_clear(cells, highest, at_cell, column, row, -rise - 2 * bend, bend)


_in_frame = njit(cache=True, error_model="numpy")(_lies_in_frame)
_patch = njit(cache=True, inline="always")(_elevation_in_patch)
_is_clear = njit(cache=True, error_model="numpy")(_has_clear_sight)
_see = njit(cache=True, error_model="numpy")(_look_at_cells)
