"""Daylight, dusk and night: how bright surfaces are, and what shines by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.training.scenes.scene import Colour
from gis_core.types import FloatArray

MOODS = ("sunny", "cloudy", "overcast", "low_sun", "dusk", "night", "rain")


@dataclass(frozen=True, slots=True)
class Light:
    """The light over a scene.

    ``sun`` is a unit vector (east, north, up) towards the sun; ``direct`` and ``ambient`` are
    shares of full brightness; ``tint`` multiplies red, green and blue. Haze of ``haze_colour``
    halves contrast over about 0.7 times ``haze_m``.
    """

    mood: str
    sun: FloatArray
    direct: float
    ambient: float
    tint: FloatArray
    sky_top: Colour
    sky_low: Colour
    haze_m: float
    shadow: float

    @property
    def is_dark(self) -> bool:
        """Whether lamps are lit."""
        return self.mood in {"night", "dusk"}

    @property
    def haze_colour(self) -> FloatArray:
        """Red, green and blue of far things."""
        return np.array(self.sky_low) * 0.9

    def shade(self, normals: FloatArray) -> FloatArray:
        """Brightness of surfaces (n,) with unit normals (n, 3); the sky lights what looks up."""
        sky = self.ambient * (0.8 + 0.2 * normals[:, 2])
        return np.asarray(sky + self.direct * np.maximum(normals @ self.sun, 0))

    def hazed(self, colours: FloatArray, distance_m: FloatArray) -> FloatArray:
        """Colours (n, 3) as seen through ``distance_m`` (n,) of air."""
        clear = np.exp(-distance_m / self.haze_m)[..., None]
        return np.asarray(colours * clear + self.haze_colour * (1 - clear))


def light(rng: np.random.Generator, mood: str) -> Light:
    """Some light of a mood, one of ``MOODS``."""
    azimuth = rng.uniform(0, 2 * np.pi)
    height = {"sunny": (35, 80), "low_sun": (8, 25)}.get(mood, (40, 80))
    elevation = np.radians(rng.uniform(*height))
    sun = np.array(
        [np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), np.sin(elevation)]
    )
    warm = rng.uniform(-0.05, 0.08)
    tint = np.array([1 + warm, 1.0, 1 - warm]) * rng.uniform(0.85, 1.12)
    grey = rng.uniform(165, 232)
    blue = (rng.uniform(70, 140), rng.uniform(130, 185), rng.uniform(200, 245))
    low = (rng.uniform(190, 225), rng.uniform(205, 235), rng.uniform(220, 248))
    haze = float(rng.choice([120.0, 250.0, 600.0, 1500.0], p=[0.1, 0.25, 0.4, 0.25]))
    if mood == "sunny":
        return Light(mood, sun, 0.62, 0.48, tint, blue, low, haze, rng.uniform(0.35, 0.6))
    if mood == "low_sun":
        gold = np.array([1.12, 0.98, 0.8]) * rng.uniform(0.8, 1.0)
        return Light(
            mood, sun, 0.6, 0.42, gold, (120, 150, 200), (245, 205, 150), haze, rng.uniform(0.3, 0.5)
        )
    if mood == "cloudy":
        return Light(
            mood,
            sun,
            0.3,
            0.7,
            tint,
            (grey - 25, grey - 12, grey),
            (grey, grey, grey),
            haze,
            rng.uniform(0.1, 0.3),
        )
    if mood == "overcast":
        return Light(mood, sun, 0.1, 0.85, tint, (grey - 15,) * 3, (grey, grey, grey), haze, 0.12)
    if mood == "rain":
        dull = rng.uniform(110, 190)
        cool = np.array([0.92, 0.98, 1.04]) * rng.uniform(0.6, 0.95)
        return Light(
            mood, sun, 0.05, 0.85, cool, (dull - 15, dull - 8, dull), (dull, dull, dull), haze * 0.35, 0.1
        )
    dark = rng.uniform(0.12, 0.3) if mood == "night" else rng.uniform(0.4, 0.6)
    sky = rng.uniform(8, 40) if mood == "night" else rng.uniform(70, 120)
    cool = np.array([0.95, 0.97, 1.08])
    return Light(
        mood, sun, 0.05, 0.9, cool * dark, (sky * 0.6, sky * 0.65, sky), (sky * 1.2, sky, sky), haze * 2, 0.05
    )
