"""Solve a camera's pose from points of which pixel and place are known.

Every parameter of the pose is a number to be adjusted, with what was known of it before as an
observation of its own: a lens surveyed to 0.5 m may move, but pays for it. So the errors of
mast, survey and picking all end in one covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from gis_core.errors import GeoreferenceError
from gis_core.georeference.pinhole import PinholeCamera
from gis_core.georeference.pose import (
    PARAMETERS,
    Pose,
    focal_length_px,
    parameters_of,
    with_parameters,
)
from gis_core.georeference.quality import FitQuality
from gis_core.terrain import PlaneTerrain
from gis_core.types import BoolArray, FloatArray

_STEPS = np.array([0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-3, 0.05, 1e-4])
"""Steps of the numerical derivatives, in the units of the parameters."""

_LOOSEST = {"heading_deg": 5.0, "tilt_deg": 5.0, "roll_deg": 10.0, "k1": 0.5}
"""A larger standard error than this means that the points do not determine the parameter."""

_HEADING, _FOCAL = PARAMETERS.index("heading_deg"), PARAMETERS.index("focal_px")
_VIEWS_DEG = (8.0, 15.0, 25.0, 40.0, 55.0, 70.0, 85.0, 100.0, 120.0)
_BLUNDER_SIGMAS = 6.0
_BEHIND_PX = 1e5


class ControlPoints(NamedTuple):
    """Pixels and places of n points: ``uv`` (n, 2) in pixels, ``xyz`` (n, 3) in metres of grid and datum."""

    uv: FloatArray
    xyz: FloatArray


@dataclass(frozen=True, slots=True)
class Priors:
    """Standard errors of what was known before; infinity for nothing, 0 for a value that is held.

    ``pixel_px`` is that of a picked pixel, ``ground_m`` and ``elevation_m`` those of the
    points' places. The place of the lens is known to ``position_m`` and ``height_m``; heading,
    tilt, roll and focal length are always solved without a prior, and k1 if ``solve_lens``.
    """

    pixel_px: float = 2.0
    ground_m: float = 0.0
    elevation_m: float = 0.0
    position_m: float = 0.0
    height_m: float = 0.0
    solve_lens: bool = False

    @property
    def sigma(self) -> FloatArray:
        """By parameter, shape (8,)."""
        place = (self.position_m, self.position_m, self.height_m)
        return np.array([*place, *[np.inf] * 4, np.inf if self.solve_lens else 0.0])


class PoseFit(NamedTuple):
    """A solved pose, its covariance (8, 8) in the order of ``PARAMETERS``, and the report.

    ``rms_px`` is the root of the mean squared distance in the frame of the points that were used.
    """

    pose: Pose
    covariance: FloatArray
    quality: FitQuality
    rms_px: float


def fit_pose(points: ControlPoints, start: Pose, priors: Priors) -> PoseFit:
    """Robust least squares of the pixels' distances, each weighted by its picking and survey errors.

    The first rounds use a loss that grows linearly for large residuals (soft L1); points that
    then stand ``_BLUNDER_SIGMAS`` off are left out, as long as two thirds remain, and plain
    least squares follow. The covariance is that of the linear model at the solution, enlarged
    where the residuals are larger than their stated errors.

    Args:
        points: at least three; with a lens whose place is to be solved, at least six.
        start: the place of the lens, the frame and the lens model; its angles and focal
            length are found anew.
        priors: what is known of the errors.

    Raises:
        GeoreferenceError: too few points, or points that do not determine the pose.
    """
    free = priors.sigma > 0
    count = len(points.uv)
    least = 6 if np.isinf(priors.position_m) or np.isinf(priors.height_m) else 3
    if count < least:
        raise GeoreferenceError(
            f"{count} control points are too few: this calibration takes at least {least}."
        )
    _check_distinct(points)
    pose = _initial(points, start)
    every = np.ones(count, dtype=bool)
    pose = _solve(points, pose, start, priors, every, loss="soft_l1")
    used = _without_blunders(points, pose, priors, every)
    pose = _solve(points, pose, start, priors, used)
    covariance = _covariance(points, pose, start, priors, used)
    _check_determined(covariance, pose, free)
    offset = np.linalg.norm(_seen(pose, points.xyz) - points.uv, axis=1)
    quality = _judge(points, pose, start, priors, used)
    return PoseFit(pose, covariance, quality, float(np.sqrt(np.mean(offset[used] ** 2))))


def _check_distinct(points: ControlPoints) -> None:
    for name, rows in (("pixel", points.uv), ("place", points.xyz)):
        _, first, times = np.unique(rows, axis=0, return_index=True, return_counts=True)
        if (times > 1).any():
            one = int(first[times > 1][0])
            other = int(np.flatnonzero((rows == rows[one]).all(axis=1))[1])
            raise GeoreferenceError(f"Control points {one + 1} and {other + 1} have the same {name}.")


def _initial(points: ControlPoints, start: Pose) -> Pose:
    """The rotation that turns the pixels' rays onto the points (Kabsch 1976), for the best of some lenses."""
    to = points.xyz - start.place
    to /= np.linalg.norm(to, axis=1, keepdims=True)
    best, least = start, np.inf
    for view_deg in (start.field_of_view_deg, *_VIEWS_DEG):
        focal = focal_length_px(view_deg, start.width_px)
        rays = np.column_stack([(points.uv - start.centre) / focal, np.ones(len(to))])
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        left, _, right = np.linalg.svd(to.T @ rays)
        turned = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
        miss = float(((rays @ turned.T - to) ** 2).sum()) * focal**2
        if miss < least:
            best, least = _turned(start, turned, focal), miss
    return best


def _turned(pose: Pose, rotation: FloatArray, focal_px: float) -> Pose:
    """The pose with the angles of a rotation whose columns are right, down and ahead."""
    right, down, ahead = rotation.T
    heading = np.degrees(np.arctan2(ahead[0], ahead[1]))
    tilt = -np.degrees(np.arcsin(np.clip(ahead[2], -1, 1)))
    # Unrolled, the right of the camera is level.
    roll = np.degrees(np.arctan2(-right[2], -down[2]))
    values = parameters_of(pose)
    values[3:7] = heading % 360, tilt, roll, focal_px
    return with_parameters(pose, values)


def _seen(pose: Pose, xyz: FloatArray) -> FloatArray:
    """Pixels of places, shape (n, 2); far outside the frame for what lies behind the camera."""
    return np.nan_to_num(np.column_stack(pose.project(*xyz.T)), nan=_BEHIND_PX)


def _whitening(points: ControlPoints, pose: Pose, priors: Priors) -> FloatArray:
    """Matrices (n, 2, 2) that make residuals in pixels independent with variance 1."""
    sigma = np.array([priors.ground_m, priors.ground_m, priors.elevation_m])
    # How a shift of each place by 1 cm along each axis moves its pixel.
    axes = np.eye(3) * 0.005
    moved = np.stack(
        [_seen(pose, points.xyz + axis) - _seen(pose, points.xyz - axis) for axis in axes], axis=-1
    )
    spread = moved / 0.01 * sigma
    covariance = priors.pixel_px**2 * np.eye(2) + spread @ spread.swapaxes(1, 2)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


class _Problem(NamedTuple):
    """Residuals of a pose, whitened by weights that belong to a first estimate of it."""

    points: ControlPoints
    start: Pose
    priors: Priors
    white: FloatArray

    def residuals(self, values: FloatArray) -> FloatArray:
        """Those of the points' pixels, then of the parameters that have a prior."""
        found = with_parameters(self.start, values)
        pixels = np.einsum("nij,nj->ni", self.white, _seen(found, self.points.xyz) - self.points.uv)
        sigma = self.priors.sigma
        known = (sigma > 0) & np.isfinite(sigma)
        before = (values - parameters_of(self.start))[known] / sigma[known]
        return np.concatenate([pixels.ravel(), before])

    def improved(self, values: FloatArray, loss: str) -> FloatArray:
        """The values of least loss, from a first estimate; those that are held stay."""
        free = self.priors.sigma > 0
        whole = values.copy()

        def of_free(part: FloatArray) -> FloatArray:
            whole[free] = part
            whole[_FOCAL] = max(whole[_FOCAL], 1.0)
            return self.residuals(whole)

        found = least_squares(
            of_free, values[free], x_scale=100 * _STEPS[free], loss=loss, max_nfev=400,
            xtol=1e-14, ftol=1e-14, gtol=1e-14,
        )  # fmt: skip
        whole[free] = found.x
        whole[_HEADING] %= 360
        return whole


def _problem(points: ControlPoints, pose: Pose, start: Pose, priors: Priors, used: BoolArray) -> _Problem:
    chosen = ControlPoints(points.uv[used], points.xyz[used])
    return _Problem(chosen, start, priors, _whitening(chosen, pose, priors))


def _solve(
    points: ControlPoints, pose: Pose, start: Pose, priors: Priors, used: BoolArray, *, loss: str = "linear"
) -> Pose:
    # The weights depend on the pose by which far points are seen small; two rounds settle them.
    for _ in range(2):
        problem = _problem(points, pose, start, priors, used)
        pose = with_parameters(start, problem.improved(parameters_of(pose), loss))
    return pose


def _covariance(
    points: ControlPoints, pose: Pose, start: Pose, priors: Priors, used: BoolArray
) -> FloatArray:
    free = priors.sigma > 0
    problem = _problem(points, pose, start, priors, used)
    values = parameters_of(pose)
    columns = []
    for index in np.flatnonzero(free):
        step = np.zeros(len(PARAMETERS))
        step[index] = _STEPS[index]
        apart = problem.residuals(values + step) - problem.residuals(values - step)
        columns.append(apart / (2 * _STEPS[index]))
    jacobian = np.column_stack(columns)
    scale = np.linalg.norm(jacobian, axis=0)
    scale[scale == 0] = 1
    solve = np.linalg.pinv(jacobian / scale, rcond=1e-9) / scale[:, None]
    strength = np.linalg.svd(jacobian / scale, compute_uv=False)
    if strength[-1] < 1e-9 * strength[0]:
        raise GeoreferenceError(
            "The control points do not determine the pose: they are too few or too close together."
        )
    residual = problem.residuals(values)
    freedom = len(residual) - int(free.sum())
    excess = max(1.0, float((residual**2).sum()) / freedom) if freedom > 0 else 1.0
    covariance = np.zeros((len(PARAMETERS), len(PARAMETERS)))
    covariance[np.ix_(free, free)] = excess * (solve @ solve.T)
    return covariance


def _check_determined(covariance: FloatArray, pose: Pose, free: BoolArray) -> None:
    sigma = dict(zip(PARAMETERS, np.sqrt(np.diag(covariance)), strict=True))
    loose = [name for name, limit in _LOOSEST.items() if sigma[name] > limit]
    if sigma["focal_px"] > 0.2 * pose.focal_px:
        loose.append("field_of_view_deg")
    if loose:
        names = ", ".join(name.removesuffix("_deg").replace("_", " ") for name in loose)
        raise GeoreferenceError(
            f"The control points do not determine {names}; take points that spread over the whole frame."
        )


def _without_blunders(
    points: ControlPoints, pose: Pose, priors: Priors, every: BoolArray
) -> BoolArray:  # fmt: skip
    offset = np.einsum("nij,nj->ni", _whitening(points, pose, priors), _seen(pose, points.xyz) - points.uv)
    distance = np.linalg.norm(offset, axis=1)
    # The median of the length of two normal errors is 1.18 standard errors.
    scale = max(1.0, float(np.median(distance)) / 1.18)
    used = distance <= _BLUNDER_SIGMAS * scale
    return used if used.sum() >= max(4, 2 * len(used) / 3) else every


def _judge(points: ControlPoints, pose: Pose, start: Pose, priors: Priors, used: BoolArray) -> FitQuality:
    """Distances on the level of each point, and those by a fit without it."""
    count = len(points.uv)
    left_out = np.full(count, np.nan)
    poor = np.zeros(count, dtype=bool)
    least = 4 if np.isfinite(priors.position_m) else 7
    white = _whitening(points, pose, priors)
    for index in range(count):
        others = used.copy()
        others[index] = False
        if others.sum() < least - 1:
            continue
        without = _solve(points, pose, start, priors, others)
        left_out[index] = _miss_m(without, points, index)
        miss = white[index] @ (_seen(without, points.xyz[index : index + 1]) - points.uv[index])[0]
        poor[index] = used[index] and float(miss @ miss) > _poor_limit(count) * _scatter(
            without, points, priors, others
        )
    residual = np.array([_miss_m(pose, points, index) for index in range(count)])
    return FitQuality(residual, left_out, used, poor)


def _poor_limit(count: int) -> float:
    """Chi-square of two degrees at 5 %, shared among all points (Bonferroni)."""
    return float(-2 * np.log(0.05 / count))


def _scatter(pose: Pose, points: ControlPoints, priors: Priors, used: BoolArray) -> float:
    """Mean squared whitened residual in one direction, at least 1."""
    chosen = ControlPoints(points.uv[used], points.xyz[used])
    offset = np.einsum(
        "nij,nj->ni", _whitening(chosen, pose, priors), _seen(pose, chosen.xyz) - chosen.uv
    )  # fmt: skip
    return max(1.0, float(np.mean(offset**2)))


def _miss_m(pose: Pose, points: ControlPoints, index: int) -> float:
    """How far from a point its pixel's ray meets the point's level, or passes by where it does not."""
    place = points.xyz[index]
    if pose.z_m > place[2]:
        camera = PinholeCamera(pose, PlaneTerrain(float(place[2])), np.zeros((len(PARAMETERS),) * 2))
        found = camera.locate(points.uv[index, :1], points.uv[index, 1:])
        if found.reason[0] is None:
            return float(np.hypot(found.x[0] - place[0], found.y[0] - place[1]))
    off_px = float(np.linalg.norm(_seen(pose, points.xyz[index : index + 1]) - points.uv[index]))
    return off_px / pose.focal_px * float(np.linalg.norm(place - pose.place))
