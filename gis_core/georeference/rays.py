"""Rays of pixels and where they meet the ground, compiled: the inner loop of the pinhole camera.

All compiled functions stand in this one file, because numba's cache notices changes only of
the file that holds the function it keeps.

A ray is followed by its horizontal distance ``s`` from the lens; its height there is
``z + slope * s + bend * s**2``, where ``bend`` is what the Earth's curvature less refraction
lifts it above terrain that is flat on the grid. Terrain is bilinear between cell centres.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gis_core.georeference.base import STEEPEST_RELATIVE_SIGMA, Codes, Reason
from gis_core.types import FloatArray

BLOCK = 8
"""Cells along a side of the blocks whose highest point lets a ray pass without a look at each cell."""

FOUND, ABOVE_HORIZON, OUT_OF_RANGE = Reason.FOUND.value, Reason.ABOVE_HORIZON.value, Reason.OUT_OF_RANGE.value
OFF_TERRAIN, TOO_FLAT, BEHIND_RIDGE = (
    Reason.OFF_TERRAIN.value,
    Reason.TOO_FLAT.value,
    Reason.BEHIND_RIDGE.value,
)
OUTSIDE_LENS, NO_TERRAIN, NO_PIXEL = Reason.OUTSIDE_LENS.value, Reason.NO_TERRAIN.value, Reason.NO_PIXEL.value

_NEWTON_STEPS = 20
_CLEARANCE_SIGMAS = 2.0
_ELLIPSE_SIGMAS = 2.45

Floats = tuple[float, ...]
Elevation = NDArray[np.float32]


def _undistort(a: float, b: float, lens: Floats) -> tuple[float, float, float, float, float, float, bool]:
    """The ideal picture's point that the lens puts at (a, b), and the inverse of the derivatives there.

    ``lens`` is k1, k2, p1, p2, k3 and the squared radius up to which distortion is one to one.
    """
    k1, k2, p1, p2, k3, limit = lens
    x, y = a, b
    jxx, jxy, jyy = 1.0, 0.0, 1.0
    for _ in range(_NEWTON_STEPS):
        square = x * x + y * y
        radial = 1 + square * (k1 + square * (k2 + square * k3))
        change = 2 * (k1 + square * (2 * k2 + square * 3 * k3))
        jxx = radial + change * x * x + 2 * p1 * y + 6 * p2 * x
        jxy = change * x * y + 2 * p1 * x + 2 * p2 * y
        jyy = radial + change * y * y + 6 * p1 * y + 2 * p2 * x
        determinant = jxx * jyy - jxy * jxy
        if not determinant > 0:
            return x, y, 1.0, 0.0, 0.0, 1.0, False
        miss_x = x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x) - a
        miss_y = y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y - b
        x -= (jyy * miss_x - jxy * miss_y) / determinant
        y -= (jxx * miss_y - jxy * miss_x) / determinant
        if abs(miss_x) + abs(miss_y) < 1e-13:
            inverse = 1 / determinant
            inside = x * x + y * y < limit
            return x, y, jyy * inverse, -jxy * inverse, -jxy * inverse, jxx * inverse, inside
    return x, y, 1.0, 0.0, 0.0, 1.0, False


def _elevation_at(cells: Elevation, column: float, row: float) -> float:
    """Bilinear elevation at a position in cells from the first centre, the edge beyond the outer centres."""
    rows, columns = cells.shape
    at_column, at_row = min(max(column, 0.0), columns - 1.0), min(max(row, 0.0), rows - 1.0)
    i, j = min(int(at_row), rows - 2), min(int(at_column), columns - 2)
    down, right = at_row - i, at_column - j
    upper = cells[i, j] + right * (cells[i, j + 1] - cells[i, j])
    lower = cells[i + 1, j] + right * (cells[i + 1, j + 1] - cells[i + 1, j])
    return float(upper + down * (lower - upper))


def _gradient_at(cells: Elevation, grid: Floats, column: float, row: float) -> tuple[float, float]:
    """Slope of the bilinear surface eastwards and northwards."""
    rows, columns = cells.shape
    at_column, at_row = min(max(column, 0.0), columns - 1.0), min(max(row, 0.0), rows - 1.0)
    i, j = min(int(at_row), rows - 2), min(int(at_column), columns - 2)
    down, right = at_row - i, at_column - j
    by_column = (1 - down) * (cells[i, j + 1] - cells[i, j]) + down * (cells[i + 1, j + 1] - cells[i + 1, j])
    by_row = (1 - right) * (cells[i + 1, j] - cells[i, j]) + right * (cells[i + 1, j + 1] - cells[i, j + 1])
    return by_column * grid[0] + by_row * grid[3], by_column * grid[1] + by_row * grid[4]


def _meet_terrain(  # noqa: PLR0912, PLR0915, PLR0917 - one compiled loop
    ray: Floats, cells: Elevation, highest: Elevation, grid: Floats, summit: float, far: float,
    var_slope: float, var_height: float,
) -> tuple[int, float, float]:  # fmt: skip
    """Follow a ray to the first ground.

    Returns why it meets none (or ``FOUND``), the distance, and the distance of the first ridge
    that it passes within twice its error (or infinity).
    """
    x, y, z, to_x, to_y, slope, bend = ray
    column, row = grid[0] * x + grid[1] * y + grid[2], grid[3] * x + grid[4] * y + grid[5]
    by_column, by_row = grid[0] * to_x + grid[1] * to_y, grid[3] * to_x + grid[4] * to_y
    rows, columns = cells.shape
    step = 0.5 / max(abs(by_column), abs(by_row))
    ahead = 1e-6 * step
    error_slope, error_height = math.sqrt(var_slope), math.sqrt(var_height)
    ridge = np.inf
    s = 0.0
    while True:
        c, r = column + by_column * s, row + by_row * s
        height = z + s * (slope + bend * s)
        falling = slope + 2 * bend * s
        if not (-0.5 <= c <= columns - 0.5 and -0.5 <= r <= rows - 0.5):
            return (ABOVE_HORIZON if falling >= 0 and height > summit else OFF_TERRAIN), s, ridge
        if falling >= 0 and height > summit + _CLEARANCE_SIGMAS * (error_slope * far + error_height):
            return ABOVE_HORIZON, s, ridge
        if s >= far:
            return OUT_OF_RANGE, s, ridge
        # The block is that of a position just ahead, so that one on an edge belongs to the block it enters.
        block_column = min(max(int(c + by_column * ahead), 0), columns - 1) // BLOCK
        block_row = min(max(int(r + by_row * ahead), 0), rows - 1) // BLOCK
        out = far
        if by_column > 0:
            out = min(out, s + ((block_column + 1) * BLOCK - c) / by_column)
        elif by_column < 0 and block_column > 0:
            out = min(out, s + (block_column * BLOCK - c) / by_column)
        if by_row > 0:
            out = min(out, s + ((block_row + 1) * BLOCK - r) / by_row)
        elif by_row < 0 and block_row > 0:
            out = min(out, s + (block_row * BLOCK - r) / by_row)
        out = min(out + ahead, far)
        lowest = min(height, height + falling * (out - s))
        margin = _CLEARANCE_SIGMAS * (error_slope * out + error_height)
        if lowest - margin > highest[block_row, block_column]:
            s = out
            continue
        before, last = np.inf, np.inf
        at = s
        above = height - elevation_at(cells, c, r)
        if np.isnan(above):
            return OFF_TERRAIN, s, ridge
        while True:
            if above <= 0:
                return FOUND, at if at == s else crossing(ray, cells, grid, s, at), ridge
            clearance = above / max(at, 1e-9)
            if last < before and last < clearance and ridge == np.inf:
                var = var_slope + var_height / (s * s)
                if last * last < _CLEARANCE_SIGMAS * _CLEARANCE_SIGMAS * var:
                    ridge = s
            before, last = last, clearance
            s = at
            if s >= out:
                break
            at = min(s + step, out)
            c, r = column + by_column * at, row + by_row * at
            if not (-0.5 <= c <= columns - 0.5 and -0.5 <= r <= rows - 0.5):
                s = at
                break
            above = z + at * (slope + bend * at) - elevation_at(cells, c, r)
            if np.isnan(above):
                return OFF_TERRAIN, at, ridge


def _crossing(ray: Floats, cells: Elevation, grid: Floats, near: float, beyond: float) -> float:
    """Where a ray goes under the surface between two distances, by the Illinois method (to 10 µm)."""
    above, below = clear_of(ray, cells, grid, near), clear_of(ray, cells, grid, beyond)
    side = 0
    for _ in range(60):
        s = beyond - below * (beyond - near) / (below - above)
        here = clear_of(ray, cells, grid, s)
        if abs(here) < 1e-9 or beyond - near < 1e-5:
            return s
        if here > 0:
            near, above = s, here
            below = below / 2 if side > 0 else below
            side = 1
        else:
            beyond, below = s, here
            above = above / 2 if side < 0 else above
            side = -1
    return (near + beyond) / 2


def _clear_of(ray: Floats, cells: Elevation, grid: Floats, s: float) -> float:
    """Height of a ray above the surface at a distance."""
    x, y = ray[0] + ray[3] * s, ray[1] + ray[4] * s
    column, row = grid[0] * x + grid[1] * y + grid[2], grid[3] * x + grid[4] * y + grid[5]
    return ray[2] + s * (ray[5] + ray[6] * s) - elevation_at(cells, column, row)


def _stays_with(  # noqa: PLR0917 - compiled
    ray: Floats, cells: Elevation, grid: Floats, near: float, beyond: float, error_slope: float
) -> bool:
    """Whether the ray, raised by twice its error, still meets ground between two distances."""
    step = 0.5 / max(
        abs(grid[0] * ray[3] + grid[1] * ray[4]), abs(grid[3] * ray[3] + grid[4] * ray[4])
    )  # fmt: skip
    s = near
    while s < beyond:
        s = min(s + step, beyond)
        x, y = ray[0] + ray[3] * s, ray[1] + ray[4] * s
        column, row = grid[0] * x + grid[1] * y + grid[2], grid[3] * x + grid[4] * y + grid[5]
        if not (-0.5 <= column <= cells.shape[1] - 0.5 and -0.5 <= row <= cells.shape[0] - 0.5):
            return False
        if clear_of(ray, cells, grid, s) + _CLEARANCE_SIGMAS * error_slope * s <= 0:
            return True
    return False


def _locate_rays(  # noqa: PLR0912, PLR0915, PLR0917 - one compiled loop
    u: FloatArray, v: FloatArray, sigma_px: FloatArray,
    camera: Floats, lens: Floats, factor: FloatArray,
    plane: Floats, cells: Elevation, highest: Elevation, grid: Floats, summit: float,
    far: float, bend: float, var_terrain: float, has_plane: bool, has_cells: bool,
    x: FloatArray, y: FloatArray, covariance: FloatArray,
    azimuth: FloatArray, azimuth_sigma: FloatArray, codes: Codes,
) -> None:  # fmt: skip
    """Positions of pixels with their covariance by the implicit function of ray and ground.

    ``camera`` is the place, the rotation by rows, focal length, principal point, and sine and
    cosine of the roll. ``factor`` (8, r) times its transpose is the covariance of the pose in
    the order of ``pose.PARAMETERS``, angles in radians.
    """
    cx, cy, cz, rxx, rxy, rxz, ryx, ryy, ryz, rzx, rzy, rzz, focal, u0, v0, sin_roll, cos_roll = camera
    distorts = lens[0] != 0 or lens[1] != 0 or lens[2] != 0 or lens[3] != 0 or lens[4] != 0
    ranks = factor.shape[1]
    # The last two columns are the errors of the pixel itself.
    count = ranks + 2
    moved_x, moved_y, moved_z = np.zeros(count), np.zeros(count), np.zeros(count)
    moved_x[:ranks], moved_y[:ranks], moved_z[:ranks] = factor[0], factor[1], factor[2]
    in_p, in_q, ahead, across = np.empty(count), np.empty(count), np.zeros(count), np.zeros(count)
    turn_x, turn_y, turn_z = np.empty(count), np.empty(count), np.empty(count)
    var_height = var_terrain + (factor[2] ** 2).sum()
    each = 1 if len(sigma_px) > 1 else 0
    for i in range(len(u)):
        x[i] = y[i] = np.nan
        covariance[i, :, :] = np.nan
        azimuth[i] = azimuth_sigma[i] = np.nan
        a, b = (u[i] - u0) / focal, (v[i] - v0) / focal
        if not np.isfinite(a + b):
            codes[i] = NO_PIXEL
            continue
        p, q, pa, pb, qa, qb = a, b, 1.0, 0.0, 0.0, 1.0
        if distorts:
            p, q, pa, pb, qa, qb, inside = undistort(a, b, lens)
            if not inside:
                codes[i] = OUTSIDE_LENS
                continue
        dx, dy, dz = rxx * p + rxy * q + rxz, ryx * p + ryy * q + ryz, rzx * p + rzy * q + rzz
        # How the direction changes with tilt, roll, focal length and k1; with the heading it is (dy, -dx, 0).
        lean = p * sin_roll + q * cos_roll
        by_p, by_q = -(pa * a + pb * b) / focal, -(qa * a + qb * b) / focal
        square = p * p + q * q
        bent_p, bent_q = -square * (pa * p + pb * q), -square * (qa * p + qb * q)
        flat2 = dx * dx + dy * dy + 1e-30
        flat = math.sqrt(flat2)
        slope = dz / flat
        for k in range(ranks):
            tilt, roll = factor[4, k], factor[5, k]
            in_p[k] = tilt * sin_roll - roll * q + factor[6, k] * by_p + factor[7, k] * bent_p
            in_q[k] = tilt * cos_roll + roll * p + factor[6, k] * by_q + factor[7, k] * bent_q
            ahead[k], across[k] = -tilt * lean, factor[3, k]
        sigma_u, sigma_v = sigma_px[each * i, 0] / focal, sigma_px[each * i, 1] / focal
        in_p[ranks], in_q[ranks] = pa * sigma_u, qa * sigma_u
        in_p[ranks + 1], in_q[ranks + 1] = pb * sigma_v, qb * sigma_v
        var_azimuth = var_slope = 0.0
        for k in range(count):
            tx = rxx * in_p[k] + rxy * in_q[k] + rxz * ahead[k] + across[k] * dy
            ty = ryx * in_p[k] + ryy * in_q[k] + ryz * ahead[k] - across[k] * dx
            tz = rzx * in_p[k] + rzy * in_q[k] + rzz * ahead[k]
            turn_x[k], turn_y[k], turn_z[k] = tx, ty, tz
            aside, rise = dy * tx - dx * ty, tz * flat2 - dz * (dx * tx + dy * ty)
            var_azimuth += aside * aside
            var_slope += rise * rise
        var_azimuth /= flat2 * flat2
        var_slope /= flat2 * flat2 * flat2
        azimuth[i] = math.degrees(math.atan2(dx, dy)) % 360.0
        azimuth_sigma[i] = math.degrees(math.sqrt(var_azimuth))
        ray = (cx, cy, cz, dx / flat, dy / flat, slope, bend)
        s = ridge = np.inf
        east, north = plane[1], plane[2]
        if has_plane:
            ray = (cx, cy, cz, dx / flat, dy / flat, slope, 0.0)
            closing = (east * dx + north * dy) / flat - slope
            code = FOUND if closing > 0 else ABOVE_HORIZON
            if code == FOUND:
                s = (cz - plane[0] - east * cx - north * cy) / closing
                code = OUT_OF_RANGE if s > far else FOUND
        elif has_cells:
            code, s, ridge = meet_terrain(
                ray, cells, highest, grid, summit, far, var_slope, var_height
            )  # fmt: skip
        else:
            code = NO_TERRAIN
        codes[i] = code
        if code != FOUND:
            continue
        px, py = cx + ray[3] * s, cy + ray[4] * s
        if has_cells:
            column, row = grid[0] * px + grid[1] * py + grid[2], grid[3] * px + grid[4] * py + grid[5]
            east, north = gradient_at(cells, grid, column, row)
        east, north = east - 2 * ray[6] * s * ray[3], north - 2 * ray[6] * s * ray[4]
        closing = dz - east * dx - north * dy
        t = s / flat
        shift = math.sqrt(var_terrain) / closing
        xx, xy, yy = (shift * dx) ** 2, shift * dx * shift * dy, (shift * dy) ** 2
        inverse = 1 / closing
        for k in range(count):
            ex, ey = moved_x[k] + t * turn_x[k], moved_y[k] + t * turn_y[k]
            along = (east * ex + north * ey - moved_z[k] - t * turn_z[k]) * inverse
            ex, ey = ex + along * dx, ey + along * dy
            xx += ex * ex
            xy += ex * ey
            yy += ey * ey
        var_along = ray[3] * ray[3] * xx + 2 * ray[3] * ray[4] * xy + ray[4] * ray[4] * yy
        error = math.sqrt(var_along)
        if not (closing < 0 and error <= STEEPEST_RELATIVE_SIGMA * t * math.sqrt(flat2 + dz * dz)):
            codes[i] = TOO_FLAT
        elif ridge < s - _ELLIPSE_SIGMAS * error or (
            has_cells
            and not stays_with(
                ray, cells, grid, s, s + 4 * error + 1 / (abs(grid[0]) + abs(grid[1])), math.sqrt(var_slope)
            )
        ):
            codes[i] = BEHIND_RIDGE
        else:
            x[i], y[i] = px, py
            covariance[i, 0, 0], covariance[i, 1, 1] = xx, yy
            covariance[i, 0, 1] = covariance[i, 1, 0] = xy


undistort = njit(cache=True)(_undistort)
elevation_at = njit(cache=True, inline="always")(_elevation_at)
gradient_at = njit(cache=True)(_gradient_at)
clear_of = njit(cache=True)(_clear_of)
crossing = njit(cache=True)(_crossing)
stays_with = njit(cache=True)(_stays_with)
meet_terrain = njit(cache=True, error_model="numpy")(_meet_terrain)
locate_rays = njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc"})(_locate_rays)
