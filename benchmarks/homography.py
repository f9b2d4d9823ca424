"""A homography with the covariance of every position, against a bare 3x3 product in numpy.

The reference takes the same pixels to the same ground with three numpy calls: homogeneous
coordinates, their product with the matrix, the division. Ours gives positions, the 2x2
covariances from picking and fit, and reasons. Both take turns, on one core.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from gis_core.georeference import PinholeCamera, Pose, fit_homography, focal_length_px
from gis_core.terrain import PlaneTerrain
from gis_core.types import FloatArray

_PIXELS = 100_000
_PAIRS = 60
_TARGET = 3.0


def run() -> None:
    """Print the ratio of the medians."""
    pose = Pose(566_000, 1_820_000, 9, 70, 14, 2, focal_length_px(58, 1920), 1920, 1080)
    u, v = (grid.ravel() for grid in np.meshgrid(np.linspace(100, 1800, 4), np.linspace(450, 1000, 3)))
    ground = PinholeCamera(pose, PlaneTerrain(), np.zeros((8, 8))).locate(u, v)
    homography = fit_homography(u, v, ground.x, ground.y).homography
    draw = np.random.default_rng(1)
    u, v = draw.uniform(0, 1920, _PIXELS), draw.uniform(450, 1080, _PIXELS)
    matrix = _absolute(homography.matrix, homography.pixel_origin, homography.pixel_scale)

    def product() -> FloatArray:
        mapped = matrix @ np.vstack([u, v, np.ones(_PIXELS)])
        return np.asarray(mapped[:2] / mapped[2])

    found = homography.locate(u, v)
    metres = product() * homography.ground_scale_m + np.array(homography.ground_origin)[:, None]
    if np.abs(metres - [found.x, found.y]).max() > 1e-6:
        raise RuntimeError("the product and the homography do not agree")
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(_PAIRS):
        for spent, work in zip(taken, (lambda: homography.locate(u, v), product), strict=True):
            begun = time.perf_counter()
            work()
            spent.append(time.perf_counter() - begun)
    ours_ns, reference_ns = (statistics.median(spent) / _PIXELS * 1e9 for spent in taken)
    print(
        f"BENCH homography ratio={ours_ns / reference_ns:.2f} target={_TARGET} {_PIXELS:,} positions with "
        f"covariance ({ours_ns:.0f} ns each) against numpy's 3x3 product of the same points and its division "
        f"({reference_ns:.0f} ns), medians of {_PAIRS} interleaved pairs",
        flush=True,
    )


def _absolute(matrix: FloatArray, origin: tuple[float, float], scale: float) -> FloatArray:
    """The matrix from raw pixels to normalised ground."""
    shift = np.array([[1, 0, -origin[0]], [0, 1, -origin[1]], [0, 0, scale]]) / scale
    return matrix @ shift
