"""From a pixel to the ground, with the covariance of the position."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from gis_core.camera import ground_covariance
from gis_core.errors import GeoreferenceError
from gis_core.types import FloatArray


class GroundPositions(NamedTuple):
    """Where pixels lie on the ground.

    ``x`` and ``y`` have shape (n,) in metres of EPSG:9214 and ``covariance_m2`` shape
    (n, 2, 2); all are NaN where a ray does not meet the ground.
    """

    x: FloatArray
    y: FloatArray
    covariance_m2: FloatArray


class Georeferencer(Protocol):
    """Finds the ground that pixels show."""

    def locate(self, u: FloatArray, v: FloatArray) -> GroundPositions:
        """Positions of pixels; ``u`` to the right and ``v`` down, from the top left corner, shape (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class GroundPlaneCamera:
    """An ideal pinhole camera above flat, level ground.

    The optical axis points to ``azimuth_deg`` (clockwise from grid north of EPSG:9214),
    ``tilt_deg`` below the horizon, without roll; pixels are square and the principal point
    is the middle of the frame. ``pixel_sigma_px`` and ``pose_sigma_deg`` are the standard
    errors of a picked pixel and of the two pose angles.

    Source: R. Hartley, A. Zisserman, Multiple View Geometry in Computer Vision, ch. 6.
    """

    x: float
    y: float
    mast_height_m: float
    azimuth_deg: float
    tilt_deg: float
    field_of_view_deg: float
    width_px: int
    height_px: int
    pixel_sigma_px: float = 2.0
    pose_sigma_deg: float = 0.1
    max_distance_m: float = np.inf

    def __post_init__(self) -> None:
        if self.mast_height_m <= 0:
            raise GeoreferenceError("The mast height must be above 0 m to meet the ground.")
        if not 0 < self.field_of_view_deg < 180:
            raise GeoreferenceError("The horizontal field of view must lie between 0° and 180°.")

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width_px / 2 / math.tan(math.radians(self.field_of_view_deg) / 2)

    def locate(self, u: FloatArray, v: FloatArray) -> GroundPositions:
        """Positions where the pixels' rays meet the ground; NaN above the horizon or too far."""
        azimuth, tilt = np.radians(self.azimuth_deg), np.radians(self.tilt_deg)
        across = (np.asarray(u, float) - self.width_px / 2) / self.focal_px
        below = (np.asarray(v, float) - self.height_px / 2) / self.focal_px
        ahead = np.cos(tilt) - below * np.sin(tilt)
        drop = np.sin(tilt) + below * np.cos(tilt)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(drop > 0, self.mast_height_m / drop, np.nan)
        east = reach * (ahead * np.sin(azimuth) + across * np.cos(azimuth))
        north = reach * (ahead * np.cos(azimuth) - across * np.sin(azimuth))
        distance = np.hypot(east, north)
        distance = np.where(distance <= self.max_distance_m, distance, np.nan)
        sigma_deg = float(np.hypot(np.degrees(self.pixel_sigma_px / self.focal_px), self.pose_sigma_deg))
        covariance = ground_covariance(
            np.degrees(np.arctan2(east, north)),
            distance,
            np.float64(self.mast_height_m),
            sigma_deg,
            sigma_deg,
        )
        unseen = np.isnan(distance)
        return GroundPositions(
            np.where(unseen, np.nan, self.x + east), np.where(unseen, np.nan, self.y + north), covariance
        )
