"""Lamps at dusk and night: pools of light on the ground, beams, and glowing points."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detectors.training.scenes.canvas import Canvas
from detectors.training.scenes.scene import Colour, Floats, Image, shade_of
from detectors.training.scenes.things import SolidThing, Thing
from gis_core.types import FloatArray

_COARSE = 4
_LARGEST_PX = 9


def light_up(canvas: Canvas, things: Sequence[Thing], *, wet: bool) -> None:
    """Brighten what lamps shine on, then add the lamps that are not hidden, with their glow."""
    view = canvas.view
    ground = view.ground_m[::_COARSE, ::_COARSE]
    near = (view.is_ground & (view.distance_m < 150))[::_COARSE, ::_COARSE]
    pools = np.zeros((*near.shape, 3), np.float32)
    glow = np.zeros_like(canvas.image)
    core = np.zeros_like(canvas.image)
    for code, thing in enumerate(things, 1):
        if not isinstance(thing, SolidThing):
            continue
        for lamp, at, facing in thing.lamps():
            if lamp.beam_m > 0:
                share = _pool(ground, at, facing, lamp.beam_m) * near
                pools += share[..., None].astype(np.float32) * np.array(lamp.colour, np.float32) / 255
            in_view = view.in_camera(at)
            if in_view[2] < 1:
                continue
            u, v = view.to_pixels(in_view)
            if not (0 <= u < view.width_px and 0 <= v < view.height_px):
                continue
            towards = -float(facing @ at[:2]) / max(float(np.hypot(*at[:2])), 1e-6)
            if facing.any() and towards < 0.05:
                continue
            if canvas.codes[int(v), int(u)] not in {0, code}:
                continue
            strength = max(towards, 0.1) if facing.any() else 1.0
            radius = lamp.radius_m / in_view[2] * view.focal_px
            size = min(max(int(radius * (1 + strength)), 1), _LARGEST_PX)
            _shine((glow, core), (int(u), int(v)), size, strength, lamp.colour, streak=wet)
    wide = cv2.resize(pools, (view.width_px, view.height_px), interpolation=cv2.INTER_LINEAR)
    lit = canvas.image * (1 + wide) + 10 * wide
    small = cv2.resize(glow, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    halo = cv2.GaussianBlur(small, (0, 0), 3).astype(np.float32) + 0.6 * cv2.GaussianBlur(small, (0, 0), 9)
    lit += 1.3 * cv2.resize(halo, (view.width_px, view.height_px), interpolation=cv2.INTER_LINEAR)
    canvas.image[:] = np.maximum(lit, core).clip(0, 255).astype(np.uint8)


def _pool(ground_m: Floats, at: FloatArray, facing: FloatArray, beam_m: float) -> Floats:
    """Light on the ground (h, w): round under a street lamp, long ahead of a head lamp."""
    east, north = ground_m[..., 0] - at[0], ground_m[..., 1] - at[1]
    if facing.any():
        ahead = east * facing[0] + north * facing[1] - beam_m * 0.55
        aside = east * facing[1] - north * facing[0]
        return np.asarray(0.9 * np.exp(-((ahead / (beam_m * 0.4)) ** 2) - (aside / (beam_m * 0.13)) ** 2))
    return np.asarray(2.4 * np.exp(-(east**2 + north**2) / (beam_m * 0.75) ** 2))


def _shine(
    layers: tuple[Image, Image],
    middle: tuple[int, int],
    size: int,
    strength: float,
    colour: Colour,
    *,
    streak: bool,
) -> None:
    """One visible lamp: a white core, a coloured halo, and on a wet road its long reflection."""
    glow, core = layers
    tint = shade_of(colour, min(0.45 + strength, 1))
    white = tuple(min(part * 0.5 + 128 * strength, 255) for part in tint)
    cv2.circle(glow, middle, size + 1, tint, -1, cv2.LINE_AA)
    cv2.circle(core, middle, size, white, -1, cv2.LINE_AA)
    if streak:
        low = (middle[0], middle[1] + 14 + size * 9)
        cv2.line(glow, (middle[0], middle[1] + size * 3), low, tint, size, cv2.LINE_AA)
