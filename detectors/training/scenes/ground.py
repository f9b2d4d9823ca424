"""The ground and the sky of a view: surfaces, strips along lines, noise that lies in perspective."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from detectors.training.scenes.canvas import Canvas
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Box, Colour, Float32, Image
from detectors.training.scenes.textures import noise, screen_noise
from detectors.training.scenes.view import View
from gis_core.errors import DetectorError
from gis_core.types import BoolArray, FloatArray

SOILS: dict[str, tuple[Colour, ...]] = {
    "grass": ((92, 116, 58), (120, 134, 74), (74, 98, 50), (140, 138, 86)),
    "forest": ((58, 84, 44), (72, 98, 52), (50, 72, 46)),
    "earth": ((150, 118, 86), (168, 138, 104), (128, 100, 76), (176, 120, 84)),
    "paving": ((158, 152, 144), (176, 160, 146), (140, 138, 136), (170, 132, 116)),
    "concrete": ((168, 166, 160), (150, 150, 148), (186, 182, 172)),
    "asphalt": ((98, 98, 100), (78, 80, 84), (118, 116, 114), (132, 128, 122)),
}


def soil(rng: np.random.Generator, name: str) -> Colour:
    """Some colour of a soil, one of ``SOILS``."""
    tones = SOILS[name]
    red, green, blue = np.array(tones[int(rng.integers(len(tones)))]) + rng.uniform(-12, 12, 3)
    return float(red), float(green), float(blue)


_FARTHEST_DASH_M = 140.0


class Line(NamedTuple):
    """A line on the ground, densely spaced: points (n, 2) east and north, and unit normals to its right."""

    points_m: FloatArray
    right: FloatArray
    along_m: FloatArray

    def offset(self, right_m: float) -> FloatArray:
        """The points moved to the right, (n, 2)."""
        return self.points_m + right_m * self.right

    def at(self, along_m: float, right_m: float) -> tuple[float, float, float]:
        """East, north and heading (deg) of a place along the line and to its right."""
        # Points are evenly spaced along the line.
        step = float(self.along_m[1])
        index = min(max(int(along_m / step), 0), len(self.along_m) - 2)
        share = along_m / step - index
        (east, north), (next_east, next_north) = self.points_m[index : index + 2].tolist()
        right_east, right_north = self.right[index].tolist()
        return (
            east + share * (next_east - east) + right_m * right_east,
            north + share * (next_north - north) + right_m * right_north,
            math.degrees(math.atan2(-right_north, right_east)) % 360,
        )


def line(points_m: FloatArray) -> Line:
    """A line through points (n, 2) in metres, with a point at least every 3 m.

    Raises:
        DetectorError: the points are no line.
    """
    points = np.asarray(points_m, float)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise DetectorError("A road to draw is a line of points, each with metres east and north.")
    steps = np.hypot(*np.diff(points, axis=0).T)
    points = points[np.concatenate([[True], steps > 0])]
    along = np.concatenate([[0], np.cumsum(steps[steps > 0])])
    if along[-1] < 1:
        raise DetectorError("A road to draw is at least 1 m long.")
    stations = np.linspace(0, along[-1], math.ceil(along[-1] / 3) + 1)
    dense = np.column_stack([np.interp(stations, along, points[:, axis]) for axis in (0, 1)])
    heading = np.gradient(dense, axis=0)
    heading /= np.hypot(*heading.T)[:, None]
    return Line(dense, np.column_stack([heading[:, 1], -heading[:, 0]]), stations)


def paint_area(board: Canvas, polygon_m: FloatArray, colour: Colour) -> None:
    """Fill a ground polygon (n, 2 or 3), of any form."""
    level = polygon_m if polygon_m.shape[1] == 3 else np.column_stack([polygon_m, np.zeros(len(polygon_m))])
    board.fill(board.view.clipped(level), board.lit_ground(colour))


def paint_strip(
    board: Canvas,
    along: Line,
    across_m: tuple[float, float],
    colour: Colour,
    *,
    dash_m: float = 0.0,
    gap_m: float = 0.0,
) -> None:
    """Fill the ground between two offsets of a line, in dashes where ``dash_m`` is above 0."""
    left, right = across_m
    if dash_m <= 0:
        paint_area(board, np.vstack([along.offset(left), along.offset(right)[::-1]]), colour)
        return
    start = 0.0
    while start + dash_m < along.along_m[-1]:
        corners = [
            along.at(station, offset)[:2]
            for station, offset in (
                (start, left),
                (start + dash_m, left),
                (start + dash_m, right),
                (start, right),
            )
        ]
        if math.hypot(*corners[0]) < _FARTHEST_DASH_M:
            paint_area(board, np.array(corners), colour)
        start += dash_m + gap_m


def roughen(board: Canvas, rng: np.random.Generator, strength: float) -> None:
    """Multiply the ground by noise that lies on it: grain near the camera, patches farther away."""
    ground, distance = board.view.ground_m, board.view.distance_m
    factor = np.ones_like(distance)
    for scale, roughness, reach_m, share in ((22, 0.9, 14, 0.35), (4, 1.3, 70, 0.5), (1, 1.6, 250, 0.5)):
        fade = np.exp(distance * np.float32(-1 / reach_m)) * np.float32(strength * share)
        factor += noise(rng, ground[..., 0] * scale, ground[..., 1] * scale, roughness) * fade
    factor[~board.view.is_ground] = 1
    board.scale(factor)


def haze_ground(board: Canvas) -> None:
    """Fade far ground into the haze."""
    veil = 1 - np.exp(np.minimum(board.view.distance_m, 4000) * np.float32(-1 / board.light.haze_m))
    veil[~board.view.is_ground] = 0
    board.blend(veil, board.light.haze_colour)


def sky_picture(rng: np.random.Generator, view: View, light: Light) -> Image:
    """Sky over the whole frame: paler towards the horizon, with clouds."""
    height = np.maximum(view.rise, 0) ** np.float32(0.7)
    clouds = screen_noise(
        rng, view.width_px, view.height_px, np.array([1.6, 0.7]) * rng.uniform(0.5, 1.6), 1.9
    )
    low, top = np.array(light.sky_low, np.float32), np.array(light.sky_top, np.float32)
    if light.mood in {"overcast", "rain", "cloudy"}:
        amount = np.float32(0.06) * clouds
        white = low * 2
    else:
        amount = np.clip((clouds - np.float32(rng.uniform(-0.5, 1.6))) * 0.64, 0, np.float32(0.8))
        white = low * (1.3 if light.is_dark else 1.02)
    layers = [
        (low[c] + (top[c] - low[c]) * height) * (1 - amount) + np.float32(white[c]) * amount for c in range(3)
    ]
    return np.asarray(cv2.merge([cv2.convertScaleAbs(np.maximum(layer, 0)) for layer in layers]), np.uint8)


def paint_backdrop(
    board: Canvas, rng: np.random.Generator, distance_m: float, height_m: float, colour: Colour
) -> None:
    """A far skyline of trees, hills or roofs around the horizon."""
    view, light = board.view, board.light
    columns = np.arange(0, view.width_px + 8, 4, dtype=np.float32)
    length = len(columns)
    stretch = np.float32(rng.uniform(0.3, 1.2))
    profile = noise(rng, columns[None] * stretch, np.zeros((1, length), np.float32), 1.3)[0]
    tall = np.maximum(height_m * (1 + 0.4 * profile), 0.5)
    forward = np.radians(view.azimuth_deg) + np.arctan((columns - view.width_px / 2) / view.focal_px)
    east, north = np.sin(forward) * distance_m, np.cos(forward) * distance_m
    top = np.column_stack([east, north, tall])
    foot = np.column_stack([east, north, np.zeros(length)])
    shaded = np.array(colour) * (light.ambient + 0.4 * light.direct) * light.tint
    lit = light.hazed(shaded[None], np.array([distance_m]))[0].clip(0, 255)
    board.fill(view.clipped(np.vstack([top, foot[::-1]])), lit)


def mask_of(view: View, polygons_m: list[FloatArray]) -> Float32:
    """Which pixels show some level polygons (n, 3), as 0 to 1."""
    mask = np.zeros((view.height_px, view.width_px), np.uint8)
    for polygon in polygons_m:
        outline = view.clipped(polygon)
        if len(outline) >= 3:
            cv2.fillPoly(mask, [outline.clip(-1e5, 1e5).astype(np.int32)], 255)
    return np.asarray(mask / np.float32(255), np.float32)


def bounds_of(mask: BoolArray) -> Box | None:
    """Left, top, right and bottom of the pixels that are set; None where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
