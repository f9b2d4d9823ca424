"""Forest hills seen from a lookout: ridges in haze, with smoke and flame or with what looks like them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from detectors.training.scenes import ground, plumes
from detectors.training.scenes.canvas import Canvas, blend, empty
from detectors.training.scenes.ground import bounds_of
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Colour, Float32, Labelled
from detectors.training.scenes.stage import Drawn
from detectors.training.scenes.textures import foliage, noise, screen_noise
from detectors.training.scenes.view import View
from gis_core.types import FloatArray

_FORESTS: tuple[Colour, ...] = ((62, 88, 48), (78, 100, 54), (52, 76, 50), (96, 106, 62), (110, 108, 70))


def draw(rng: np.random.Generator, view: View, light: Light, *, burning: bool) -> Drawn:
    """Ridges with one to three fires, or with mist, cloud, sun glow and roofs alone."""
    board = empty(view, light)
    board.image[:] = ground.sky_picture(rng, view, light)
    done: dict[str, Any] = {}
    if rng.random() < (0.15 if burning else 0.35):
        _sun(rng, board)
        done["sun_glow"] = True
    crests, distances = _crests(rng, board.size_px)
    labels: list[Labelled] = []
    fires = int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08])) if burning else 0
    fires_of = rng.integers(0, len(crests), fires).tolist()
    veils_of = rng.integers(
        0, len(crests), int(rng.integers(0, 3) if burning else rng.integers(1, 5))
    ).tolist()
    texture = screen_noise(rng, *board.size_px, 0.55, 0.9)
    shade = screen_noise(rng, *board.size_px, 3.0, 1.8)
    forest = _FORESTS[int(rng.integers(len(_FORESTS)))]
    for layer, (crest, distance) in enumerate(zip(crests, distances.tolist(), strict=True)):
        # Smoke behind a crest is painted before it, so that the ridge hides its foot.
        for _ in range(fires_of.count(layer)):
            labels += _fire(rng, board, crest, distance, crests[layer + 1 :])
        tone = np.array(forest) * rng.uniform(0.85, 1.15)
        _ridge(board, crest, distance, tone, (texture, shade))
        for _ in range(veils_of.count(layer)):
            _veil(rng, board, crest)
    if rng.random() < (0.3 if burning else 0.55):
        _roofs(rng, board, crests[-1])
        done["red_roofs"] = True
    if rng.random() < 0.4:
        _foreground(rng, board)
    return Drawn(view, light, board.image, labels, done)


def _crests(rng: np.random.Generator, size_px: tuple[int, int]) -> tuple[list[FloatArray], FloatArray]:
    """Rows of 3 to 6 ridge lines from far to near, and their distances in metres."""
    width, height = size_px
    count = int(rng.integers(3, 7))
    distances = np.geomspace(rng.uniform(6000, 22_000), rng.uniform(250, 1200), count)
    start, step = rng.uniform(0.12, 0.42), rng.uniform(0.08, 0.17)
    columns = np.arange(width, dtype=np.float32)[None]
    crests = []
    for layer in range(count):
        stretch = rng.uniform(0.25, 0.9) * (640 / width)
        profile = noise(rng, columns * stretch, np.zeros_like(columns), 1.7)[0]
        jagged = noise(rng, columns * 3, np.zeros_like(columns), 1.0)[0]
        relief = height * rng.uniform(0.02, 0.09)
        middle = height * (start + step * layer)
        crests.append(np.asarray(middle + relief * profile + jagged * (0.4 + 0.5 * layer), float))
    return crests, distances


def _below(crest: FloatArray, height_px: int) -> Float32:
    """Pixels under a ridge line, 0 to 1 with a soft edge."""
    rows = np.arange(height_px, dtype=np.float32)[:, None]
    return np.asarray(np.clip(rows - crest[None] + 0.5, 0, 1), np.float32)


def _ridge(
    board: Canvas, crest: FloatArray, distance_m: float, tone: FloatArray, textures: tuple[Float32, Float32]
) -> None:
    """The slope below a ridge line, paler the farther; ``textures`` are its grain and its shade."""
    image, light, height = board.image, board.light, board.view.height_px
    texture, shade = textures
    top = max(int(crest.min()) - 1, 0)
    if top >= height:
        return
    near = float(np.exp(-distance_m / 2500))
    lit = tone * light.tint * (light.ambient + 0.5 * light.direct)
    clear = float(np.exp(-distance_m / (light.haze_m * 12)))
    body = (lit * clear).astype(np.float32)
    detail = 1 + np.float32(0.05 + 0.2 * near) * texture[top:] + np.float32(0.06 + 0.12 * near) * shade[top:]
    colours = detail[..., None] * body + (light.haze_colour * (1 - clear)).astype(np.float32)
    blend(image[top:], _below(crest, height)[top:], colours)


def _fire(
    rng: np.random.Generator, board: Canvas, crest: FloatArray, distance_m: float, nearer: list[FloatArray]
) -> list[Labelled]:
    """Smoke over a slope, with flame at its foot where that is near enough to show."""
    image, light, (width, height) = board.image, board.light, board.size_px
    x = float(rng.uniform(0.06, 0.94) * width)
    y = float(crest[int(x)]) + rng.uniform(-4, 0.05 * height)
    near = float(np.clip(1500 / distance_m, 0.1, 1.6))
    rise = height * rng.uniform(0.1, 0.62) * (0.35 + 0.65 * min(near, 1))
    wide = rise * rng.uniform(0.25, 0.7)
    dark = light.is_dark
    lean = float(rng.uniform(-1.3, 1.3))
    opacity = plumes.plume(rng, board.size_px, (x, y), rise, width_px=wide, lean=lean)
    opacity *= np.float32(rng.uniform(0.6, 1.0))
    brightness = float((light.ambient + light.direct * 0.6) * light.tint.mean())
    colour = plumes.smoke_colour(rng, brightness)
    clear = float(np.exp(-distance_m / (light.haze_m * 25)))
    mixed = np.array(colour) * clear + light.haze_colour * (1 - clear)
    picture = plumes.shaded(rng, opacity, (float(mixed[0]), float(mixed[1]), float(mixed[2])))
    before = image.copy()
    blend(image, opacity, picture)
    changed = cv2.absdiff(image, before).max(axis=2)
    hidden = np.zeros((height, width), np.float32)
    for line in nearer:
        hidden = np.maximum(hidden, _below(line, height))
    labels: list[Labelled] = []
    shown = (changed > 7) & (opacity > 0.1) & (hidden < 0.5)
    box = bounds_of(cv2.morphologyEx(shown.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0)
    if box is not None:
        left, top, right, bottom = (int(edge) for edge in box)
        contrast = float(changed[top:bottom, left:right][shown[top:bottom, left:right]].mean())
        labels.append(("smoke", box, 1.0 if contrast > 14 else 0.0))
    if rng.random() < (0.85 if near > 0.4 or dark else 0.4):
        tall = max(rise * rng.uniform(0.06, 0.3), 4.5)
        labels += _flame(rng, board, (x, y), (max(wide, tall), tall), hidden)
    return labels


def _flame(
    rng: np.random.Generator,
    board: Canvas,
    foot_px: tuple[float, float],
    extent_px: tuple[float, float],
    hidden: Float32,
) -> list[Labelled]:
    """Tongues of flame at the foot of smoke ``extent_px`` wide and high, where no ridge hides them."""
    wide_px, tall_px = extent_px
    image, size_px = board.image, board.size_px
    count = int(rng.integers(2, 8))
    spread = max(wide_px * rng.uniform(0.2, 0.8), tall_px * 0.5)
    feet = np.column_stack(
        [
            foot_px[0] + rng.uniform(-0.5, 0.5, count) * spread,
            foot_px[1] + 2 + rng.uniform(-0.15, 0.3, count) * tall_px,
        ]
    )
    colours, opacity = plumes.flames(rng, size_px, feet, tall_px)
    share = opacity * (1 - hidden)
    blend(image, cv2.GaussianBlur(share, (0, 0), tall_px * 0.6) * np.float32(0.5), plumes.GLOW)
    blend(image, share, colours)
    shown = share > 0.3
    box = bounds_of(shown)
    whole = max(int((opacity > 0.3).sum()), 1)
    return [("flame", box, float(shown.sum() / whole))] if box is not None else []


def _veil(rng: np.random.Generator, board: Canvas, crest: FloatArray) -> None:
    """Mist in a valley, a cloud on a crest, or a long bank of haze."""
    width, height = board.size_px
    x = rng.uniform(-0.1, 1.1) * width
    y = float(crest[int(np.clip(x, 0, width - 1))]) + rng.uniform(-0.06, 0.16) * height
    wide, tall = rng.uniform(0.12, 0.8) * width, rng.uniform(0.015, 0.08) * height
    opacity = plumes.veil(rng, board.size_px, (x, y), wide, tall)
    board.blend(opacity, np.array(board.light.sky_low) * rng.uniform(0.92, 1.05))


def _sun(rng: np.random.Generator, board: Canvas) -> None:
    """The low sun and its glow: bright and orange, but no fire."""
    image, (width, height) = board.image, board.size_px
    x, y = rng.uniform(0, width), rng.uniform(0.02, 0.4) * height
    down, over = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(over - x, down - y) / (height * rng.uniform(0.15, 0.5))
    glow = np.float32(0.8) * np.exp(-(distance.astype(np.float32) ** np.float32(1.2)))
    blend(image, glow, np.array([255, rng.uniform(150, 230), rng.uniform(60, 170)]))
    if rng.random() < 0.7:
        cv2.circle(
            image, (int(x), int(y)), int(height * rng.uniform(0.01, 0.035)), (255, 246, 214), -1, cv2.LINE_AA
        )


def _roofs(rng: np.random.Generator, board: Canvas, crest: FloatArray) -> None:
    """Red and orange roofs, walls, bare earth: the colours of flame without its form."""
    image, (width, height) = board.image, board.size_px
    for _ in range(int(rng.integers(1, 14))):
        x = rng.uniform(0, width)
        y = float(crest[int(min(x, width - 1))]) + rng.uniform(0, 0.35) * height
        wide, tall = rng.uniform(4, 20), rng.uniform(3, 8)
        tone = np.array([(206, 84, 48), (186, 62, 44), (226, 120, 60), (230, 226, 220), (180, 120, 80)])[
            int(rng.integers(5))
        ] * rng.uniform(0.7, 1.0)
        slope = wide * rng.uniform(0.05, 0.3)
        roof = np.array([(x, y), (x + wide, y), (x + wide - slope, y - tall), (x + slope, y - tall)])
        cv2.fillPoly(image, [(roof * 16).astype(np.int32)], tone.tolist(), cv2.LINE_AA, 4)
        wall = (np.array([225, 218, 200]) * rng.uniform(0.6, 0.95)).tolist()
        cv2.rectangle(image, (int(x + 1), int(y)), (int(x + wide - 1), int(y + tall * 0.6)), wall, -1)


def _foreground(rng: np.random.Generator, board: Canvas) -> None:
    """Crowns close to the lookout, along the lower edge."""
    image, light, (width, height) = board.image, board.light, board.size_px
    for _ in range(int(rng.integers(1, 7))):
        wide = int(rng.uniform(0.1, 0.35) * width)
        sprite = cv2.resize(
            foliage("broad", int(rng.integers(5))), (wide, wide), interpolation=cv2.INTER_AREA
        )
        left, top = int(rng.uniform(-0.1, 0.95) * width), int(height - wide * rng.uniform(0.2, 0.6))
        x0, x1, y0, y1 = max(left, 0), min(left + wide, width), max(top, 0), min(top + wide, height)
        if x1 <= x0 or y1 <= y0:
            continue
        part = np.asarray(sprite[y0 - top : y1 - top, x0 - left : x1 - left], np.float32)
        colour = (
            np.array([80, 112, 52])
            * light.tint
            * (light.ambient + 0.5 * light.direct)
            * rng.uniform(0.6, 1.1)
        )
        blend(image[y0:y1, x0:x1], part[..., 1], part[..., :1] * colour.astype(np.float32))
