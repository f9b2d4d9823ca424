"""The pinhole camera that scenes are drawn through."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from detectors.training.scenes.scene import Float32
from gis_core.errors import DetectorError
from gis_core.types import BoolArray, FloatArray

NEAR_M = 0.8
"""Nothing nearer to the lens than this is drawn."""


@dataclass(frozen=True)
class View:
    """A camera ``height_m`` above the origin of a flat world: x east, y north, z up, in metres.

    The optical axis points to ``azimuth_deg`` clockwise from north and ``tilt_deg`` below the
    horizon; ``roll_deg`` turns the camera clockwise about that axis as seen from behind it.
    Pixels are square and the principal point is the middle of the frame.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, ch. 6.
    """

    height_m: float
    tilt_deg: float
    field_of_view_deg: float
    width_px: int
    height_px: int
    azimuth_deg: float = 0.0
    roll_deg: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.field_of_view_deg < 180 or self.height_m <= 0 or abs(self.tilt_deg) > 90:
            raise DetectorError(
                "A camera to draw for needs a height above 0 m, a tilt from -90° to 90° and a view between "
                "0° and 180°."
            )
        if min(self.width_px, self.height_px) < 32:
            raise DetectorError("A scene needs at least 32 x 32 pixels.")

    @cached_property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width_px / 2 / math.tan(math.radians(self.field_of_view_deg) / 2)

    @cached_property
    def axes(self) -> FloatArray:
        """Unit vectors right, down and forward of the camera as rows, shape (3, 3)."""
        azimuth, tilt, roll = np.radians([self.azimuth_deg, self.tilt_deg, self.roll_deg])
        level = np.array([np.cos(azimuth), -np.sin(azimuth), 0.0])
        forward = np.array([np.sin(azimuth) * np.cos(tilt), np.cos(azimuth) * np.cos(tilt), -np.sin(tilt)])
        below = np.cross(forward, level)
        right = level * np.cos(roll) + below * np.sin(roll)
        down = below * np.cos(roll) - level * np.sin(roll)
        return np.stack([right, down, forward])

    @cached_property
    def pose(self) -> dict[str, float]:
        """The pose as plain numbers."""
        return {
            "height_m": self.height_m,
            "tilt_deg": self.tilt_deg,
            "azimuth_deg": self.azimuth_deg,
            "field_of_view_deg": self.field_of_view_deg,
            "roll_deg": self.roll_deg,
        }

    def in_camera(self, points: FloatArray) -> FloatArray:
        """World points (…, 3) as metres right, down and ahead of the lens."""
        return np.asarray((points - np.array([0.0, 0.0, self.height_m])) @ self.axes.T)

    def to_pixels(self, in_camera: FloatArray) -> FloatArray:
        """Camera coordinates (…, 3) with depth above 0 as u, v (…, 2)."""
        uv = in_camera[..., :2] / in_camera[..., 2:] * self.focal_px
        return np.asarray(uv + np.array([self.width_px / 2, self.height_px / 2]))

    def clipped(self, polygon: FloatArray) -> FloatArray:
        """A world polygon (n, 3) cut at the near plane, as pixels (k, 2); k may be 0.

        Source: I. Sutherland, G. Hodgman, Reentrant polygon clipping, CACM 17 (1974).
        """
        points = self.in_camera(polygon)
        if points[:, 2].min() > NEAR_M:
            return self.to_pixels(points)
        following = np.roll(points, -1, axis=0)
        here, there = points[:, 2] > NEAR_M, following[:, 2] > NEAR_M
        kept: list[FloatArray] = []
        for index in range(len(points)):
            if here[index]:
                kept.append(points[index])
            if here[index] != there[index]:
                start, end = points[index], following[index]
                share = (NEAR_M - start[2]) / (end[2] - start[2])
                kept.append(start + share * (end - start))
        return self.to_pixels(np.array(kept)) if len(kept) >= 3 else np.empty((0, 2))

    @cached_property
    def rays(self) -> Float32:
        """World directions of all pixel centres, float32 of shape (h, w, 3), not normalised."""
        u = (np.arange(self.width_px) + 0.5 - self.width_px / 2) / self.focal_px
        v = (np.arange(self.height_px) + 0.5 - self.height_px / 2) / self.focal_px
        right, down, forward = self.axes
        across = (u[None, :, None] * right).astype(np.float32)
        below = (v[:, None, None] * down + forward).astype(np.float32)
        return np.asarray(across + below, np.float32)

    @cached_property
    def rise(self) -> Float32:
        """Sine of the elevation of each pixel's ray, (h, w)."""
        length = np.sqrt(np.einsum("ijk,ijk->ij", self.rays, self.rays))
        return np.asarray(self.rays[..., 2] / length, np.float32)

    @cached_property
    def is_ground(self) -> BoolArray:
        """Which pixels look below the horizon, shape (h, w)."""
        return np.asarray(self.rays[..., 2] < -1e-3)

    @cached_property
    def ground_m(self) -> Float32:
        """East and north of the ground that each pixel shows, float32 (h, w, 2); far where there is none."""
        drop = np.maximum(-self.rays[..., 2:], np.float32(1e-3))
        return np.asarray(self.rays[..., :2] * (np.float32(self.height_m) / drop), np.float32)

    @cached_property
    def distance_m(self) -> Float32:
        """Distance of the ground that each pixel shows, float32 (h, w)."""
        return np.asarray(np.hypot(self.ground_m[..., 0], self.ground_m[..., 1]), np.float32)

    def ground_range_m(self) -> tuple[float, float]:
        """Distances ahead where the lower and the upper edge of the frame meet the ground; 1e6 for never."""
        half_deg = math.degrees(math.atan(self.height_px / 2 / self.focal_px))
        lowest, highest = min(max(self.tilt_deg + half_deg, 1.0), 89.0), self.tilt_deg - half_deg
        nearest = self.height_m / math.tan(math.radians(lowest))
        return nearest, self.height_m / math.tan(math.radians(highest)) if highest > 0.1 else 1e6
