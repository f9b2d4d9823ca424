"""A picture being painted, and how colours mix in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Colour, Floats, Image
from detectors.training.scenes.view import View
from gis_core.types import FloatArray

SUBPIXEL_BITS = 4


@dataclass(slots=True)
class Canvas:
    """A picture of a view in some light, RGB; ``codes`` numbers the thing that each pixel shows (0: none)."""

    image: Image
    codes: NDArray[np.int16]
    view: View
    light: Light

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.view.width_px, self.view.height_px

    def blend(self, mask: Floats, colour: Floats | Image) -> None:
        """Mix a colour (3,), or a whole picture, into the image by ``mask`` (h, w) of 0 to 1."""
        blend(self.image, mask, colour)

    def scale(self, factor: Floats) -> None:
        """Multiply the image by ``factor`` (h, w)."""
        for channel in range(3):
            plane = cv2.multiply(self.image[..., channel], factor, dtype=cv2.CV_8U)
            self.image[..., channel] = plane

    def lit_ground(self, colour: Colour) -> FloatArray:
        """The colour of level ground in this light."""
        up = self.light.shade(np.array([[0.0, 0.0, 1.0]]))[0]
        return np.asarray((up * np.array(colour) * self.light.tint).clip(0, 255))

    def fill(self, outline_px: FloatArray, colour: Floats) -> None:
        """Fill a polygon (n, 2) of any form, in frame pixels; with fewer than 3 points nothing."""
        if len(outline_px) >= 3:
            cv2.fillPoly(self.image, [subpixels(outline_px)], colour.tolist(), cv2.LINE_AA, SUBPIXEL_BITS)


def empty(view: View, light: Light) -> Canvas:
    """A black canvas."""
    size = (view.height_px, view.width_px)
    return Canvas(np.zeros((*size, 3), np.uint8), np.zeros(size, np.int16), view, light)


def subpixels(points_px: FloatArray) -> NDArray[np.int32]:
    """Frame pixels as drawing wants them: it counts from the middle of a pixel, frames from its corner."""
    return ((points_px - 0.5) * (1 << SUBPIXEL_BITS)).clip(-1e6, 1e6).astype(np.int32)


def blend(image: Image, mask: Floats, colour: Floats | Image) -> None:
    """Mix a colour (3,), or a picture (h, w, 3), into an image by ``mask`` (h, w) of 0 to 1."""
    keep = np.float32(1) - mask
    for channel in range(3):
        mixed = image[..., channel] * keep
        part = colour[..., channel]
        mixed += mask * (np.float32(part) if np.ndim(part) == 0 else part)
        image[..., channel] = cv2.convertScaleAbs(np.maximum(mixed, 0, out=mixed))
