"""642 viewsheds, against a loop that follows one ray at a time to every cell of the frame.

Cameras as the province has them: 28 towers that see some 10 km over hills in the 30 m cells of
the free global models, 72 poles that see 2 km, and 542 that see 100 m of street. The loop is
compiled as well, steps by half a cell over the same bilinear ground, and stops where a ray is
cut off; it has neither blocks to pass nor patches to be exact about. What both see is compared.
One core.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter

from gis_core.footprint import pose_footprint
from gis_core.georeference import Pose, focal_length_px
from gis_core.georeference.pinhole import CURVATURE_PER_M
from gis_core.terrain import RasterTerrain
from gis_core.types import BoolArray, FloatArray
from gis_core.viewshed import outlines, visible_cells

_CELL_M = 30.0
_SIZE = 3000
_FAR, _MIDDLE, _NEAR = 28, 72, 542
_FRAME = 1920, 1080
_TARGET = 0.5
_LIMIT_S = 60.0


def run() -> None:
    """Print the ratio of the two, and how long all that is stored takes (polygons included)."""
    terrain = _hills()
    over_terrain = [
        *_cameras(terrain, _FAR, 10_000.0, 30.0, 1),
        *_cameras(terrain, _MIDDLE, 2_000.0, 18.0, 2),
    ]
    near = _cameras(None, _NEAR, 100.0, 8.0, 3)
    visible_cells(*over_terrain[0][:1], terrain, 500.0)
    _one_ray_at_a_time(over_terrain[0][0], terrain, 500.0)

    begun = time.perf_counter()
    seen = [visible_cells(pose, terrain, range_m) for pose, range_m in over_terrain]
    footprints = [pose_footprint(pose, range_m) for pose, range_m in near]
    ours_s = time.perf_counter() - begun
    polygons = [outlines(one) for one in seen]
    whole_s = time.perf_counter() - begun

    begun = time.perf_counter()
    loop = [_one_ray_at_a_time(pose, terrain, range_m) for pose, range_m in over_terrain]
    footprints = [pose_footprint(pose, range_m) for pose, range_m in near]
    loop_s = time.perf_counter() - begun

    assert len(polygons) + len(footprints) == 642
    cells = sum(int(one.seen.sum()) for one in seen)
    apart = sum(int((one.seen != other).sum()) for one, other in zip(seen, loop, strict=True))
    print(
        f"BENCH viewsheds ratio={ours_s / loop_s:.3f} target={_TARGET} 642 viewsheds ({ours_s:.2f} s; with "
        f"polygons {whole_s:.2f} s of {_LIMIT_S:.0f} s) against one ray at a time ({loop_s:.2f} s); "
        f"{cells:,} cells seen, the two differ in {apart / cells:.2%} of them, where the loop's half steps "
        "miss what they pass",
        flush=True,
    )


def _hills() -> RasterTerrain:
    smooth = gaussian_filter(np.random.default_rng(3).normal(size=(_SIZE, _SIZE)), 24)
    edge_m = _SIZE / 2 * _CELL_M
    return RasterTerrain(
        "hills",
        (smooth / smooth.std() * 150 + 400).astype(np.float32),
        Affine(_CELL_M, 0, -edge_m, 0, -_CELL_M, edge_m),
        CRS.from_epsg(9214),
    )


def _cameras(
    terrain: RasterTerrain | None, count: int, range_m: float, mast_m: float, seed: int
) -> list[tuple[Pose, float]]:
    """Cameras anywhere, that look anywhere; over terrain on the highest of some places."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        x, y = draw.uniform(-30_000, 30_000, (2, 20))
        z = np.zeros(20) if terrain is None else terrain.sample(x, y)
        best = int(z.argmax())
        focal_px = focal_length_px(float(draw.uniform(70, 110)), _FRAME[0])
        tilt_deg = math.degrees(math.atan2(mast_m, 0.45 * range_m))
        place = float(x[best]), float(y[best]), float(z[best]) + mast_m
        pose = Pose(*place, float(draw.uniform(0, 360)), tilt_deg, 0.0, focal_px, *_FRAME)
        made.append((pose, range_m))
    return made


def _one_ray_at_a_time(pose: Pose, terrain: RasterTerrain, range_m: float) -> BoolArray:
    """What the loop sees, over the same window of cells as ``visible_cells``."""
    column, row = ~terrain.transform @ (pose.x_m, pose.y_m)
    reach = math.ceil(range_m / terrain.cell_m) + 1
    first_row, first_column = max(0, int(row) - reach), max(0, int(column) - reach)
    rows = min(_SIZE, int(row) + reach + 1) - first_row
    columns = min(_SIZE, int(column) + reach + 1) - first_column
    seen = np.zeros((rows, columns), bool)
    at_row, at_column = np.mgrid[first_row : first_row + rows, first_column : first_column + columns]
    east, north = (at_column + 0.5 - column) * _CELL_M, (row - at_row - 0.5) * _CELL_M
    ground = terrain.elevation_m[first_row : first_row + rows, first_column : first_column + columns]
    up = ground - CURVATURE_PER_M * (east**2 + north**2) - pose.z_m
    x, y, ahead = (np.stack([east, north, up], axis=-1) @ pose.rotation).transpose(2, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.abs(x / ahead) * pose.focal_px <= _FRAME[0] / 2
        inside &= np.abs(y / ahead) * pose.focal_px <= _FRAME[1] / 2
    inside &= (ahead > 0) & (np.hypot(east, north) <= range_m)
    targets = np.argwhere(inside)
    in_terrain = np.add(targets, (first_row, first_column))
    lens = np.array([column - 0.5, row - 0.5, pose.z_m])
    clear = _follow(terrain.elevation_m, lens, in_terrain, _CELL_M, CURVATURE_PER_M)
    seen[targets[:, 0], targets[:, 1]] = clear
    return seen


@njit(cache=True)  # type: ignore[untyped-decorator]
def _follow(
    cells: NDArray[np.float32], lens: FloatArray, targets: NDArray[np.int64], cell_m: float, curvature: float
) -> BoolArray:
    clear = np.ones(len(targets), np.bool_)
    for n in range(len(targets)):
        by_row, by_column = targets[n, 0] - lens[1], targets[n, 1] - lens[0]
        bend = curvature * (by_row**2 + by_column**2) * cell_m**2
        rise = cells[targets[n, 0], targets[n, 1]] - bend - lens[2]
        steps = int(math.hypot(by_row, by_column) * 2)
        for step in range(1, steps):
            t = step / steps
            r, c = lens[1] + by_row * t, lens[0] + by_column * t
            i, j = min(max(int(r), 0), cells.shape[0] - 2), min(max(int(c), 0), cells.shape[1] - 2)
            down, right = r - i, c - j
            upper = cells[i, j] + right * (cells[i, j + 1] - cells[i, j])
            lower = cells[i + 1, j] + right * (cells[i + 1, j + 1] - cells[i + 1, j])
            if upper + down * (lower - upper) > lens[2] + t * (rise + bend * t):
                clear[n] = False
                break
    return clear
