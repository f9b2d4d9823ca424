"""Rays to terrain with covariance, against CameraTransform's projection onto a flat plane.

Both undistort the same pixels of the same lens. CameraTransform meets level ground and gives
positions; ours follows each ray over hills of 20 m cells, and gives the covariance from
pixel, pose and terrain besides. Both take turns, on one core.
"""

from __future__ import annotations

import statistics
import time

import cameratransform
import numpy as np
from pyproj import CRS
from rasterio.transform import Affine
from scipy.ndimage import gaussian_filter

from gis_core.georeference import Lens, PinholeCamera, Pose, focal_length_px, pose_covariance
from gis_core.terrain import RasterTerrain

_RAYS = 100_000
_PAIRS = 20
_TARGET = 5.0
_K1 = -0.08


def run() -> None:
    """Print the ratio of the medians."""
    terrain = _hills()
    foot_m = float(terrain.sample(np.zeros(1), np.zeros(1))[0])
    pose = Pose(
        0, 0, foot_m + 60, 30, 5, 0, focal_length_px(60, 1920), 1920, 1080, Lens(_K1)
    )  # fmt: skip
    sure = pose_covariance(
        pose, position_sigma_m=0.5, height_sigma_m=0.2, heading_sigma_deg=0.1, tilt_sigma_deg=0.1,
        roll_sigma_deg=0.1, field_of_view_sigma_deg=0.1,
    )  # fmt: skip
    camera = PinholeCamera(pose, terrain, sure, ground_sigma_m=1.0)
    flat = cameratransform.Camera(
        cameratransform.RectilinearProjection(focallength_px=pose.focal_px, image=(1920, 1080)),
        cameratransform.SpatialOrientation(elevation_m=60, tilt_deg=85, heading_deg=30),
        cameratransform.BrownLensDistortion(_K1, 0.0, 0.0),
    )
    draw = np.random.default_rng(1)
    u, v = draw.uniform(0, 1920, _RAYS), draw.uniform(420, 1080, _RAYS)
    pixels = np.column_stack([u, v])
    seen = float(np.isfinite(camera.locate(u, v).x).mean())
    flat.spaceFromImage(pixels, Z=0)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(_PAIRS):
        for spent, work in zip(
            taken, (lambda: camera.locate(u, v), lambda: flat.spaceFromImage(pixels, Z=0)), strict=True
        ):
            begun = time.perf_counter()
            work()
            spent.append(time.perf_counter() - begun)
    ours_ns, reference_ns = (statistics.median(spent) / _RAYS * 1e9 for spent in taken)
    print(
        f"BENCH rays ratio={ours_ns / reference_ns:.2f} target={_TARGET} {_RAYS:,} rays to terrain with "
        f"covariance, {seen:.0%} of them with a position ({ours_ns:.0f} ns each), against CameraTransform's "
        f"projection of the same pixels onto a plane ({reference_ns:.0f} ns), medians of {_PAIRS} "
        "interleaved pairs",
        flush=True,
    )


def _hills() -> RasterTerrain:
    """20 km of hills that rise 100 m or so, the camera in their middle."""
    size, cell_m = 1000, 20.0
    smooth = gaussian_filter(np.random.default_rng(3).normal(size=(size, size)), 15)
    edge_m = size / 2 * cell_m
    return RasterTerrain(
        "hills",
        (smooth / smooth.std() * 40).astype(np.float32),
        Affine(cell_m, 0, -edge_m, 0, -cell_m, edge_m),
        CRS.from_epsg(9214),
    )
