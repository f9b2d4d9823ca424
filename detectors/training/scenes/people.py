"""People on foot and in the saddle, built of round limbs."""

from __future__ import annotations

import numpy as np

from detectors.training.scenes.scene import Colour
from detectors.training.scenes.solids import Solid

SKIN = ((196, 150, 118), (170, 122, 92), (214, 172, 140), (140, 98, 74))
HAIR: Colour = (32, 28, 26)


def any_colour(rng: np.random.Generator) -> Colour:
    """Cloth or paint of any colour, greys and dark shades more often than bright ones."""
    base = rng.uniform(20, 235)
    spread = rng.choice([8.0, 40.0, 110.0], p=[0.35, 0.35, 0.3])
    red, green, blue = np.clip(base + rng.uniform(-spread, spread, 3), 8, 250)
    return float(red), float(green), float(blue)


def head(rng: np.random.Generator, solid: Solid, foot: tuple[float, float, float], cover: str) -> None:
    """A head on its lower end, under hair, a helmet, a conical hat or a cap."""
    x, y, z = foot
    skin = SKIN[int(rng.integers(len(SKIN)))]
    solid.limb((x, y, z + 0.05), (x, y, z + 0.13), 0.095, 0.1, skin)
    if cover == "hat":
        straw = (225.0, 208.0, 160.0)
        solid.box((x, y, z + 0.14), (0.46, 0.46, 0.2), straw, top=(0.04, 0.04), turn_rad=rng.uniform(0, 1.5))
    elif cover == "helmet":
        solid.limb((x - 0.02, y, z + 0.13), (x - 0.01, y, z + 0.16), 0.135, 0.125, any_colour(rng))
    elif cover == "cap":
        solid.limb((x, y, z + 0.16), (x + 0.06, y, z + 0.17), 0.1, 0.09, any_colour(rng))
    else:
        solid.limb((x - 0.03, y, z + 0.12), (x - 0.02, y, z + 0.17), 0.1, 0.1, HAIR)


def person(rng: np.random.Generator) -> Solid:
    """Somebody on foot: standing, walking or bent, in shirt, long dress or raincoat."""
    solid = Solid(0.5, 0.5)
    size = rng.uniform(0.86, 1.06) if rng.random() < 0.85 else rng.uniform(0.6, 0.8)
    stride, bend = rng.uniform(0, 0.28), rng.choice([0.0, 0.05, 0.45], p=[0.6, 0.3, 0.1])
    shirt, trousers, skin = any_colour(rng), any_colour(rng), SKIN[int(rng.integers(len(SKIN)))]
    hip, shoulder = 0.88 * size, 1.4 * size
    for side, swing in ((0.09, stride), (-0.09, -stride)):
        knee = (swing * 0.5 + 0.03, side, 0.46 * size)
        solid.limb((0, side, hip), knee, 0.095, 0.07, trousers)
        solid.limb(knee, (swing, side, 0.05), 0.065, 0.05, trousers if rng.random() < 0.8 else skin)
    lean = bend * 0.9
    top = (lean, 0.0, shoulder - bend * 0.35)
    solid.limb((0, 0, hip), (top[0], 0, top[2] - 0.08), 0.15, 0.17, shirt)
    dress = rng.random()
    if dress < 0.12:
        solid.box((0, 0, 0.25), (0.34, 0.42, hip - 0.2), shirt, top=(0.8, 0.8))
    elif dress < 0.2:
        solid.box(
            (0, 0, 0.45 * size), (0.62, 0.7, 0.95 * size), any_colour(rng), top=(0.45, 0.6), shift=(lean, 0)
        )
    for side, swing in ((0.2, -stride), (-0.2, stride)):
        elbow = (top[0] + swing * 0.5, side * 1.15, top[2] - 0.3 * size)
        solid.limb((top[0], side, top[2] - 0.05), elbow, 0.06, 0.05, shirt)
        hand = (elbow[0] + swing * 0.4 + 0.1 * rng.random(), side, elbow[2] - 0.24 * size)
        solid.limb(elbow, hand, 0.045, 0.04, skin)
    cover = str(rng.choice(["hair", "hat", "cap", "helmet"], p=[0.5, 0.25, 0.17, 0.08]))
    head(rng, solid, (top[0] + bend * 0.12, 0, top[2] + 0.05), cover)
    if rng.random() < 0.1:
        for side in (0.45, -0.45):
            solid.box((side * 0.2, side, 0.35), (0.35, 0.35, 0.25), (170, 130, 80), top=(1.15, 1.15))
        solid.limb((0, 0.55, 1.35 * size), (0, -0.55, 1.35 * size), 0.025, 0.025, (150, 115, 70))
    return solid


def seated(
    rng: np.random.Generator, solid: Solid, x: float, seat_m: float, reach_m: float, *, helmet: float
) -> None:
    """A rider on a seat at ``x`` whose hands reach ``reach_m`` ahead; ``helmet`` is the chance of one."""
    shirt, trousers, skin = any_colour(rng), any_colour(rng), SKIN[int(rng.integers(len(SKIN)))]
    lean, size = rng.uniform(0.02, 0.16), rng.uniform(0.9, 1.05)
    shoulder = seat_m + 0.52 * size
    for side in (0.16, -0.16):
        knee = (x + 0.36, side * 1.3, seat_m - 0.02)
        solid.limb((x, side * 0.7, seat_m + 0.05), knee, 0.1, 0.08, trousers)
        solid.limb(knee, (x + 0.28, side * 1.1, seat_m - 0.45), 0.07, 0.055, trousers)
        elbow = (x + lean + 0.2, side * 1.7, shoulder - 0.24)
        solid.limb((x + lean, side * 1.2, shoulder - 0.05), elbow, 0.065, 0.05, shirt)
        solid.limb(elbow, (x + reach_m, side * 1.5, shoulder - 0.3), 0.05, 0.04, shirt if side > 0 else skin)
    solid.limb((x - 0.02, 0, seat_m + 0.1), (x + lean, 0, shoulder - 0.06), 0.16, 0.18, shirt)
    if rng.random() < 0.12:
        solid.box((x, 0, seat_m - 0.25), (0.6, 0.75, 0.75), any_colour(rng), top=(0.5, 0.6), shift=(lean, 0))
    cover = "helmet" if rng.random() < helmet else str(rng.choice(["hair", "hat", "cap"]))
    head(rng, solid, (x + lean + 0.03, 0, shoulder + 0.04), cover)
