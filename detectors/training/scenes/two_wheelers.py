"""Motorcycles and bicycles, with whoever and whatever they carry."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from detectors.training.scenes.people import any_colour, seated
from detectors.training.scenes.solids import FRONT, REAR, Lamp, Solid

HEADLIGHT = (255.0, 244.0, 214.0)
TAIL_LIGHT = (255.0, 40.0, 24.0)
_DARK = (38.0, 38.0, 42.0)


def motorcycle(rng: np.random.Generator, *, ridden: bool = True) -> Solid:
    """A scooter or a geared motorcycle; ridden by one to three people, often with a load."""
    long = rng.uniform(1.75, 2.05)
    solid = Solid(long, 0.7)
    scooter = rng.random() < 0.6
    paint, second = any_colour(rng), any_colour(rng)
    axle, seat = long / 2 - 0.3, rng.uniform(0.72, 0.82)
    wheel = 0.25 if scooter else 0.29
    for x in (axle, -axle):
        solid.wheel(x, 0, wheel, 0.11)
    body = solid.box((-0.3, 0, 0.34), (0.95, 0.3, seat - 0.36), paint, top=(1.05, 0.8), shift=(-0.06, 0))
    solid.box((-0.3, 0, seat - 0.06), (0.85, 0.28, 0.1), _DARK, top=(0.95, 0.9))
    solid.panel(body, REAR, (0.25, 0.45, 0.75, 0.75), TAIL_LIGHT, glow=1)
    plate = (235.0, 235.0, 230.0) if rng.random() < 0.85 else (225.0, 190.0, 60.0)
    solid.panel(body, REAR, (0.25, 0.05, 0.75, 0.4), plate)
    if scooter:
        solid.box((0.28, 0, 0.28), (0.4, 0.3, 0.1), second)
        shield = solid.box((0.48, 0, 0.32), (0.14, 0.38, 0.66), paint, top=(1, 0.8), shift=(-0.1, 0))
    else:
        solid.box((0.15, 0, 0.3), (0.5, 0.26, 0.4), (90, 90, 94))
        solid.box((0.18, 0, 0.66), (0.5, 0.28, 0.2), paint, top=(0.8, 0.7))
        shield = solid.box((0.5, 0, 0.62), (0.16, 0.26, 0.36), second, top=(0.9, 0.8))
    solid.limb((0.62, 0, wheel), (0.42, 0, 1.0), 0.045, 0.04, (140, 142, 146))
    solid.limb((0.4, 0.33, 1.02), (0.4, -0.33, 1.02), 0.025, 0.025, _DARK)
    solid.panel(shield, FRONT, (0.3, 0.68, 0.7, 0.95), HEADLIGHT, glow=1)
    for side in (0.3, -0.3):
        solid.box((0.42, side, 1.1), (0.03, 0.1, 0.08), _DARK)
    if ridden:
        _carry(rng, solid, seat)
        solid.lamps.append(Lamp((0.6, 0, 0.9), HEADLIGHT, 0.09, (1.0, 0.0), beam_m=11))
        solid.lamps.append(Lamp((-long / 2, 0, 0.66), TAIL_LIGHT, 0.05, (-1.0, 0.0)))
    return solid


def _carry(rng: np.random.Generator, solid: Solid, seat_m: float) -> None:
    """Riders and load."""
    seated(rng, solid, -0.1, seat_m, 0.5, helmet=0.88)
    load = rng.random()
    if load < 0.36:
        seated(rng, solid, -0.48, seat_m + 0.04, 0.25, helmet=0.85)
    elif load < 0.5:
        high = rng.uniform(0.3, 0.9)
        wide = rng.uniform(0.4, 0.9)
        solid.box((-0.7, 0, seat_m), (rng.uniform(0.4, 0.7), wide, high), any_colour(rng), top=(0.9, 0.9))
    elif load < 0.58:
        for side in (0.38, -0.38):
            solid.box((-0.55, side, 0.35), (0.6, 0.3, 0.5), any_colour(rng), top=(1, 0.9))


def bicycle(rng: np.random.Generator, *, ridden: bool = True) -> Solid:
    """A bicycle: thin wheels, a frame of tubes, an upright rider."""
    long = rng.uniform(1.6, 1.8)
    solid = Solid(long, 0.6)
    paint, axle, wheel = any_colour(rng), long / 2 - 0.34, 0.33
    for x in (axle, -axle):
        _spoked(solid, x, wheel)
    crank, head, saddle = (-0.05, 0.0, 0.3), (0.42, 0.0, 0.82), (-0.22, 0.0, 0.86)
    for start, end in (
        (crank, head), (crank, saddle), (saddle, head), ((-axle, 0, wheel), crank),
        ((-axle, 0, wheel), saddle), ((axle, 0, wheel), (0.4, 0, 1.0)),
    ):  # fmt: skip
        solid.limb(start, end, 0.026, 0.026, paint)
    solid.limb((0.4, 0.28, 1.02), (0.4, -0.28, 1.02), 0.022, 0.022, _DARK)
    solid.box((-0.24, 0, 0.88), (0.26, 0.16, 0.06), _DARK, top=(1, 0.7))
    if rng.random() < 0.45:
        solid.box((0.58, 0, 0.72), (0.28, 0.34, 0.24), any_colour(rng), top=(1.1, 1.1))
    if ridden:
        seated(rng, solid, -0.2, 0.9, 0.55, helmet=0.12)
        if rng.random() < 0.15:
            solid.box((-0.6, 0, 0.75), (0.4, 0.5, rng.uniform(0.2, 0.6)), any_colour(rng))
    return solid


def _spoked(solid: Solid, x: float, radius_m: float) -> None:
    """A wheel one can look through: a ring of short tubes."""
    turn = np.linspace(0, 2 * np.pi, 11)
    ring = [(x + radius_m * float(np.cos(a)), 0.0, radius_m + radius_m * float(np.sin(a))) for a in turn]
    for start, end in pairwise(ring):
        solid.limb(start, end, 0.024, 0.024, _DARK)
