"""Animals of farms, streets and forests."""

from __future__ import annotations

import numpy as np

from detectors.training.scenes.scene import Colour, shade_of
from detectors.training.scenes.solids import Solid

SPECIES = ("cow", "buffalo", "dog", "monkey", "boar", "deer", "goat")
_COATS: dict[str, tuple[Colour, ...]] = {
    "cow": ((176, 122, 74), (206, 160, 108), (226, 212, 190), (110, 74, 50), (60, 50, 46)),
    "buffalo": ((78, 72, 70), (98, 90, 84), (62, 58, 58), (120, 104, 92)),
    "dog": ((190, 146, 90), (60, 50, 44), (222, 214, 200), (140, 100, 62), (100, 96, 92)),
    "monkey": ((136, 112, 84), (112, 98, 82), (150, 130, 96)),
    "boar": ((64, 56, 50), (84, 72, 62), (48, 44, 42)),
    "deer": ((170, 112, 66), (146, 98, 62), (186, 136, 86)),
    "goat": ((216, 206, 190), (70, 60, 54), (170, 130, 90)),
}
# Length of the trunk, height of the back, radius of the trunk, all in metres.
_SIZES = {
    "cow": (1.35, 1.25, 0.33),
    "buffalo": (1.6, 1.32, 0.42),
    "dog": (0.55, 0.52, 0.14),
    "monkey": (0.42, 0.45, 0.13),
    "boar": (0.95, 0.75, 0.26),
    "deer": (0.95, 0.98, 0.2),
    "goat": (0.75, 0.68, 0.19),
}


def animal(rng: np.random.Generator, species: str | None = None) -> Solid:
    """An animal that stands, walks, grazes or, if a monkey, sits."""
    species = species or str(rng.choice(SPECIES))
    long, back, thick = np.array(_SIZES[species]) * rng.uniform(0.78, 1.12)
    tones = _COATS[species]
    red, green, blue = (np.array(tones[int(rng.integers(len(tones)))]) + rng.uniform(-14, 14, 3)).clip(
        10, 245
    )
    coat: Colour = (float(red), float(green), float(blue))
    dark = shade_of(coat, 0.6)
    solid = Solid(long * 1.5, thick * 2.2)
    if species == "monkey" and rng.random() < 0.55:
        _sitting_monkey(rng, solid, back, thick, coat)
        return solid
    if species in {"cow", "buffalo"} and rng.random() < 0.15:
        back *= 0.55
    belly = back - thick
    rump, chest = (-long / 2, 0.0, belly - 0.02), (long / 2, 0.0, belly)
    step = rng.uniform(0, 0.2) * back
    for x, forward in ((long / 2 - thick * 0.2, step), (-long / 2, -step)):
        for side, swing in ((thick * 0.55, forward), (-thick * 0.55, -forward)):
            knee = (x + swing * 0.4, side, belly * 0.5)
            solid.limb((x, side, belly), knee, thick * 0.34, thick * 0.22, coat)
            solid.limb(knee, (x + swing, side, 0.03), thick * 0.2, thick * 0.17, dark)
    solid.limb(rump, chest, thick, thick * 0.95, coat)
    if species == "cow" and rng.random() < 0.35:
        solid.limb(
            (0, thick * 0.5, belly + thick * 0.3),
            (-long * 0.3, thick * 0.5, belly),
            thick * 0.5,
            thick * 0.4,
            dark,
        )
    if species == "boar":
        solid.limb((long * 0.1, 0, back), (long * 0.5, 0, back - 0.02), thick * 0.3, thick * 0.4, dark)
    _head(rng, solid, species, (long, back, thick), coat)
    tail = (-long / 2 - thick * rng.uniform(0.7, 1.5), rng.uniform(-0.1, 0.1), belly * rng.uniform(0.4, 1.3))
    solid.limb((-long / 2 - thick * 0.6, 0, belly + thick * 0.3), tail, thick * 0.12, thick * 0.1, dark)
    return solid


def _head(
    rng: np.random.Generator, solid: Solid, species: str, size_m: tuple[float, float, float], coat: Colour
) -> None:
    """Neck, head, ears, and horns or antlers where the species has them."""
    long, back, thick = size_m
    dark = shade_of(coat, 0.6)
    grazing = rng.random() < 0.35 and species not in {"monkey", "boar"}
    rise = {"deer": 0.55, "dog": 0.3, "goat": 0.35, "monkey": 0.2}.get(species, 0.08) * back
    x = long / 2 + thick * {"boar": 0.8, "buffalo": 1.0}.get(species, 1.05)
    z = 0.22 * back if grazing else back - thick * 0.5 + rise
    y = rng.uniform(-0.25, 0.25) * long
    solid.limb((long / 2 - thick * 0.1, 0, back - thick), (x, y, z), thick * 0.62, thick * 0.4, coat)
    reach = thick * {"boar": 1.5, "monkey": 0.4, "cow": 1.1, "buffalo": 1.1}.get(species, 1.2)
    nose = (x + reach * (0.5 if grazing else 0.85), y, z - reach * (0.5 if grazing else 0.4))
    solid.limb((x, y, z), nose, thick * 0.42, thick * 0.26, coat)
    for side in (1, -1):
        ear = (x - thick * 0.1, y + side * thick * 0.75, z + thick * 0.3)
        solid.limb((x, y + side * thick * 0.3, z + thick * 0.25), ear, thick * 0.13, thick * 0.1, dark)
        if species == "buffalo":
            tip = (x - thick * 1.0, y + side * thick * 1.5, z + thick * 0.75)
            solid.limb(
                (x, y + side * thick * 0.3, z + thick * 0.4), tip, thick * 0.14, thick * 0.05, (70, 66, 62)
            )
        elif species in {"cow", "goat"} and side * y >= -1:
            tip = (x, y + side * thick * 0.6, z + thick * 0.95)
            solid.limb(
                (x, y + side * thick * 0.2, z + thick * 0.4), tip, thick * 0.09, thick * 0.04, (190, 180, 160)
            )
        elif species == "deer":
            mid = (x - thick * 0.3, y + side * thick * 0.8, z + thick * 1.5)
            solid.limb(
                (x, y + side * thick * 0.2, z + thick * 0.3), mid, thick * 0.09, thick * 0.06, (120, 90, 60)
            )
            solid.limb(
                mid,
                (mid[0] + thick * 0.6, mid[1], mid[2] + thick * 0.7),
                thick * 0.06,
                thick * 0.04,
                (120, 90, 60),
            )


def _sitting_monkey(rng: np.random.Generator, solid: Solid, back: float, thick: float, coat: Colour) -> None:
    """A monkey on its haunches."""
    face: Colour = (196, 140, 120)
    tall = back * 1.15
    solid.limb((0, 0, thick), (thick * 0.5, 0, tall * 0.7), thick * 1.05, thick * 0.8, coat)
    for side in (1, -1):
        solid.limb(
            (thick * 0.2, side * thick, thick * 0.6),
            (thick * 1.6, side * thick, thick * 0.9),
            thick * 0.5,
            thick * 0.3,
            coat,
        )
        solid.limb(
            (thick * 0.6, side * thick * 0.7, tall * 0.65),
            (thick * 1.6, side * thick * 0.7, thick),
            thick * 0.28,
            thick * 0.2,
            coat,
        )
    solid.limb((thick * 0.6, 0, tall * 0.9), (thick * 0.7, 0, tall), thick * 0.7, thick * 0.65, coat)
    solid.limb((thick * 1.05, 0, tall * 0.9), (thick * 1.1, 0, tall * 0.95), thick * 0.4, thick * 0.4, face)
    solid.limb(
        (-thick, 0, 0.05), (-thick * 3, rng.uniform(-0.3, 0.3), 0.06), thick * 0.16, thick * 0.12, coat
    )
