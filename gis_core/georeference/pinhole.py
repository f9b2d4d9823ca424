"""The pinhole camera over a plane or over terrain, with the covariance of every position."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis_core.crs import is_metric_grid
from gis_core.errors import CRSMismatchError, GeoreferenceError
from gis_core.georeference.base import Answer, GroundPositions, checked_pixels
from gis_core.georeference.pose import PARAMETERS, Lens, Pose
from gis_core.georeference.rays import BLOCK, locate_rays
from gis_core.terrain import PlaneTerrain, RasterTerrain
from gis_core.types import FloatArray

CURVATURE_PER_M = (1 - 0.13) / 2 / 6_371_000
"""How far the Earth falls away below a line of sight, per squared distance, less refraction (k = 0.13)."""

_ANGLES = slice(PARAMETERS.index("heading_deg"), PARAMETERS.index("roll_deg") + 1)


class _Cells(NamedTuple):
    """Terrain as the kernel takes it; ``grid`` takes x, y to columns and rows from the first centre."""

    elevation_m: NDArray[np.float32]
    highest_m: NDArray[np.float32]
    grid: tuple[float, ...]
    summit_m: float


_NO_CELLS = _Cells(
    np.zeros((2, 2), np.float32), np.zeros((1, 1), np.float32), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 0.0
)


@dataclass(frozen=True)
class PinholeCamera:
    """A camera whose rays meet a plane or a terrain.

    ``pose`` stands in the grid and datum of ``ground``, which is None where nothing is known
    of it: then there are directions only. ``covariance`` (8, 8) is that of the pose in the
    order and units of ``pose.PARAMETERS``; ``pixel_sigma_px`` and ``ground_sigma_m`` are the
    standard errors of a picked pixel and of the ground's elevation. Beyond ``range_m`` along
    the ground there is no position. Over terrain, rays rise by ``curvature_per_m`` times their
    squared distance.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, ch. 6; error
    propagation through the implicit function of ray and surface, ch. 5.

    Raises:
        GeoreferenceError: the lens is not above the ground.
        CRSMismatchError: the terrain's grid is not one of metres.
    """

    pose: Pose
    ground: PlaneTerrain | RasterTerrain | None
    covariance: FloatArray
    pixel_sigma_px: float = 2.0
    ground_sigma_m: float = 0.0
    range_m: float = math.inf
    curvature_per_m: float = CURVATURE_PER_M

    def __post_init__(self) -> None:
        if self.covariance.shape != (len(PARAMETERS), len(PARAMETERS)):
            raise GeoreferenceError(f"The covariance of a pose has {len(PARAMETERS)} rows and columns.")
        if not np.isfinite(self.covariance).all():
            raise GeoreferenceError("The covariance of the pose lacks a number.")
        if isinstance(self.ground, RasterTerrain) and not is_metric_grid(self.ground.crs):
            raise CRSMismatchError(
                f"{self.ground.name}: rays need terrain on a grid in metres, not in {self.ground.crs.name}."
            )
        if self.ground is not None:
            below = self.ground.sample(np.array([self.pose.x_m]), np.array([self.pose.y_m]))[0]
            if self.pose.z_m <= below:
                raise GeoreferenceError(
                    f"The lens at {self.pose.z_m:.1f} m is not above the ground there, at {below:.1f} m."
                )

    def locate(self, u: FloatArray, v: FloatArray, sigma_px: FloatArray | None = None) -> GroundPositions:
        """Positions where the pixels' rays first meet the ground, with directions for all of them."""
        pixels = checked_pixels(u, v, sigma_px, self.pixel_sigma_px)
        answer = Answer.empty(len(pixels.u))
        plane = self.ground if isinstance(self.ground, PlaneTerrain) else PlaneTerrain()
        cells = self._cells
        locate_rays(
            pixels.u, pixels.v, pixels.sigma_px, self._camera, self._lens, self._factor,
            (float(plane.z0_m), float(plane.slope_x), float(plane.slope_y)),
            cells.elevation_m, cells.highest_m, cells.grid, cells.summit_m,
            float(self.range_m), float(self.curvature_per_m), float(self.ground_sigma_m) ** 2,
            isinstance(self.ground, PlaneTerrain), isinstance(self.ground, RasterTerrain),
            answer.x, answer.y, answer.covariance_m2, answer.azimuth_deg, answer.azimuth_sigma_deg,
            answer.codes,
        )  # fmt: skip
        return answer.positions()

    @cached_property
    def _camera(self) -> tuple[float, ...]:
        pose, roll = self.pose, math.radians(self.pose.roll_deg)
        numbers = (*pose.place, *pose.rotation.ravel(), pose.focal_px, *pose.centre)
        return tuple(map(float, (*numbers, math.sin(roll), math.cos(roll))))

    @cached_property
    def _lens(self) -> tuple[float, ...]:
        return tuple(map(float, (*self.pose.lens, fold_square(self.pose.lens))))

    @cached_property
    def _factor(self) -> FloatArray:
        """A root of the covariance with angles in radians; shape (8, rank)."""
        units = np.ones(len(PARAMETERS))
        units[_ANGLES] = math.pi / 180
        # Scaled to correlations, so that metres, radians and pixels weigh alike in what counts as zero.
        covariance = self.covariance * units[:, None] * units
        variance = np.diag(covariance)
        scale = np.sqrt(np.where(variance > 0, variance, 1))
        values, vectors = np.linalg.eigh(covariance / scale[:, None] / scale)
        if not values.min() > -1e-6:
            raise GeoreferenceError("The covariance of the pose is not one: it has a negative variance.")
        kept = values > 1e-12
        return np.ascontiguousarray(scale[:, None] * vectors[:, kept] * np.sqrt(values[kept]))

    @cached_property
    def _cells(self) -> _Cells:
        return prepared_cells(self.ground) if isinstance(self.ground, RasterTerrain) else _NO_CELLS


def fold_square(lens: Lens) -> float:
    """Squared radius in the ideal picture at which distortion stops growing; infinity if it never does."""
    # In 1/r² the polynomial's first coefficient is 1, however small those of the lens are.
    roots = np.roots([1.0, 3 * lens.k1, 5 * lens.k2, 7 * lens.k3])
    real = roots.real[(np.abs(roots.imag) < 1e-9) & (roots.real > 1e-9)]
    return float(1 / real.max()) if real.size else math.inf


def prepared_cells(terrain: RasterTerrain) -> _Cells:
    """A terrain with the highest elevation of each block, once for all cameras that look over it."""
    kept = _PREPARED.get(id(terrain))
    if kept is None:
        if len(_PREPARED) >= _MOST_PREPARED:
            _PREPARED.clear()
        kept = _PREPARED[id(terrain)] = terrain, _prepare(terrain)
    return kept[1]


_PREPARED: dict[int, tuple[RasterTerrain, _Cells]] = {}
"""By identity; the terrain itself is kept, so that no other one can come to have its identity."""
_MOST_PREPARED = 4


def _prepare(terrain: RasterTerrain) -> _Cells:
    elevation = np.ascontiguousarray(terrain.elevation_m, np.float32)
    rows, columns = elevation.shape
    if min(rows, columns) < 2:
        raise GeoreferenceError(f"{terrain.name}: a terrain needs two cells each way.")
    # Voids count as infinitely high, so that a ray looks at them and finds that they are unknown.
    known = np.where(np.isfinite(elevation), elevation, np.inf)
    down, right = -(-rows // BLOCK), -(-columns // BLOCK)
    # A block's surface reaches to the first centres of the next ones.
    padded = np.pad(known, ((0, down * BLOCK + 1 - rows), (0, right * BLOCK + 1 - columns)), mode="edge")
    highest = np.full((down, right), -np.inf, np.float32)
    for i in range(BLOCK + 1):
        for j in range(BLOCK + 1):
            part = padded[i : i + down * BLOCK : BLOCK, j : j + right * BLOCK : BLOCK]
            np.maximum(highest, part, out=highest)
    back = ~terrain.transform
    grid = (back.a, back.b, back.c - 0.5, back.d, back.e, back.f - 0.5)
    return _Cells(elevation, highest, tuple(map(float, grid)), float(highest[np.isfinite(highest)].max()))
