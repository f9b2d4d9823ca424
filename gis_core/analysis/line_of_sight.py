"""How far one sees over terrain in a few directions, as smoke may still rise above what hides its foot."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gis_core.types import BoolArray, FloatArray

Elevation = Callable[[FloatArray, FloatArray], FloatArray]
"""Elevation in metres at x and y of one shape; NaN where unknown."""

_EARTH_M = 6_371_000.0
_REFRACTION = 0.13
FALL_PER_M = (1 - _REFRACTION) / (2 * _EARTH_M)
"""How far the Earth falls away below a line of sight, per squared distance, less refraction (k = 0.13)."""

_RAY_SPACING_DEG = 0.1
_MOST_RAYS = 721


@dataclass(frozen=True)
class Sector:
    """What is seen from one place: ``seen`` has the shape (rays, steps).

    Ray 0 runs at ``first_deg`` clockwise from grid north; step 0 is one ``step_m`` away.
    """

    x_m: float
    y_m: float
    first_deg: float
    spacing_deg: float
    step_m: float
    seen: BoolArray

    def sees(self, x_m: FloatArray, y_m: FloatArray) -> BoolArray:
        """Whether each place is seen, by its nearest ray and step; beside the sector nothing is hidden."""
        dx, dy = x_m - self.x_m, y_m - self.y_m
        turn = (np.degrees(np.arctan2(dx, dy)) - self.first_deg + 90) % 360 - 90
        ray = np.rint(turn / self.spacing_deg).astype(np.int64)
        step = np.clip(np.rint(np.hypot(dx, dy) / self.step_m).astype(np.int64) - 1, 0, None)
        rays, steps = self.seen.shape
        known = (ray >= 0) & (ray < rays) & (step < steps)
        seen = np.ones(x_m.shape, dtype=bool)
        seen[known] = self.seen[ray[known], step[known]]
        return seen


def look_along(
    x_m: float,
    y_m: float,
    lens_m: float,
    *,
    azimuth_deg: float,
    half_width_deg: float,
    range_m: float,
    step_m: float,
    rise_m: float,
    elevation: Elevation,
) -> Sector | None:
    """Which places of a sector show smoke that stands ``rise_m`` above their ground.

    A place is seen if the top of its smoke stands higher than every ground before it, as angles from
    the lens over a round Earth.

    Args:
        x_m: easting of the observer.
        y_m: northing of the observer.
        lens_m: height of the eye or lens above the ground there.
        azimuth_deg: middle of the sector, clockwise from grid north.
        half_width_deg: to either side of it.
        range_m: how far.
        step_m: distance between samples; at most the terrain's cell, or ridges are missed.
        rise_m: how high smoke rises before it is taken for gone.
        elevation: of the ground. Where it is unknown, it hides nothing and nothing is hidden.

    Returns:
        None where the ground below the observer is unknown.
    """
    foot_m = float(elevation(np.array([x_m]), np.array([y_m]))[0])
    if math.isnan(foot_m):
        return None
    half = min(half_width_deg, 180.0)
    rays = min(_MOST_RAYS, 2 * math.ceil(half / _RAY_SPACING_DEG) + 1)
    spacing = 2 * half / (rays - 1)
    bearing = np.radians(azimuth_deg - half + spacing * np.arange(rays))[:, None]
    distance = step_m * np.arange(1, math.ceil(range_m / step_m) + 1)
    ground = elevation(x_m + distance * np.sin(bearing), y_m + distance * np.cos(bearing))
    above = ground - (foot_m + lens_m) - FALL_PER_M * distance**2
    ground_slope = np.where(np.isnan(above), -np.inf, above) / distance
    before = np.maximum.accumulate(ground_slope, axis=1)
    before = np.hstack([np.full((rays, 1), -np.inf), before[:, :-1]])
    seen = np.isnan(above) | ((above + rise_m) / distance >= before)
    return Sector(x_m, y_m, azimuth_deg - half, spacing, step_m, seen)
