"""Cars, buses and trucks of many builds."""

from __future__ import annotations

import numpy as np

from detectors.training.scenes.people import any_colour
from detectors.training.scenes.scene import Colour, shade_of
from detectors.training.scenes.solids import FRONT, LEFT, REAR, RIGHT, TOP, Lamp, Solid
from detectors.training.scenes.two_wheelers import HEADLIGHT, TAIL_LIGHT

_PAINTS: tuple[Colour, ...] = (
    (238, 238, 236), (236, 236, 240), (200, 202, 206), (150, 152, 156), (92, 94, 98), (26, 26, 30),
    (34, 36, 44), (150, 22, 26), (190, 30, 30), (26, 48, 110), (48, 96, 160), (30, 78, 52), (130, 100, 66),
    (214, 190, 40),
)  # fmt: skip
_TAXIS: tuple[tuple[Colour, Colour], ...] = (
    ((20, 140, 82), (20, 140, 82)), ((240, 240, 240), (240, 240, 240)), ((236, 196, 30), (236, 196, 30)),
    ((30, 170, 180), (30, 170, 180)),
)  # fmt: skip


def _glass(rng: np.random.Generator) -> Colour:
    tone = rng.uniform(22, 90)
    return tone, tone * rng.uniform(1.0, 1.15), tone * rng.uniform(1.05, 1.3)


def _paint(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.15:
        return any_colour(rng)
    red, green, blue = np.array(_PAINTS[int(rng.integers(len(_PAINTS)))]) + rng.uniform(-14, 14, 3)
    return float(red), float(green), float(blue)


def _lights(solid: Solid, box: int, *, high_m: float, beam_m: float) -> None:
    """Head and tail lights painted on a body, and the lamps that shine from there."""
    for left in (0.02, 0.78):
        solid.panel(box, FRONT, (left, 0.55, left + 0.2, 0.82), HEADLIGHT, glow=1)
        solid.panel(box, REAR, (left, 0.5, left + 0.2, 0.8), TAIL_LIGHT, glow=0.8)
    solid.panel(box, FRONT, (0.28, 0.42, 0.72, 0.72), (40, 40, 44))
    solid.panel(box, FRONT, (0.36, 0.12, 0.64, 0.32), (232, 232, 228))
    solid.panel(box, REAR, (0.34, 0.28, 0.66, 0.5), (232, 232, 228))
    end, wide = solid.length_m / 2, solid.width_m
    for side in (wide * 0.38, -wide * 0.38):
        solid.lamps.append(Lamp((end, side, high_m), HEADLIGHT, 0.12, (1.0, 0.0), beam_m))
        solid.lamps.append(Lamp((-end, side, high_m), TAIL_LIGHT, 0.07, (-1.0, 0.0)))


def car(rng: np.random.Generator) -> Solid:
    """A hatchback, saloon, estate or SUV, pick-up or van; some are taxis."""
    build = str(rng.choice(["saloon", "hatch", "suv", "van", "pickup"], p=[0.34, 0.26, 0.24, 0.09, 0.07]))
    long = {"saloon": 4.5, "hatch": 3.9, "suv": 4.6, "van": 4.7, "pickup": 5.2}[build] * rng.uniform(
        0.93, 1.06
    )
    wide, clearance = rng.uniform(1.66, 1.9), 0.2 if build in {"saloon", "hatch"} else 0.28
    belt = {"saloon": 0.9, "hatch": 0.92, "suv": 1.08, "van": 1.12, "pickup": 1.06}[build]
    roof = {"saloon": 1.44, "hatch": 1.5, "suv": 1.72, "van": 1.92, "pickup": 1.76}[build] * rng.uniform(
        0.97, 1.03
    )
    paint, glass = _paint(rng), _glass(rng)
    taxi = rng.random() < 0.12 and build != "pickup"
    if taxi:
        paint = _TAXIS[int(rng.integers(len(_TAXIS)))][0]
    solid = Solid(long, wide)
    body = solid.box((0, 0, clearance), (long, wide, belt - clearance), paint, top=(0.95, 0.96))
    sill = (30.0, 30.0, 32.0)
    for side in (LEFT, RIGHT):
        solid.panel(body, side, (0.0, 0.0, 1.0, 0.14), sill)
        solid.panel(body, side, (0.36, 0.5, 0.365, 1.0), (60, 60, 64))
        solid.panel(body, side, (0.6, 0.5, 0.605, 1.0), (60, 60, 64))
    start, end = {
        "saloon": (0.22, 0.84), "hatch": (0.23, 0.985), "suv": (0.24, 0.985), "van": (0.12, 0.99),
        "pickup": (0.24, 0.62),
    }[build]  # fmt: skip
    base_long = (end - start) * long
    middle = long / 2 - (start + end) / 2 * long
    slope = {"saloon": 0.62, "hatch": 0.74, "suv": 0.78, "van": 0.86, "pickup": 0.7}[build]
    shift = {"saloon": 0.0, "hatch": -0.1, "suv": -0.1, "van": -0.16, "pickup": -0.05}[build]
    cabin = solid.box(
        (middle, 0, belt),
        (base_long, wide * 0.94, roof - belt),
        paint,
        top=(slope, 0.84),
        shift=(shift, 0),
        lift_m=3,
    )
    solid.panel(cabin, FRONT, (0.06, 0.06, 0.94, 0.9), glass)
    solid.panel(cabin, REAR, (0.08, 0.25, 0.92, 0.88), glass)
    for side in (LEFT, RIGHT):
        for left, right in ((0.07, 0.5), (0.54, 0.93)):
            solid.panel(cabin, side, (left, 0.08, right, 0.86), glass)
    if build == "pickup":
        solid.box((-long * 0.31, 0, belt), (long * 0.36, wide * 0.92, 0.02), (48, 48, 50), lift_m=1)
        if rng.random() < 0.4:
            solid.box(
                (-long * 0.31, 0, belt),
                (long * 0.33, wide * 0.8, rng.uniform(0.3, 0.9)),
                any_colour(rng),
                lift_m=2,
            )
    if taxi:
        solid.box((middle + shift, 0, roof), (0.2, 0.6, 0.14), (245, 245, 240), lift_m=6)
    elif rng.random() < 0.12:
        solid.panel(cabin, TOP, (0.2, 0.25, 0.8, 0.6), (24, 26, 30))
    under = (26.0, 26.0, 28.0)
    solid.box((0, 0, 0.03), (long * 0.86, wide * 0.92, clearance), under, lift_m=-2)
    radius = 0.31 if clearance < 0.25 else 0.36
    solid.tyres(body, (0.19, 0.8), radius, (long, clearance, belt - clearance))
    for mirror in (wide / 2 + 0.06, -wide / 2 - 0.06):
        solid.box((middle + base_long * 0.36, mirror, belt), (0.12, 0.16, 0.13), paint, lift_m=3)
    _lights(solid, body, high_m=clearance + 0.45, beam_m=16)
    return solid


def bus(rng: np.random.Generator) -> Solid:
    """A city bus, a coach, a sleeper coach or a minibus of sixteen seats."""
    build = str(rng.choice(["city", "coach", "minibus"], p=[0.4, 0.4, 0.2]))
    long = {"city": 9.5, "coach": 11.8, "minibus": 6.2}[build] * rng.uniform(0.88, 1.05)
    wide = {"city": 2.4, "coach": 2.5, "minibus": 2.0}[build]
    roof = {"city": 3.0, "coach": 3.5, "minibus": 2.5}[build] * rng.uniform(0.95, 1.05)
    paint, stripe, glass = _paint(rng), any_colour(rng), _glass(rng)
    solid = Solid(long, wide)
    sunk = 0.34
    body = solid.box((0, 0, sunk), (long, wide, roof - sunk), paint, top=(0.975, 0.93))
    low, high = rng.uniform(0.38, 0.5), rng.uniform(0.8, 0.9)
    solid.panel(body, FRONT, (0.05, low - 0.06, 0.95, 0.88), glass)
    solid.panel(body, FRONT, (0.2, 0.89, 0.8, 0.98), (255, 190, 60), glow=0.9)
    solid.panel(body, REAR, (0.1, 0.55, 0.9, 0.86), glass)
    bays = int(rng.integers(4, 9))
    for side in (LEFT, RIGHT):
        solid.panel(body, side, (0.0, low - 0.14, 1.0, low - 0.05), stripe)
        for bay in range(bays):
            left = 0.03 + bay * 0.94 / bays
            solid.panel(body, side, (left, low, left + 0.94 / bays * 0.9, high), glass, glow=0.35)
    if rng.random() < 0.5:
        solid.panel(body, RIGHT, (0.8, 0.02, 0.9, high), shade_of(glass, 0.8))
    for _ in range(int(rng.integers(1, 4))):
        solid.box(
            (rng.uniform(-0.35, 0.35) * long, 0, roof),
            (rng.uniform(0.8, 2), 1.2, 0.2),
            (205, 205, 205),
            lift_m=8,
        )
    radius = 0.48 if build != "minibus" else 0.36
    solid.box((0, 0, 0.05), (long * 0.9, wide * 0.9, sunk), (26, 26, 28), lift_m=-3)
    solid.tyres(body, (0.22, 0.83), radius, (long, sunk, roof - sunk))
    for left in (0.03, 0.8):
        solid.panel(body, FRONT, (left, 0.1, left + 0.17, 0.18), HEADLIGHT, glow=1)
        solid.panel(body, REAR, (left, 0.12, left + 0.15, 0.24), TAIL_LIGHT, glow=0.8)
    for y in (wide * 0.38, -wide * 0.38):
        solid.lamps.append(Lamp((long / 2, y, 0.8), HEADLIGHT, 0.15, (1.0, 0.0), 20))
        solid.lamps.append(Lamp((-long / 2, y, 0.9), TAIL_LIGHT, 0.09, (-1.0, 0.0)))
    return solid


def truck(rng: np.random.Generator) -> Solid:
    """A light or heavy truck: box, tarpaulin, tipper, flat bed with load, tank or container."""
    heavy = rng.random() < 0.5
    long = rng.uniform(7.5, 12.5) if heavy else rng.uniform(4.8, 6.6)
    wide = 2.5 if heavy else rng.uniform(1.8, 2.1)
    tall = rng.uniform(2.6, 3.0) if heavy else rng.uniform(2.0, 2.3)
    cab_long = rng.uniform(1.8, 2.3) if heavy else rng.uniform(1.4, 1.7)
    solid = Solid(long, wide)
    paint, glass = _paint(rng) if rng.random() < 0.6 else any_colour(rng), _glass(rng)
    deck = 1.05 if heavy else 0.78
    chassis = solid.box((0, 0, deck - 0.35), (long * 0.98, wide * 0.96, 0.33), (44, 44, 46))
    cab = solid.box(
        (long / 2 - cab_long / 2, 0, 0.45),
        (cab_long, wide * 0.94, tall - 0.45),
        paint,
        top=(0.86, 0.92),
        shift=(-0.08, 0),
        lift_m=1,
    )
    solid.panel(cab, FRONT, (0.07, 0.5, 0.93, 0.88), glass)
    solid.panel(cab, FRONT, (0.2, 0.18, 0.8, 0.42), shade_of(paint, 0.55))
    for side in (LEFT, RIGHT):
        solid.panel(cab, side, (0.15, 0.5, 0.75, 0.86), glass)
    _load(rng, solid, deck, cab_long)
    radius = 0.5 if heavy else 0.38
    solid.tyres(
        chassis, (0.14, 0.24, 0.87) if heavy else (0.2, 0.84), radius, (long * 0.98, deck - 0.35, 0.33)
    )
    solid.box((0, 0, 0.06), (long * 0.9, wide * 0.8, deck - 0.4), (24, 24, 26), lift_m=-4)
    for left in (0.03, 0.8):
        solid.panel(cab, FRONT, (left, 0.06, left + 0.17, 0.16), HEADLIGHT, glow=1)
    for y in (wide * 0.36, -wide * 0.36):
        solid.lamps.append(Lamp((long / 2, y, 0.75), HEADLIGHT, 0.13, (1.0, 0.0), 18))
        solid.lamps.append(Lamp((-long / 2, y, 0.8), TAIL_LIGHT, 0.08, (-1.0, 0.0)))
    return solid


def _load(rng: np.random.Generator, solid: Solid, deck: float, cab_long: float) -> None:
    """What stands on the deck behind the cab."""
    long, wide = solid.length_m, solid.width_m
    bed = long - cab_long - 0.15
    middle = -long / 2 + bed / 2
    build = str(rng.choice(["box", "tarpaulin", "tipper", "flat", "tank"], p=[0.32, 0.24, 0.2, 0.16, 0.08]))
    paint = any_colour(rng)
    if build in {"box", "tarpaulin"}:
        high = rng.uniform(1.4, 2.4)
        top = (0.99, 0.99) if build == "box" else (0.97, 0.8)
        body = solid.box((middle, 0, deck), (bed, wide, high), paint, top=top, lift_m=1)
        for side in (LEFT, RIGHT):
            for bay in range(int(rng.integers(0, 7))):
                left = 0.05 + bay * 0.14
                solid.panel(body, side, (left, 0.02, left + 0.02, 0.98), shade_of(paint, 0.8))
        solid.panel(body, REAR, (0.49, 0.02, 0.51, 0.98), (60, 60, 60))
        solid.panel(body, REAR, (0.04, 0.02, 0.2, 0.08), TAIL_LIGHT, glow=0.8)
        solid.panel(body, REAR, (0.8, 0.02, 0.96, 0.08), TAIL_LIGHT, glow=0.8)
    elif build == "tank":
        for y in (-0.25, 0.25):
            radius = wide * 0.36
            solid.limb(
                (-long / 2 + radius, y, deck + radius),
                (middle + bed / 2 - radius, y, deck + radius),
                radius,
                radius,
                paint,
            )
    else:
        side_high = rng.uniform(0.7, 1.2) if build == "tipper" else 0.4
        solid.box((middle, 0, deck), (bed, wide, side_high), paint, top=(1.0, 1.03), lift_m=1)
        load = (150.0, 120.0, 86.0) if build == "tipper" else any_colour(rng)
        solid.box(
            (middle, 0, deck + side_high),
            (bed * 0.93, wide * 0.9, rng.uniform(0.05, 0.9)),
            load,
            top=(0.7, 0.5),
            lift_m=2,
        )
