"""Where bearings to a column of smoke meet: the least-squares fix and its error ellipse."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis_core.types import FloatArray

_MOST_STEPS = 50
_STILL_M = 1e-3
_LEAST_WEIGHT = 1e-6


class Bearings(NamedTuple):
    """Directions to one smoke, each array of shape (n,), on a metric grid.

    ``azimuth_deg`` runs clockwise from grid north, ``sigma_deg`` is its standard error.
    """

    x_m: FloatArray
    y_m: FloatArray
    azimuth_deg: FloatArray
    sigma_deg: FloatArray

    def away_deg(self, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """By how much each bearing misses each place, in (-180, 180]; shape (n, *places)."""
        dx = x_m[None] - _column(self.x_m, x_m)
        dy = y_m[None] - _column(self.y_m, x_m)
        turn = _column(self.azimuth_deg, x_m) - np.degrees(np.arctan2(dx, dy))
        return 180.0 - (180.0 - turn) % 360.0

    def distance_m(self, x_m: FloatArray, y_m: FloatArray) -> FloatArray:
        """Distance of each place from each observer; shape (n, *places)."""
        return np.asarray(np.hypot(x_m[None] - _column(self.x_m, x_m), y_m[None] - _column(self.y_m, x_m)))


class Fix(NamedTuple):
    """A position in metres with its covariance (2, 2) in m², and the weighted chi-square of the bearings."""

    x_m: float
    y_m: float
    covariance_m2: FloatArray
    chi_square: float


def least_squares_fix(bearings: Bearings, weight: FloatArray | None = None) -> Fix | None:
    """The place that the bearings miss least, by Gauss-Newton on their angles.

    Minimises the sum of squared misses over their variances, as Stansfield's estimator of 1947 does
    for small angles; the covariance is the inverse of the normal matrix at the fix.

    Args:
        bearings: at least two, from at least two places.
        weight: how much each one counts, from 0 to 1; all fully by default.

    Returns:
        None where there is no such place: the bearings run side by side or apart, so that the best
        place lies behind an observer or nowhere.
    """
    counts = np.ones(len(bearings.x_m)) if weight is None else np.maximum(weight, _LEAST_WEIGHT)
    weights = counts / np.radians(bearings.sigma_deg) ** 2
    place = _crossing_of_lines(bearings, counts)
    if place is None:
        return None
    for _ in range(_MOST_STEPS):
        normal, slope = _normal_equations(bearings, weights, place)
        if not _is_regular(normal):
            return None
        step = np.linalg.solve(normal, slope)
        place = place + step
        if np.hypot(*step) < _STILL_M:
            break
    else:
        return None
    missed = np.abs(bearings.away_deg(*place[:, None])[:, 0])
    if (missed[counts > 0.5] > 90).any():
        return None
    normal, _ = _normal_equations(bearings, weights, place)
    chi_square = float((weights * np.radians(missed) ** 2).sum())
    return Fix(float(place[0]), float(place[1]), np.asarray(np.linalg.inv(normal), np.float64), chi_square)


def _column(values: FloatArray, places: FloatArray) -> FloatArray:
    return values.reshape(-1, *(1,) * places.ndim)


def _crossing_of_lines(bearings: Bearings, counts: FloatArray) -> FloatArray | None:
    """The place nearest to the lines of sight, taken as lines without end."""
    azimuth = np.radians(bearings.azimuth_deg)
    across = np.column_stack([np.cos(azimuth), -np.sin(azimuth)])
    weighted = across * counts[:, None]
    normal = weighted.T @ across
    if not _is_regular(normal):
        return None
    observers = np.column_stack([bearings.x_m, bearings.y_m])
    return np.asarray(np.linalg.solve(normal, weighted.T @ (across * observers).sum(axis=1)))


def _normal_equations(
    bearings: Bearings, weights: FloatArray, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    dx, dy = place[0] - bearings.x_m, place[1] - bearings.y_m
    square = np.maximum(dx**2 + dy**2, 1.0)
    slope = np.column_stack([dy / square, -dx / square])
    missed = np.radians(bearings.away_deg(*place[:, None])[:, 0])
    weighted = slope * weights[:, None]
    return weighted.T @ slope, weighted.T @ missed


def _is_regular(normal: FloatArray) -> bool:
    """Whether the two directions are told apart: else the lines run side by side."""
    return bool(np.isfinite(normal).all() and np.linalg.cond(normal) < 1e10)
