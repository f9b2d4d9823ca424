"""What every georeferencer takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gis_core.errors import GeoreferenceError
from gis_core.types import FloatArray

Codes = NDArray[np.uint8]

STEEPEST_RELATIVE_SIGMA = 0.25
"""Up to this ratio of error to distance, the linear ellipse covers what it states (Monte Carlo tests)."""


class Reason(IntEnum):
    """Why a pixel has no position; each stands for one sentence."""

    FOUND = 0
    ABOVE_HORIZON = 1
    OUT_OF_RANGE = 2
    OFF_TERRAIN = 3
    TOO_FLAT = 4
    BEHIND_RIDGE = 5
    OUTSIDE_LENS = 6
    NO_TERRAIN = 7
    NO_PIXEL = 8


SENTENCES = {
    Reason.ABOVE_HORIZON: "The pixel shows no ground: it lies above the horizon.",
    Reason.OUT_OF_RANGE: "The ground is farther away than the camera's range.",
    Reason.OFF_TERRAIN: "The ray leaves the known terrain before it meets the ground.",
    Reason.TOO_FLAT: "The ray meets the ground too flatly to tell where.",
    Reason.BEHIND_RIDGE: "The ray passes a ridge too closely to tell if the ground is on it or behind it.",
    Reason.OUTSIDE_LENS: "The pixel lies outside the part of the frame that the lens model describes.",
    Reason.NO_TERRAIN: "No terrain is known where the camera looks.",
    Reason.NO_PIXEL: "The pixel has no coordinates.",
}
_BY_CODE = np.array([SENTENCES.get(reason) for reason in Reason], dtype=object)


class GroundPositions(NamedTuple):
    """Where pixels lie on the ground; all arrays have n entries.

    ``x`` and ``y`` are metres, in EPSG:9214 unless the georeferencer was made in another CRS;
    ``covariance_m2`` has shape (n, 2, 2). All three are NaN where there is no position, and
    ``reason`` (of dtype object) then holds a sentence, otherwise None.

    ``azimuth_deg`` is the direction from the camera, clockwise from grid north, and
    ``azimuth_sigma_deg`` its standard error. They are there without a position too, and NaN
    only where the georeferencer does not know the camera's own place.
    """

    x: FloatArray
    y: FloatArray
    covariance_m2: FloatArray
    azimuth_deg: FloatArray
    azimuth_sigma_deg: FloatArray
    reason: NDArray[np.object_]


class Georeferencer(Protocol):
    """Finds the ground that pixels show."""

    def locate(self, u: FloatArray, v: FloatArray, sigma_px: FloatArray | None = None) -> GroundPositions:
        """Positions of pixels.

        Args:
            u: pixels to the right from the left edge of the frame, shape (n,).
            v: pixels down from its upper edge, shape (n,).
            sigma_px: standard errors of both, shape (n, 2); None takes the georeferencer's own.
        """
        ...


@dataclass(frozen=True, slots=True)
class Resized:
    """A georeferencer made for frames of another size, such as the main stream of a substream.

    ``scale`` is that size divided by the size of the frames that pixels are given in.
    """

    inner: Georeferencer
    scale: float

    def locate(self, u: FloatArray, v: FloatArray, sigma_px: FloatArray | None = None) -> GroundPositions:
        """Positions of pixels of the frames as they come; without ``sigma_px`` the inner one's hold."""
        sigma = None if sigma_px is None else np.asarray(sigma_px, float) * self.scale
        return self.inner.locate(np.asarray(u, float) * self.scale, np.asarray(v, float) * self.scale, sigma)


class Pixels(NamedTuple):
    """Pixels and their errors as the kernels take them; ``sigma_px`` has n rows, or one for all."""

    u: FloatArray
    v: FloatArray
    sigma_px: FloatArray


def checked_pixels(u: Any, v: Any, sigma_px: FloatArray | None, default_px: float) -> Pixels:
    """Pixels as contiguous float64.

    Raises:
        GeoreferenceError: the arrays differ in length, or a standard error is negative.
    """
    columns = np.ascontiguousarray(u, float), np.ascontiguousarray(v, float)
    sigma = np.full((1, 2), default_px) if sigma_px is None else np.ascontiguousarray(sigma_px, float)
    count = columns[0].size
    if columns[0].shape != (count,) or columns[1].shape != (count,):
        raise GeoreferenceError("Pixels need as many u as v, each in one dimension.")
    if sigma_px is not None and sigma.shape != (count, 2):
        raise GeoreferenceError("The standard errors of pixels need one row of two for each pixel.")
    if not (sigma >= 0).all():
        raise GeoreferenceError("The standard error of a pixel cannot be negative or missing.")
    return Pixels(*columns, sigma)


class Answer(NamedTuple):
    """What a kernel fills in for n pixels."""

    x: FloatArray
    y: FloatArray
    covariance_m2: FloatArray
    azimuth_deg: FloatArray
    azimuth_sigma_deg: FloatArray
    codes: Codes

    @classmethod
    def empty(cls, count: int) -> Answer:
        """Room for the answer of ``count`` pixels."""
        one = np.empty(count), np.empty(count), np.empty((count, 2, 2)), np.empty(count), np.empty(count)
        return cls(*one, np.empty(count, np.uint8))

    def positions(self) -> GroundPositions:
        """The same with sentences in the place of codes."""
        reason = np.empty(len(self.codes), dtype=object)
        without = np.flatnonzero(self.codes)
        reason[without] = _BY_CODE[self.codes[without]]
        return GroundPositions(*self[:5], reason)
