"""Who is on the road: vehicles in their lanes, people on the pavements, things parked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from detectors.training.scenes import animals, heaps, people, roadside, two_wheelers, vehicles
from detectors.training.scenes.ground import Line
from detectors.training.scenes.solids import Shape, Solid
from detectors.training.scenes.things import Place, SolidThing
from detectors.training.scenes.view import View
from gis_core.types import BoolArray, FloatArray

BUILDERS: dict[str, Callable[[np.random.Generator], Solid]] = {
    "car": vehicles.car,
    "motorcycle": two_wheelers.motorcycle,
    "bus": vehicles.bus,
    "truck": vehicles.truck,
    "bicycle": two_wheelers.bicycle,
    "person": people.person,
    "animal": animals.animal,
    "rubbish": heaps.rubbish,
    "parked_motorcycle": partial(two_wheelers.motorcycle, ridden=False),
    "parked_bicycle": partial(two_wheelers.bicycle, ridden=False),
    "stall": roadside.stall,
    "orderly": heaps.orderly,
}
"""How an object of each class of a road is built, and things without a class that stand about."""
NAMES = tuple(BUILDERS)

VARIANTS = 400
"""How many different objects of a class there are; a process builds each at most once."""


@cache
def shape_of(name: str, variant: int) -> Shape:
    """One of the objects of a class of ``BUILDERS``; also ``parked_…`` machines without riders."""
    rng = np.random.default_rng((NAMES.index(name), variant))
    return BUILDERS[name](rng).shape()


def any_shape(rng: np.random.Generator, name: str) -> Shape:
    """An object of a class, chosen and tinted by chance."""
    shape = shape_of(name, int(rng.integers(VARIANTS)))
    tint = rng.uniform(0.85, 1.15) * rng.uniform(0.95, 1.05, 3)
    return shape._replace(quad_colours=shape.quad_colours * tint, limb_colours=shape.limb_colours * tint)


_MIXES = (
    # car, motorcycle, bus, truck, bicycle
    (0.16, 0.62, 0.05, 0.06, 0.11),
    (0.34, 0.34, 0.10, 0.14, 0.08),
    (0.10, 0.72, 0.02, 0.03, 0.13),
    (0.24, 0.16, 0.20, 0.30, 0.10),
    (0.20, 0.30, 0.18, 0.20, 0.12),
)
_MOVING = ("car", "motorcycle", "bus", "truck", "bicycle")


class Crowd:
    """Things already placed, so that no two stand in one another."""

    def __init__(self, view: View, reach_m: float) -> None:
        self.things: list[SolidThing] = []
        self._spots: list[tuple[float, float, float, float]] = []
        self._view = view
        self._reach_m = reach_m

    def add(self, shape: Shape, place: Place, label: str | None, sunk_m: float = 0.0) -> bool:
        """Put a thing down where there is room and the camera looks; whether it was."""
        if not self.sees(np.array([[place.east_m, place.north_m]])).all():
            return False
        half_long, half_wide = shape.footprint_m[0] / 2 + 0.25, shape.footprint_m[1] / 2 + 0.2
        heading = np.radians(place.heading_deg)
        spots = []
        for share in np.linspace(-1, 1, max(int(half_long / half_wide + 0.5), 1)):
            ahead = share * max(half_long - half_wide, 0)
            spots.append(
                (
                    place.east_m + ahead * np.sin(heading),
                    place.north_m + ahead * np.cos(heading),
                    half_wide,
                    0.0,
                )
            )
        if self._spots:
            taken = np.array(self._spots)
            for spot in spots:
                apart = np.hypot(taken[:, 0] - spot[0], taken[:, 1] - spot[1])
                if (apart < taken[:, 2] + spot[2]).any():
                    return False
        self._spots.extend(spots)
        self.things.append(SolidThing(shape, place, label, sunk_m))
        return True

    def sees(self, points_m: FloatArray) -> BoolArray:
        """Which ground points (n, 2) are in sight, at the height of a person, and near enough."""
        at = self._view.in_camera(np.column_stack([points_m, np.full(len(points_m), 0.8)]))
        ahead = at[:, 2] > 1.5
        at[~ahead, 2] = 1.5
        pixels = self._view.to_pixels(at)
        margin = 0.08 * self._view.width_px
        limits = np.array([self._view.width_px, self._view.height_px]) + margin
        inside = ((pixels > -margin) & (pixels < limits)).all(axis=1)
        return np.asarray(ahead & inside & (np.hypot(*points_m.T) <= self._reach_m))


def _near_weights(crowd: Crowd, road: Line, power: float) -> FloatArray:
    """Chances of the points of a road: only those in sight, and more near the camera."""
    weight = crowd.sees(road.points_m) / np.maximum(np.hypot(*road.points_m.T), 6) ** power
    return np.asarray(weight / max(weight.sum(), 1e-12))


def fill_road(
    rng: np.random.Generator,
    crowd: Crowd,
    road: Line,
    half_width_m: float,
    count: int,
    *,
    sunk_m: float = 0.0,
) -> None:
    """Put ``count`` moving vehicles on a road, keeping right, more of them near the camera."""
    mix = np.array(_MIXES[int(rng.integers(len(_MIXES)))])
    weight = _near_weights(crowd, road, rng.uniform(0.5, 1.4))
    if not weight.any():
        return
    for _ in range(count):
        name = _MOVING[int(rng.choice(len(_MOVING), p=mix / mix.sum()))]
        shape = any_shape(rng, name)
        station = float(road.along_m[int(rng.choice(len(weight), p=weight))] + rng.uniform(-1.5, 1.5))
        room = half_width_m - shape.footprint_m[1] / 2 - 0.2
        if room <= 0:
            continue
        small = name in {"motorcycle", "bicycle"}
        across = rng.uniform(0.15, 1.0) * room if small else rng.uniform(0.3, 0.85) * room
        against = rng.random() < 0.5
        swerve = rng.normal(0, 7 if small else 2.5)
        if rng.random() < 0.04:
            swerve += rng.uniform(30, 150)
        east, north, heading = road.at(station, -across if against else across)
        place = Place(east, north, (heading + (180 if against else 0) + swerve) % 360)
        crowd.add(shape, place, name, sunk_m)


def fill_pavement(
    rng: np.random.Generator, crowd: Crowd, road: Line, across_m: tuple[float, float], count: int
) -> None:
    """Put people, parked machines and stalls beside a road, between two offsets to its right."""
    weight = _near_weights(crowd, road, 1.0)
    if not weight.any():
        return
    for _ in range(count):
        station = float(road.along_m[int(rng.choice(len(weight), p=weight))] + rng.uniform(-1.5, 1.5))
        east, north, heading = road.at(station, across_m[0] + (across_m[1] - across_m[0]) * rng.random())
        chance = rng.random()
        if chance < 0.42:
            crowd.add(any_shape(rng, "person"), Place(east, north, rng.uniform(0, 360)), "person")
        elif chance < 0.72:
            facing = heading + 90 + rng.normal(0, 15) + (180 if rng.random() < 0.5 else 0)
            for beside in range(int(rng.integers(1, 6))):
                along = np.radians(heading)
                spot = Place(
                    east + beside * 0.85 * np.sin(along), north + beside * 0.85 * np.cos(along), facing % 360
                )
                crowd.add(any_shape(rng, "parked_motorcycle"), spot, "motorcycle")
        elif chance < 0.8:
            crowd.add(any_shape(rng, "parked_bicycle"), Place(east, north, rng.uniform(0, 360)), "bicycle")
        else:
            name = "stall" if rng.random() < 0.65 else "orderly"
            crowd.add(any_shape(rng, name), Place(east, north, heading + 90), None)
