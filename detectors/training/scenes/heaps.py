"""Rubbish: bags, boxes, bottles and scraps thrown together."""

from __future__ import annotations

import numpy as np

from detectors.training.scenes.people import any_colour
from detectors.training.scenes.scene import Colour, shade_of
from detectors.training.scenes.solids import TOP, Solid

_BAGS: tuple[Colour, ...] = (
    (30, 30, 34), (46, 46, 52), (228, 228, 230), (196, 204, 214), (60, 110, 190), (190, 50, 60),
    (230, 200, 70), (70, 150, 90), (170, 140, 100), (150, 120, 84),
)  # fmt: skip


def rubbish(rng: np.random.Generator) -> Solid:
    """A heap of rubbish, from a few bags to a dump some metres wide."""
    reach = float(rng.choice([0.5, 0.9, 1.5, 2.6], p=[0.25, 0.35, 0.28, 0.12])) * rng.uniform(0.8, 1.25)
    solid = Solid(2 * reach, 2 * reach)
    for _ in range(int(rng.integers(9, 20) + reach * rng.uniform(8, 22))):
        x, y = rng.normal(0, reach * 0.45, 2).clip(-reach, reach)
        pile = max(0.0, 1 - np.hypot(x, y) / reach) * reach * 0.5
        z = rng.uniform(0, pile) if pile > 0.1 else 0.0
        size = rng.uniform(0.1, 0.42)
        chance = rng.random()
        if chance < 0.5:
            tone = np.array(_BAGS[int(rng.integers(len(_BAGS)))]) * rng.uniform(0.75, 1.05)
            colour = (float(tone[0]), float(tone[1]), float(tone[2]))
            top = (x + rng.uniform(-0.08, 0.08), y, z + size * 0.8)
            solid.limb((x, y, z + size * 0.45), top, size * 0.52, size * 0.3, colour)
        elif chance < 0.8:
            long, wide, high = (np.array([1.4, 1.1, 0.5]) * rng.uniform(0.5, 1.5, 3) * size).tolist()
            taper = (rng.uniform(0.6, 1.1), rng.uniform(0.6, 1.1))
            turn = rng.uniform(0, 3.1)
            box = solid.box((x, y, z), (long, wide, high), any_colour(rng), top=taper, turn_rad=turn)
            if rng.random() < 0.3:
                solid.panel(box, TOP, (0.3, 0.1, 0.8, 0.9), any_colour(rng))
        else:
            length = rng.uniform(0.15, 0.7)
            turn = rng.uniform(0, 6.28)
            end = (x + length * np.cos(turn), y + length * np.sin(turn), z + rng.uniform(0, 0.3))
            solid.limb((x, y, z + 0.04), end, 0.035, 0.03, any_colour(rng))
    return solid


def orderly(rng: np.random.Generator) -> Solid:
    """What is no rubbish: a row of bins, stacked crates or bricks, a heap of sand."""
    solid = Solid(1.6, 1.2)
    build = rng.random()
    if build < 0.35:
        colour = ((40.0, 130.0, 70.0), (220.0, 150.0, 40.0), (60.0, 100.0, 170.0))[int(rng.integers(3))]
        for place in range(int(rng.integers(1, 4))):
            solid.box((0, place * 0.7 - 0.7, 0), (0.55, 0.5, 0.95), colour, top=(1.15, 1.15))
            solid.box((0, place * 0.7 - 0.7, 0.95), (0.62, 0.56, 0.08), shade_of(colour, 0.8), lift_m=1)
    elif build < 0.65:
        tone = any_colour(rng)
        for layer in range(int(rng.integers(1, 4))):
            for place in range(3):
                solid.box((0, place * 0.5 - 0.5, layer * 0.32), (0.7, 0.46, 0.3), tone, lift_m=layer * 0.4)
    else:
        sand = ((214.0, 190.0, 140.0), (150.0, 146.0, 140.0), (176.0, 96.0, 70.0))[int(rng.integers(3))]
        wide = rng.uniform(1.2, 3.0)
        solid.box((0, 0, 0), (wide, wide, wide * 0.4), sand, top=(0.12, 0.12))
    return solid
