"""Fit a homography to ground control points, and say how good each of them is."""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, least_squares
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from gis_core.errors import GeoreferenceError
from gis_core.georeference.homography import Homography
from gis_core.georeference.quality import FitQuality
from gis_core.types import BoolArray, FloatArray, IntArray

PARAMETERS = 8
GROSS = 4.0
"""Points are left out as mistaken only where the others alone agree so many times better."""

_CONSENSUS = 2 / 3
"""The part of the points that must agree before any other is left out."""

_CHANCE = 1e-3
_REFITS = 10
_MAX_SUBSETS = 800
_SAME = 1e-9
"""Normalised distances below this are none."""
_FLATTEST = 1e-3
"""Points whose spread across their line is less than this part of that along it lie on one line."""


class HomographyFit(NamedTuple):
    """A fitted homography and the report on its control points."""

    homography: Homography
    quality: FitQuality


class _Normalised(NamedTuple):
    """Control points moved to their centroid and scaled to a mean distance of √2; shape (n, 2)."""

    pixel: FloatArray
    ground: FloatArray
    pixel_origin: FloatArray
    pixel_scale: float
    ground_origin: FloatArray
    ground_scale: float


def fit_homography(
    u: FloatArray,
    v: FloatArray,
    x: FloatArray,
    y: FloatArray,
    *,
    pixel_sigma_px: float = 2.0,
    station: tuple[float, float] | None = None,
    station_sigma_m: float = 0.0,
) -> HomographyFit:
    """Least squares of the distances on the ground, begun with the normalised direct linear transform.

    The parameters' covariance is propagated from picking errors of ``pixel_sigma_px`` at each
    point. Where the residuals are larger than those explain (chi-square at 5 %), the rest is a
    variance on the ground that every position carries.

    Grossly mistaken points are found by the least median of squares over subsets of four, and
    left out if the others agree ``GROSS`` times better without them.

    Args:
        u, v: pixels, shape (n,).
        x, y: ground in metres of a grid that is true to scale, shape (n,).
        pixel_sigma_px: standard error of a picked pixel.
        station: the camera's place on the same grid, for azimuths.
        station_sigma_m: standard error of that place.

    Raises:
        GeoreferenceError: fewer than four points, points on one line, the same point twice,
            or points that no camera above the ground could see like that.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, algorithms 4.2
    and 4.6; P. Rousseeuw, Least Median of Squares Regression, JASA 79 (1984).
    """
    points = _normalise(np.column_stack([u, v]).astype(float), np.column_stack([x, y]).astype(float))
    every = np.ones(len(points.pixel), dtype=bool)
    matrix = _fit(points, every)
    used = _consensus(points, matrix)
    if not used.all():
        matrix = _fit(points, used)
    _check_view(points, matrix, used)
    covariance, unexplained = _uncertainty(points, matrix, used, pixel_sigma_px)
    homography = Homography(
        matrix,
        (points.pixel_origin[0], points.pixel_origin[1]),
        points.pixel_scale,
        (points.ground_origin[0], points.ground_origin[1]),
        points.ground_scale,
        covariance,
        unexplained * points.ground_scale**2,
        pixel_sigma_px,
        station,
        station_sigma_m,
    )
    return HomographyFit(homography, _judge(points, matrix, used))


def _normalise(pixel: FloatArray, ground: FloatArray) -> _Normalised:
    if not (np.isfinite(pixel).all() and np.isfinite(ground).all()):
        raise GeoreferenceError("Control points need four finite numbers each: u, v, x and y.")
    _check_distinct(pixel, ground)
    if len(pixel) < 4:
        raise GeoreferenceError(f"{len(pixel)} control points are too few: a homography takes at least four.")
    parts = []
    for name, plane in (("pixels", pixel), ("ground positions", ground)):
        origin = plane.mean(axis=0)
        spread = plane - origin
        along, across = np.linalg.svd(spread, compute_uv=False)
        if across <= _FLATTEST * along:
            raise GeoreferenceError(
                f"The {name} of the control points lie on one line; a homography needs some to its sides."
            )
        scale = float(np.linalg.norm(spread, axis=1).mean() / np.sqrt(2))
        parts.append((spread / scale, origin, scale))
    (pixels, pixel_origin, pixel_scale), (grounds, ground_origin, ground_scale) = parts
    return _Normalised(pixels, grounds, pixel_origin, pixel_scale, ground_origin, ground_scale)


def _check_distinct(pixel: FloatArray, ground: FloatArray) -> None:
    for name, plane in (("pixel", pixel), ("ground position", ground)):
        _, first, count = np.unique(plane, axis=0, return_index=True, return_counts=True)
        if (count > 1).any():
            one = int(first[count > 1][0])
            other = int(np.flatnonzero((plane == plane[one]).all(axis=1))[1])
            raise GeoreferenceError(f"Control points {one + 1} and {other + 1} have the same {name}.")


def _equations(pixel: FloatArray, ground: FloatArray) -> FloatArray:
    """Rows of the direct linear transform, shape (..., 2n, 9)."""
    one = np.concatenate([pixel, np.ones((*pixel.shape[:-1], 1))], axis=-1)
    none = np.zeros_like(one)
    east = np.concatenate([one, none, -ground[..., :1] * one], axis=-1)
    north = np.concatenate([none, one, -ground[..., 1:] * one], axis=-1)
    return np.concatenate([east, north], axis=-2)


def _fit(points: _Normalised, used: BoolArray) -> FloatArray:
    pixel, ground = points.pixel[used], points.ground[used]
    _, strength, rows = np.linalg.svd(_equations(pixel, ground))
    if strength[PARAMETERS - 1] < 1e-6 * strength[0] or abs(rows[-1, -1]) < 1e-9:
        raise GeoreferenceError(
            "The control points do not fix a homography: too many of them lie on one line."
        )
    start = rows[-1, :PARAMETERS] / rows[-1, PARAMETERS]
    with np.errstate(all="ignore"):
        found = least_squares(
            lambda h: _mapped(h, pixel)[0].ravel() - ground.ravel(),
            start,
            jac=lambda h: _jacobian(h, pixel),
            method="lm",
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
    return np.append(found.x, 1.0).reshape(3, 3)


def _mapped(h: FloatArray, pixel: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Normalised ground of normalised pixels, shape (n, 2), and the homogeneous W, shape (n,)."""
    mapped = np.column_stack([pixel, np.ones(len(pixel))]) @ np.append(h[:PARAMETERS], 1.0).reshape(3, 3).T
    return mapped[:, :2] / mapped[:, 2:], mapped[:, 2]


def _jacobian(h: FloatArray, pixel: FloatArray) -> FloatArray:
    """Derivatives of the mapped ground by the parameters, shape (2n, 8), rows as x, y of each point."""
    ground, w = _mapped(h, pixel)
    one = np.column_stack([pixel, np.ones(len(pixel))]) / w[:, None]
    none = np.zeros_like(one)
    east = np.column_stack([one, none, -ground[:, :1] * one[:, :2]])
    north = np.column_stack([none, one, -ground[:, 1:] * one[:, :2]])
    return np.stack([east, north], axis=1).reshape(-1, PARAMETERS)


def _by_pixel(h: FloatArray, pixel: FloatArray) -> FloatArray:
    """Derivatives of the mapped ground by the pixel, shape (n, 2, 2)."""
    ground, w = _mapped(h, pixel)
    matrix = np.append(h[:PARAMETERS], 1.0).reshape(3, 3)
    by_pixel: FloatArray = matrix[:2, :2] - ground[:, :, None] * matrix[2, :2]
    by_pixel /= w[:, None, None]
    return by_pixel


def _distance(points: _Normalised, matrix: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        distance = np.linalg.norm(_mapped(matrix.ravel(), points.pixel)[0] - points.ground, axis=1)
    return np.asarray(np.nan_to_num(distance, nan=np.inf), dtype=np.float64)


def _rms(distance: FloatArray, used: BoolArray) -> float:
    """Root of the squared residuals over what is left of their freedom."""
    freedom = 2 * int(used.sum()) - PARAMETERS
    return float(np.sqrt((distance[used] ** 2).sum() / freedom))


def _consensus(points: _Normalised, matrix: FloatArray) -> BoolArray:
    """All points, or those that agree with one another where a few others are grossly mistaken."""
    count = len(points.pixel)
    every = np.ones(count, dtype=bool)
    most = max(6, math.ceil(_CONSENSUS * count))
    if count <= most:
        return every
    distance = np.sort([_distance(points, one) for one in _minimal_fits(points)], axis=1)
    reached = distance[:, most - 1]
    # Distances of two normal errors are Rayleigh-distributed; 3.03 is the 99 % point.
    scale = float(reached.min()) / math.sqrt(-2 * math.log(1 - _CONSENSUS))
    best = _minimal_fits(points)[np.argmin(reached)]
    agreeing = _distance(points, best) <= 3.03 * scale
    for _ in range(_REFITS):
        among = _fit(points, agreeing)
        limit = 3.03 * _rms(_distance(points, among), agreeing)
        again = _distance(points, among) <= max(limit, _SAME)
        if again.sum() < most or (again == agreeing).all():
            break
        agreeing = again
    return every if agreeing.all() or not _is_gross(points, matrix, agreeing) else agreeing


def _is_gross(points: _Normalised, matrix: FloatArray, agreeing: BoolArray) -> bool:
    """Whether those that do not agree are far more wrong than the choice of the best others explains."""
    count, left_out = len(agreeing), int((~agreeing).sum())
    apart = _distance(points, _fit(points, agreeing))
    together = _distance(points, matrix)
    rest = max(float((apart[agreeing] ** 2).sum()), _SAME**2)
    freedom = 2 * int(agreeing.sum()) - PARAMETERS
    gain = (float((together**2).sum()) - rest) / (2 * left_out) / (rest / freedom)
    chance = f_distribution.sf(gain, 2 * left_out, freedom) * math.comb(count, left_out)
    better = _rms(together, np.ones(count, dtype=bool)) > GROSS * math.sqrt(rest / freedom)
    return bool(better and chance < _CHANCE)


def _minimal_fits(points: _Normalised) -> FloatArray:
    """Homographies through subsets of four points, shape (m, 3, 3): all subsets, or a fixed draw of them."""
    count = len(points.pixel)
    if count <= 12:
        subsets: IntArray = np.array(list(combinations(range(count), 4)))
    else:
        draw = np.random.default_rng(count)
        subsets = np.array([draw.choice(count, 4, replace=False) for _ in range(_MAX_SUBSETS)])
    _, _, rows = np.linalg.svd(_equations(points.pixel[subsets], points.ground[subsets]))
    usable = np.abs(rows[:, -1, -1]) > 1e-9
    found: FloatArray = (rows[usable, -1] / rows[usable, -1, -1:]).reshape(-1, 3, 3)
    return found


def _check_view(points: _Normalised, matrix: FloatArray, used: BoolArray) -> None:
    _, w = _mapped(matrix.ravel(), points.pixel[used])
    if (w <= 0).any():
        raise GeoreferenceError(
            "No camera could see the control points like this: some lie beyond the horizon of the rest."
        )
    # v runs down and y north, so a frame that shows the ground from above turns it over once.
    if np.linalg.det(matrix) >= 0:
        raise GeoreferenceError(
            "The control points fit only a mirrored picture; are x and y, or u and v, swapped?"
        )


def _uncertainty(
    points: _Normalised, matrix: FloatArray, used: BoolArray, pixel_sigma_px: float
) -> tuple[FloatArray, float]:
    """Covariance of the parameters, (8, 8), and the unexplained variance; both in normalised units."""
    pixel = points.pixel[used]
    jacobian = _jacobian(matrix.ravel(), pixel)
    solve = np.linalg.pinv(jacobian)
    moved = _by_pixel(matrix.ravel(), pixel) * (pixel_sigma_px / points.pixel_scale)
    picking = np.zeros((len(jacobian), len(jacobian)))
    for index, block in enumerate(moved):
        at = slice(2 * index, 2 * index + 2)
        picking[at, at] = block @ block.T
    residual = (_mapped(matrix.ravel(), pixel)[0] - points.ground[used]).ravel()
    unexplained = _unexplained(jacobian, picking, residual)
    noise = picking + unexplained * np.eye(len(jacobian))
    return solve @ noise @ solve.T, unexplained


def _unexplained(jacobian: FloatArray, picking: FloatArray, residual: FloatArray) -> float:
    """The variance besides picking that makes the residuals as large as they are; 0 if none is needed.

    The components of the residuals that no parameter can take up have the covariance of
    picking plus this variance, and then their squares sum to chi-square of as many degrees.
    """
    freedom = len(jacobian) - PARAMETERS
    if freedom == 0:
        return 0.0
    free = np.linalg.svd(jacobian)[0][:, PARAMETERS:]
    variance, axes = np.linalg.eigh(free.T @ picking @ free)
    square = (axes.T @ free.T @ residual) ** 2
    variance = np.maximum(variance, 1e-18)
    if (square / variance).sum() <= chi2.ppf(0.95, freedom):
        return 0.0
    return float(brentq(lambda more: (square / (variance + more)).sum() - freedom, 0, square.sum()))


def _judge(points: _Normalised, matrix: FloatArray, used: BoolArray) -> FitQuality:
    """The report: residuals, what the others say of each point, and which ones contradict the rest."""
    count = len(points.pixel)
    left_out = np.full(count, np.nan)
    poor = np.zeros(count, dtype=bool)
    distance = _distance(points, matrix)
    together = float((distance[used] ** 2).sum())
    freedom = 2 * (int(used.sum()) - 1) - PARAMETERS
    for index in range(count):
        others = used.copy()
        others[index] = False
        if others.sum() < 4:
            continue
        try:
            apart = _distance(points, _fit(points, others))
        except GeoreferenceError:
            continue
        left_out[index] = apart[index]
        alone = float((apart[others] ** 2).sum())
        if used[index] and freedom >= 2 and alone < together:
            gain = (together - alone) / 2 / (max(alone, _SAME**2) / freedom)
            poor[index] = f_distribution.sf(gain, 2, freedom) * count < 0.05
    return FitQuality(distance * points.ground_scale, left_out * points.ground_scale, used, poor)
