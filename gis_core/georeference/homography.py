"""Flat ground seen by any camera without lens distortion: a projective map of the frame onto it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from gis_core.georeference.base import (
    STEEPEST_RELATIVE_SIGMA,
    Answer,
    Codes,
    GroundPositions,
    Pixels,
    Reason,
    checked_pixels,
)
from gis_core.types import FloatArray

FOUND, ABOVE_HORIZON = int(Reason.FOUND), int(Reason.ABOVE_HORIZON)
TOO_FLAT, NO_PIXEL = int(Reason.TOO_FLAT), int(Reason.NO_PIXEL)
_BLOCK = 512


@dataclass(frozen=True)
class Homography:
    """A frame mapped onto level ground.

    ``matrix`` (3, 3), its last entry 1, maps normalised pixels ``(uv - pixel_origin) /
    pixel_scale`` to normalised ground ``(xy - ground_origin) / ground_scale_m``: coordinates of
    millions of metres enter by one subtraction and keep their last digit. Ground coordinates
    are metres of the grid it was fitted in.

    ``parameter_covariance`` (8, 8) is that of the matrix without its last entry, row by row.
    ``unexplained_m2`` is a variance in each direction that picking does not explain: survey,
    ground off the plane, lens. ``station`` is the camera's own place on the grid, needed for
    azimuths only, and ``station_sigma_m`` its standard error.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, ch. 4 and 5.
    """

    matrix: FloatArray
    pixel_origin: tuple[float, float]
    pixel_scale: float
    ground_origin: tuple[float, float]
    ground_scale_m: float
    parameter_covariance: FloatArray
    unexplained_m2: float = 0.0
    pixel_sigma_px: float = 2.0
    station: tuple[float, float] | None = None
    station_sigma_m: float = 0.0

    def locate(self, u: FloatArray, v: FloatArray, sigma_px: FloatArray | None = None) -> GroundPositions:
        """Positions of pixels; none at or above the fitted horizon, or too near to it."""
        pixels = checked_pixels(u, v, sigma_px, self.pixel_sigma_px)
        answer = Answer.empty(len(pixels.u))
        origin = (*self.pixel_origin, self.pixel_scale, *self.ground_origin, self.ground_scale_m)
        view = tuple(map(float, (*self.matrix.ravel(), *origin, self.unexplained_m2)))
        _locate(*pixels, view, tuple(self._forms.ravel().tolist()), *answer[:3], answer.codes)
        if self.station is None:
            nowhere = np.broadcast_to(np.nan, len(pixels.u))
            answer = answer._replace(azimuth_deg=nowhere, azimuth_sigma_deg=nowhere)
        else:
            # A pixel without coordinates has no direction either; that is told by its reason.
            with np.errstate(invalid="ignore"):
                answer.azimuth_deg[:], answer.azimuth_sigma_deg[:] = self._azimuths(pixels, self.station)
        return answer.positions()

    def _azimuths(self, pixels: Pixels, station: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
        """Directions from the camera, and their standard errors; shape (n,) each, degrees."""
        a = (pixels.u - self.pixel_origin[0]) / self.pixel_scale
        b = (pixels.v - self.pixel_origin[1]) / self.pixel_scale
        x, y, w = self.matrix @ np.stack([a, b, np.ones_like(a)])
        place = (np.array(station) - self.ground_origin) / self.ground_scale_m
        # Towards a point at infinity or behind it, too, the homogeneous difference is the direction.
        east, north = x - w * place[0], y - w * place[1]
        factor = np.stack([north, -east, east * place[1] - north * place[0]])
        powers = np.stack([a * a, b * b, a * b, a, b, np.ones_like(a)])
        xx, xy, yy, xw, yw, ww = self._forms @ powers
        variance = factor[0] ** 2 * xx + factor[1] ** 2 * yy + factor[2] ** 2 * ww
        variance += 2 * (factor[0] * factor[1] * xy + factor[0] * factor[2] * xw + factor[1] * factor[2] * yw)
        by_pixel = self.matrix[:, :2].T @ factor * (pixels.sigma_px / self.pixel_scale).T
        variance += (by_pixel**2).sum(axis=0)
        square = east**2 + north**2
        around = (self.station_sigma_m**2 + self.unexplained_m2) / self.ground_scale_m**2
        variance += w**2 * square * around
        return np.degrees(np.arctan2(east, north)) % 360, np.degrees(np.sqrt(variance) / square)

    @cached_property
    def _forms(self) -> FloatArray:
        """Variances and covariances of the homogeneous X, Y and W as quadratic forms of a pixel.

        Each of xx, xy, yy, xw, yw, ww is a row of factors of u², v², uv, u, v and 1.
        """
        full = np.zeros((9, 9))
        full[:8, :8] = self.parameter_covariance
        blocks = full.reshape(3, 3, 3, 3).swapaxes(1, 2)
        rows = []
        for first, second in ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)):
            form = (blocks[first, second] + blocks[first, second].T) / 2
            cross = 2 * form[0, 1], 2 * form[0, 2], 2 * form[1, 2]
            rows.append([form[0, 0], form[1, 1], *cross, form[2, 2]])
        return np.array(rows)


def _locate_pixels(  # noqa: PLR0917 - compiled
    u: FloatArray, v: FloatArray, sigma_px: FloatArray, view: tuple[float, ...], forms: tuple[float, ...],
    x: FloatArray, y: FloatArray, covariance: FloatArray, codes: Codes,
) -> None:  # fmt: skip
    """Positions, block by block: a loop without branches over a little memory runs in vector registers."""
    per_px, x0, y0, scale, around = 1 / view[11], view[12], view[13], view[14], view[15]
    a, b, var_u, var_v = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    east, north, xx, xy = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    yy, w, var_w = np.empty(_BLOCK), np.empty(_BLOCK), np.empty(_BLOCK)
    each = 1 if len(sigma_px) > 1 else 0
    for start in range(0, len(u), _BLOCK):
        size = min(_BLOCK, len(u) - start)
        for i in range(size):
            a[i], b[i] = (u[start + i] - view[9]) * per_px, (v[start + i] - view[10]) * per_px
            var_u[i] = (sigma_px[each * (start + i), 0] * per_px) ** 2
            var_v[i] = (sigma_px[each * (start + i), 1] * per_px) ** 2
        for i in range(size):
            ground(view, forms, i, a, b, var_u, var_v, east, north, xx, xy, yy, w, var_w)
        for i in range(size):
            at = start + i
            x[at], y[at] = x0 + scale * east[i], y0 + scale * north[i]
            covariance[at, 0, 0] = xx[i] * scale * scale + around
            covariance[at, 0, 1] = covariance[at, 1, 0] = xy[i] * scale * scale
            covariance[at, 1, 1] = yy[i] * scale * scale + around
            codes[at] = FOUND
            if not (0 < w[i] < np.inf and var_w[i] <= (STEEPEST_RELATIVE_SIGMA * w[i]) ** 2):
                x[at] = y[at] = np.nan
                covariance[at] = np.nan
                codes[at] = TOO_FLAT if w[i] > 0 else ABOVE_HORIZON
                if not np.isfinite(a[i] + b[i]):
                    codes[at] = NO_PIXEL


def _ground(  # noqa: PLR0917 - compiled
    h: tuple[float, ...], f: tuple[float, ...], i: int,
    a: FloatArray, b: FloatArray, var_u: FloatArray, var_v: FloatArray,
    east: FloatArray, north: FloatArray, xx: FloatArray, xy: FloatArray, yy: FloatArray,
    w: FloatArray, var_w: FloatArray,
) -> None:  # fmt: skip
    """One pixel's normalised ground, its covariance, and the homogeneous W with its variance."""
    p, q, du, dv = a[i], b[i], var_u[i], var_v[i]
    depth = h[6] * p + h[7] * q + h[8]
    inverse = 1 / depth
    x, y = (h[0] * p + h[1] * q + h[2]) * inverse, (h[3] * p + h[4] * q + h[5]) * inverse
    pp, qq, pq = p * p, q * q, p * q
    c_xx = f[0] * pp + f[1] * qq + f[2] * pq + f[3] * p + f[4] * q + f[5]
    c_xy = f[6] * pp + f[7] * qq + f[8] * pq + f[9] * p + f[10] * q + f[11]
    c_yy = f[12] * pp + f[13] * qq + f[14] * pq + f[15] * p + f[16] * q + f[17]
    c_xw = f[18] * pp + f[19] * qq + f[20] * pq + f[21] * p + f[22] * q + f[23]
    c_yw = f[24] * pp + f[25] * qq + f[26] * pq + f[27] * p + f[28] * q + f[29]
    c_ww = f[30] * pp + f[31] * qq + f[32] * pq + f[33] * p + f[34] * q + f[35]
    x_u, x_v = h[0] - x * h[6], h[1] - x * h[7]
    y_u, y_v = h[3] - y * h[6], h[4] - y * h[7]
    square = inverse * inverse
    east[i], north[i], w[i] = x, y, depth
    xx[i] = square * (c_xx - x * (2 * c_xw - x * c_ww) + x_u * x_u * du + x_v * x_v * dv)
    xy[i] = square * (c_xy - x * c_yw - y * c_xw + x * y * c_ww + x_u * y_u * du + x_v * y_v * dv)
    yy[i] = square * (c_yy - y * (2 * c_yw - y * c_ww) + y_u * y_u * du + y_v * y_v * dv)
    var_w[i] = c_ww + h[6] * h[6] * du + h[7] * h[7] * dv


ground = njit(cache=True, inline="always", error_model="numpy", fastmath={"contract"})(_ground)
_locate = njit(cache=True, error_model="numpy", fastmath={"contract"})(_locate_pixels)
