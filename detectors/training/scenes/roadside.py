"""What stands beside roads: tube houses, walls, trees, poles, stalls."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from detectors.training.scenes.people import any_colour
from detectors.training.scenes.scene import Colour, shade_of
from detectors.training.scenes.solids import FRONT, LEFT, RIGHT, TOP, Lamp, Shape, Solid
from detectors.training.scenes.textures import FOLIAGE_PER_KIND
from detectors.training.scenes.things import Crown, Place, SolidThing, Thing

_WALLS: tuple[Colour, ...] = (
    (226, 214, 176), (214, 190, 120), (196, 210, 214), (232, 228, 220), (180, 196, 168), (206, 166, 142),
    (150, 156, 160), (238, 220, 130), (168, 190, 206), (190, 130, 110),
)  # fmt: skip
_ROOFS: tuple[Colour, ...] = ((168, 72, 52), (140, 60, 48), (110, 116, 124), (70, 110, 150), (190, 100, 70))
LEAVES: tuple[Colour, ...] = (
    (96, 140, 62), (76, 118, 54), (120, 152, 70), (140, 150, 80), (70, 110, 70), (110, 130, 60),
    (150, 160, 90),
)  # fmt: skip
LAMP_COLOURS: tuple[Colour, ...] = ((255, 214, 150), (255, 178, 90), (232, 240, 255))


def _some(rng: np.random.Generator, choice: tuple[Colour, ...], spread: float = 14) -> Colour:
    red, green, blue = (
        np.array(choice[int(rng.integers(len(choice)))]) + rng.uniform(-spread, spread, 3)
    ).clip(5, 250)
    return float(red), float(green), float(blue)


def house(rng: np.random.Generator, front_m: float, deep_m: float, *, lit: bool) -> Solid:
    """A house whose front (+x) faces the road: shop below, windows and balconies above."""
    storeys = int(rng.choice([1, 2, 3, 4, 5], p=[0.28, 0.3, 0.24, 0.12, 0.06]))
    floor_m = rng.uniform(3.0, 3.7)
    tall = storeys * floor_m
    wall = _some(rng, _WALLS)
    solid = Solid(deep_m, front_m)
    body = solid.box((0, 0, 0), (deep_m, front_m, tall), wall)
    for side in (LEFT, RIGHT):
        solid.panel(body, side, (0, 0, 1, 1), shade_of(wall, rng.uniform(0.6, 0.95)))
    share = 1 / storeys
    shop = _some(rng, ((70, 66, 62), (120, 124, 128), (60, 80, 110), (150, 150, 146)), 20)
    glow = rng.uniform(0.4, 0.95) if lit and rng.random() < 0.55 else 0.0
    inside: Colour = (255, 226, 170) if glow else shop
    solid.panel(body, FRONT, (0.06, 0.0, 0.94, 0.8 * share), inside, glow=glow)
    if rng.random() < 0.75:
        sign_glow = rng.uniform(0.5, 1.0) if lit and rng.random() < 0.5 else 0.0
        sign = any_colour(rng)
        low = 0.82 * share
        solid.panel(body, FRONT, (0.02, low, 0.98, low + 0.2 * share), sign, glow=sign_glow)
        for stroke in range(int(rng.integers(2, 6))):
            left = 0.1 + stroke * 0.15
            solid.panel(
                body, FRONT, (left, low + 0.06 * share, left + 0.1, low + 0.14 * share), any_colour(rng)
            )
    bays = int(rng.integers(1, 4))
    for storey in range(1, storeys):
        for bay in range(bays):
            left = (bay + 0.2) / bays
            glow = rng.uniform(0.3, 0.8) if lit and rng.random() < 0.3 else 0.0
            pane: Colour = (255, 220, 150) if glow else (60, 74, 84)
            area = (left, (storey + 0.25) * share, left + 0.6 / bays, (storey + 0.8) * share)
            solid.panel(body, FRONT, area, pane, glow=glow)
        if rng.random() < 0.5:
            solid.box(
                (deep_m / 2 + 0.4, 0, storey * floor_m),
                (0.9, front_m * 0.9, 0.9),
                _some(rng, _WALLS),
                lift_m=6,
            )
    if rng.random() < 0.5:
        awning = any_colour(rng)
        solid.box((deep_m / 2 + 0.9, 0, floor_m * 0.78), (1.9, front_m, 0.12), awning, lift_m=6)
    roof = _some(rng, _ROOFS)
    if storeys <= 2 and rng.random() < 0.7:
        solid.box(
            (0, 0, tall),
            (deep_m * 1.06, front_m * 1.06, rng.uniform(1.2, 2.2)),
            roof,
            top=(0.1, 1.0),
            lift_m=3,
        )
    else:
        solid.panel(body, TOP, (0.04, 0.04, 0.96, 0.96), (150, 148, 144))
        if rng.random() < 0.4:
            solid.box((0, 0, tall), (1.2, 1.2, 1.6), (150, 158, 170), lift_m=5)
    return solid


HOUSES, TREES, POLES, WALLS = 240, 120, 40, 60
"""How many different ones there are; a process builds each at most once."""


@cache
def house_shape(number: int, lit: bool) -> Shape:
    """One of the houses."""
    rng = np.random.default_rng((number, 7))
    return house(rng, float(rng.uniform(3.8, 8)), float(rng.uniform(6, 10)), lit=lit).shape()


class Tree(NamedTuple):
    """The build of a tree: its trunk, and the kind and size of its crown."""

    trunk: Shape
    kind: str
    tall_m: float
    wide_m: float
    deep_m: float


@cache
def _build(number: int) -> Tree:
    rng = np.random.default_rng((number, 8))
    kind = str(rng.choice(["round", "broad", "cone", "palm", "banana"], p=[0.4, 0.28, 0.08, 0.16, 0.08]))
    tall = {"palm": rng.uniform(6, 11), "banana": rng.uniform(2.5, 4)}.get(kind, rng.uniform(3.5, 9))
    stem = Solid(0.3, 0.3)
    bark = _some(rng, ((104, 84, 66), (130, 118, 100), (84, 74, 64)))
    trunk = tall * (0.8 if kind == "palm" else 0.6)
    thick = 0.16 if kind in {"palm", "banana"} else rng.uniform(0.12, 0.3)
    stem.limb((0, 0, 0), (rng.uniform(-0.4, 0.4), 0, trunk), thick, thick * 0.7, bark)
    wide = tall * (rng.uniform(0.55, 0.7) if kind == "palm" else rng.uniform(0.5, 0.95))
    deep = tall * {"palm": 0.62, "banana": 0.8}.get(kind, rng.uniform(0.5, 0.75))
    return Tree(stem.shape(), kind, tall, wide, deep)


def tree(rng: np.random.Generator, east: float, north: float) -> list[Thing]:
    """A trunk and one or more crowns of leaves."""
    build = _build(int(rng.integers(TREES)))
    number = int(rng.integers(FOLIAGE_PER_KIND))
    things: list[Thing] = [SolidThing(build.trunk, Place(east, north, float(rng.uniform(0, 360))))]
    for _ in range(1 if build.kind in {"palm", "banana", "cone"} else int(rng.integers(1, 4))):
        shift_east, shift_north = (rng.uniform(-0.22, 0.22, 2) * build.wide_m).tolist()
        up = build.tall_m - build.deep_m * rng.uniform(0.85, 1.0)
        place = Place(east + shift_east, north + shift_north - 0.01, 0.0, up)
        things.append(Crown(build.kind, number, place, build.wide_m, build.deep_m, _leaves(rng)))
    return things


def _leaves(rng: np.random.Generator) -> Colour:
    """Mostly greens; now and then a flame tree in flower, which is no fire."""
    if rng.random() < 0.06:
        return _some(rng, ((214, 70, 40), (226, 140, 40), (206, 90, 130)))
    return _some(rng, LEAVES, 18)


def shrub(rng: np.random.Generator, east: float, north: float) -> Thing:
    """A bush."""
    wide = rng.uniform(0.8, 2.4)
    number = int(rng.integers(FOLIAGE_PER_KIND))
    return Crown("shrub", number, Place(east, north), wide, wide * rng.uniform(0.6, 0.9), _leaves(rng))


@cache
def pole_shape(number: int, lamp: bool) -> Shape:
    """A pole whose arm, where it bears a lamp, reaches over the road (+x)."""
    rng = np.random.default_rng((number, 9))
    solid = Solid(0.3, 0.3)
    tall = rng.uniform(6.5, 9)
    grey = rng.uniform(110, 180)
    solid.limb((0, 0, 0), (0, 0, tall), 0.13, 0.08, (grey, grey, grey))
    if lamp:
        solid.limb((0, 0, tall), (1.8, 0, tall + 0.4), 0.05, 0.04, (grey, grey, grey))
        colour = LAMP_COLOURS[int(rng.integers(len(LAMP_COLOURS)))]
        solid.lamps.append(Lamp((1.9, 0, tall + 0.35), colour, 0.25, beam_m=13))
    else:
        solid.box((0, 0, tall - 0.8), (0.12, 1.6, 0.12), (90, 84, 80))
        if rng.random() < 0.5:
            solid.box((0.25, 0, tall - 2.4), (0.4, 0.5, 0.7), (120, 124, 126))
    return solid.shape()


@cache
def wall_shape(number: int) -> Shape:
    """A length of garden wall or fence."""
    rng = np.random.default_rng((number, 10))
    front = rng.uniform(2, 9)
    solid = Solid(0.25, front)
    solid.box(
        (0, 0, 0),
        (0.25, front, rng.uniform(1.0, 2.4)),
        _some(rng, (*_WALLS, (150, 150, 148), (120, 118, 112))),
    )
    return solid.shape()


def stall(rng: np.random.Generator) -> Solid:
    """A street stall: table, goods, parasol; or a sign board; or a planter."""
    solid = Solid(1.5, 1.5)
    build = rng.random()
    if build < 0.5:
        solid.box((0, 0, 0), (rng.uniform(0.8, 1.6), rng.uniform(0.6, 1.0), 0.75), any_colour(rng))
        for _ in range(int(rng.integers(2, 7))):
            x, y = rng.uniform(-0.4, 0.4, 2)
            solid.box((x, y, 0.75), (0.25, 0.25, rng.uniform(0.1, 0.3)), any_colour(rng), lift_m=1)
        if rng.random() < 0.7:
            solid.limb((0, 0, 0), (0, 0, 2.3), 0.03, 0.03, (180, 180, 180))
            solid.box((0, 0, 2.0), (2.4, 2.4, 0.5), any_colour(rng), top=(0.05, 0.05), lift_m=3)
    elif build < 0.75:
        board = solid.box((0, 0, 0.1), (0.1, 0.8, 1.1), any_colour(rng))
        solid.panel(board, FRONT, (0.1, 0.1, 0.9, 0.9), any_colour(rng))
    else:
        solid.box((0, 0, 0), (0.9, 0.9, 0.55), (150, 140, 130), top=(1.2, 1.2))
        for _ in range(4):
            x, y = rng.uniform(-0.3, 0.3, 2)
            solid.limb((x, y, 0.5), (x * 2, y * 2, 1.1), 0.12, 0.05, _some(rng, LEAVES))
    return solid
