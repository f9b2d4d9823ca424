"""Smoke and flame, and what looks like them: mist, dust, cloud."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from detectors.training.scenes.canvas import Canvas, blend
from detectors.training.scenes.ground import bounds_of
from detectors.training.scenes.scene import Box, Colour, Float32, Floats
from detectors.training.scenes.textures import screen_noise
from detectors.training.scenes.things import Place

GLOW = np.array([255.0, 150.0, 60.0])
"""Colour of what a fire lights up."""


def plume(
    rng: np.random.Generator,
    size_px: tuple[int, int],
    foot_px: tuple[float, float],
    rise_px: float,
    *,
    width_px: float,
    lean: float,
) -> Float32:
    """Opacity (h, w), 0 to 1, of smoke that rises from ``foot_px`` and leans with the wind.

    Puffs grow with height as an entraining plume does, and noise breaks their edge.
    """
    width, height = size_px
    opacity = np.zeros((height, width), np.float32)
    puffs = int(rng.integers(14, 34))
    stage = np.linspace(0, 1, puffs)
    bend = rng.uniform(0.8, 2.2)
    sway = np.cumsum(rng.normal(0, 0.035, puffs)) * rise_px
    across = foot_px[0] + lean * rise_px * stage**bend + sway * stage
    up = foot_px[1] - rise_px * stage ** rng.uniform(0.7, 1.0)
    radius = width_px * (0.22 + rng.uniform(0.5, 1.4) * stage ** rng.uniform(0.6, 1.1)) / 2
    thin = np.clip(1.05 - stage ** rng.uniform(0.8, 2.0), 0.05, 1)
    for x, y, r, strength in zip(across, up, np.maximum(radius, 0.6), thin, strict=True):
        left, right = int(max(x - 2.2 * r, 0)), int(min(x + 2.2 * r + 2, width))
        top, bottom = int(max(y - 2.2 * r, 0)), int(min(y + 2.2 * r + 2, height))
        if right <= left or bottom <= top:
            continue
        down, over = np.mgrid[top:bottom, left:right].astype(np.float32)
        puff = np.exp(-(((over - x) / r) ** 2 + ((down - y) / (r * 0.85)) ** 2) * 1.3)
        part = opacity[top:bottom, left:right]
        part[:] = 1 - (1 - part) * (1 - 0.72 * np.float32(strength) * puff)
    # Nothing of it is below its foot: there is the ground.
    below = np.arange(height, dtype=np.float32) - np.float32(foot_px[1])
    opacity *= np.clip(1 - below / np.float32(0.06 * width_px + 1.5), 0, 1)[:, None]
    grain = max(width_px / 90, 0.12)
    rough = screen_noise(
        rng, width, height, grain * rng.uniform(0.6, 2.0), float(rng.choice([1.2, 1.5, 1.8]))
    )
    return np.clip(opacity * (1 + np.float32(rng.uniform(0.2, 0.5)) * rough) - 0.05, 0, 1)


def veil(
    rng: np.random.Generator,
    size_px: tuple[int, int],
    middle_px: tuple[float, float],
    wide_px: float,
    tall_px: float,
) -> Float32:
    """Opacity (h, w) of mist or low cloud: wide, flat, soft, with no foot."""
    width, height = size_px
    down, over = np.mgrid[0:height, 0:width].astype(np.float32)
    body = np.exp(-(((over - middle_px[0]) / wide_px) ** 2) - ((down - middle_px[1]) / tall_px) ** 2)
    rough = screen_noise(rng, width, height, np.array([3.0, 1.0]) * max(tall_px / 40, 0.3), 1.9)
    return np.asarray(np.clip(body * (1 + 0.5 * rough) * rng.uniform(0.5, 1.0), 0, 1), np.float32)


def smoke_colour(rng: np.random.Generator, brightness: float) -> Colour:
    """White-grey to brown and black, as wet leaves, dry wood or resin burn."""
    tone = float(rng.choice([225.0, 190.0, 150.0, 95.0, 60.0], p=[0.3, 0.3, 0.2, 0.12, 0.08])) * brightness
    warm = rng.uniform(-10, 14)
    return tone + warm, tone + warm * 0.4, tone - warm * 0.5


def shaded(rng: np.random.Generator, opacity: Float32, colour: Colour) -> Float32:
    """Colours (h, w, 3) of smoke: billows lit from one side."""
    height, width = opacity.shape
    billows = screen_noise(rng, width, height, float(rng.uniform(0.25, 0.8)), 1.7)
    sideways = cv2.Sobel(cv2.GaussianBlur(opacity, (0, 0), 3), cv2.CV_32F, 1, 0, ksize=3)
    light = 1 + 0.09 * billows + np.clip(sideways * rng.choice([-0.8, 0.8]), -0.22, 0.22)
    return np.asarray(np.array(colour, np.float32) * light[..., None], np.float32)


def flames(
    rng: np.random.Generator, size_px: tuple[int, int], feet_px: Floats, tall_px: float
) -> tuple[Float32, Float32]:
    """Colours (h, w, 3) and opacity (h, w) of tongues of flame that rise from feet (n, 2)."""
    width, height = size_px
    picture = np.zeros((height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    tongues = [
        (x + rng.normal(0, tall_px * 0.15), y, tall_px * rng.uniform(0.35, 1.1))
        for x, y in feet_px
        for _ in range(int(rng.integers(2, 5)))
    ]
    for share, colour in (
        (1.0, (226, 70, 16)),
        (0.72, (250, 136, 26)),
        (0.45, (255, 206, 70)),
        (0.24, (255, 246, 190)),
    ):
        for x, y, tall in tongues:
            wide, lean = tall * share * rng.uniform(0.16, 0.3) + 0.6, rng.normal(0, 0.16) * tall
            outline = np.array(
                [
                    (x - wide, y), (x - wide * 0.8, y - tall * share * 0.4), (x + lean, y - tall * share),
                    (x + wide * 0.7, y - tall * share * 0.45), (x + wide, y),
                ]
            )  # fmt: skip
            points = (outline * 16).astype(np.int32)
            cv2.fillPoly(picture, [points], colour, cv2.LINE_AA, 4)
            cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.7), np.float32) / np.float32(255)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.float32), np.asarray(soft, np.float32)


class Burning(NamedTuple):
    """What a fire shows: boxes of its flames, of its dense smoke, and of both; None where nothing."""

    flame_px: Box | None
    smoke_px: Box | None
    whole_px: Box | None


def burn(
    rng: np.random.Generator,
    board: Canvas,
    place: Place,
    half_m: float,
    rise_m: float,
    *,
    flame_m: float = 1.6,
) -> Burning:
    """Paint a fire over a picture: a line of 2 x ``half_m`` across ``place``, smoke ``rise_m`` high."""
    image, view, light, size = board.image, board.view, board.light, board.size_px
    along = np.linspace(-half_m, half_m, int(rng.integers(3, 12)))
    feet = place.world(np.column_stack([along, rng.uniform(-0.5, 0.5, len(along)), np.zeros(len(along))]))
    in_view = view.in_camera(feet)
    if in_view[:, 2].min() < 2:
        return Burning(None, None, None)
    pixels = view.to_pixels(in_view)
    scale = view.focal_px / float(in_view[:, 2].mean())
    middle = pixels.mean(axis=0)
    rise, wide = rise_m * scale, max(float(np.ptp(pixels[:, 0])), 1.2 * scale)
    rise = min(rise, 0.75 * view.height_px)
    lean = float(rng.uniform(-1.6, 1.6))
    opacity = plume(rng, size, (float(middle[0]), float(middle[1])), rise, width_px=wide * 1.6, lean=lean)
    opacity *= np.float32(rng.uniform(0.55, 1.0))
    brightness = float((light.ambient + 0.6 * light.direct) * light.tint.mean())
    blend(image, opacity, shaded(rng, opacity, smoke_colour(rng, brightness)))
    smoke, fire = opacity > 0.25, np.zeros_like(opacity)
    if rng.random() < 0.8:
        tall = max(rng.uniform(0.25, 1.0) * flame_m * scale, 2.5)
        tongues, fire = flames(rng, size, pixels, tall)
        blend(image, cv2.GaussianBlur(fire, (0, 0), max(tall * 0.5, 1)) * np.float32(0.4), GLOW)
        blend(image, fire * np.float32(rng.uniform(0.7, 1.0)), tongues)
    return Burning(bounds_of(fire > 0.3), bounds_of(smoke), bounds_of(smoke | (fire > 0.3)))
