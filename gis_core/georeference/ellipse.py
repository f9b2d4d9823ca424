"""The ellipse that holds the true position with a probability of 95 %."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_core.types import FloatArray

CHI2_95 = -2 * math.log(0.05)
"""The 95 % point of chi-square with two degrees of freedom, whose distribution is 1 - exp(-x/2)."""

_CORNERS = 48


class Ellipses(NamedTuple):
    """Semi-axes in metres and the direction of the longer one, clockwise from grid north in [0, 180)."""

    semi_major_m: FloatArray
    semi_minor_m: FloatArray
    azimuth_deg: FloatArray


def error_ellipses(covariance_m2: FloatArray) -> Ellipses:
    """95 % ellipses of covariances of shape (n, 2, 2) in m²; NaN where a covariance is."""
    xx, xy, yy = covariance_m2[:, 0, 0], covariance_m2[:, 0, 1], covariance_m2[:, 1, 1]
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    # The product of the eigenvalues is the determinant; their difference would lose the smaller one.
    with np.errstate(invalid="ignore", divide="ignore"):
        larger = mean + spread
        smaller = np.where(larger > 0, np.maximum(xx * yy - xy**2, 0) / larger, larger)
    azimuth = np.degrees(np.arctan2(2 * xy, yy - xx) / 2) % 180
    return Ellipses(np.sqrt(CHI2_95 * larger), np.sqrt(CHI2_95 * smaller), azimuth)


def ellipse_polygons(x: FloatArray, y: FloatArray, covariance_m2: FloatArray) -> NDArray[np.object_]:
    """95 % ellipses as polygons in the grid of the positions; None where a covariance is NaN.

    Args:
        x: eastings in metres, shape (n,).
        y: northings in metres, shape (n,).
        covariance_m2: shape (n, 2, 2).

    Returns:
        Polygons of 48 corners with the exact area of the ellipse, shape (n,).
    """
    major, minor, azimuth = error_ellipses(covariance_m2)
    known = np.isfinite(major) & np.isfinite(x) & np.isfinite(y)
    # Corners on the curve would enclose less; moved outwards they enclose just the ellipse's area.
    swell = math.sqrt(2 * math.pi / _CORNERS / math.sin(2 * math.pi / _CORNERS))
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    ahead = swell * major[known, None] * np.cos(turn)
    aside = swell * minor[known, None] * np.sin(turn)
    sine, cosine = np.sin(np.radians(azimuth[known, None])), np.cos(np.radians(azimuth[known, None]))
    east = x[known, None] + ahead * sine + aside * cosine
    north = y[known, None] + ahead * cosine - aside * sine
    polygons = np.full(known.shape, None, dtype=object)
    polygons[known] = shapely.polygons(np.stack([east, north], axis=-1))
    return polygons
