"""How a street lies: its roads, and what lines them without hiding them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.training.scenes import ground, roadside
from detectors.training.scenes.ground import Line
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Colour
from detectors.training.scenes.things import Place, SolidThing, Thing
from detectors.training.scenes.view import View
from gis_core.types import FloatArray

_REACH_M = 130.0
"""Farther from the mast nothing is put beside a road."""


@dataclass(slots=True)
class Road:
    """A road: its middle line, half its width, its lanes each way, and the width of its pavements."""

    middle: Line
    half_width_m: float
    lanes: int = 1
    pavement_m: float = 0.0
    paved: bool = True


@dataclass(slots=True)
class Street:
    """All that a street picture is painted from."""

    view: View
    light: Light
    roads: list[Road]
    verge: str
    lined: tuple[str, str] = ("houses", "houses")
    things: list[Thing] = field(default_factory=list)
    wet: float = 0.0
    water_m: float = 0.0
    water_colour: Colour = (120, 104, 82)
    water_along_m: tuple[float, float] = (0.0, 0.0)
    backdrops: list[tuple[float, float, Colour]] = field(default_factory=list)
    keep_clear: list[Place] = field(default_factory=list)


def random_roads(rng: np.random.Generator, view: View) -> list[Road]:
    """Roads that a camera was put up to watch: they fill some of its view."""
    for _ in range(8):
        roads = _some_roads(rng, view)
        main = roads[0]
        edge = np.vstack(
            [main.middle.offset(-main.half_width_m), main.middle.offset(main.half_width_m)[::-1]]
        )
        shown = ground.mask_of(view, [np.column_stack([edge, np.zeros(len(edge))])])
        if shown.mean() > 0.1:
            break
    return roads


def _some_roads(rng: np.random.Generator, view: View) -> list[Road]:
    """A main road past the mast, mostly along the view, and sometimes a side road."""
    half = float(rng.choice([2.4, 3.2, 4.0, 5.5, 7.5], p=[0.12, 0.24, 0.3, 0.22, 0.12]))
    pavement = float(rng.choice([0.0, 1.5, 3.0, 4.5], p=[0.2, 0.3, 0.3, 0.2]))
    cuts_across = rng.random() < 0.2
    turn = np.radians(rng.uniform(55, 90) * rng.choice([-1, 1]) if cuts_across else rng.normal(0, 16))
    ahead = view.ground_range_m()[0] + (rng.uniform(4, 22) if cuts_across else 0)
    aside = 0.0 if cuts_across else rng.choice([-1, 1]) * rng.uniform(0, half + pavement)
    along = np.array([np.sin(turn), np.cos(turn)])
    across = np.array([along[1], -along[0]])
    stations = np.arange(-60, 240, 12.0)
    bend = rng.choice([0.0, 1.0], p=[0.45, 0.55]) * rng.uniform(-1, 1) / 900
    points = np.array([0, ahead]) + np.outer(stations, along)
    points = points + np.outer(aside + bend * np.sign(stations) * stations**2, across)
    roads = [Road(ground.line(points), half, max(int(half / 3.2), 1), pavement, rng.random() < 0.93)]
    if rng.random() < 0.3:
        at = roads[0].middle.points_m[int(rng.uniform(0.26, 0.45) * len(roads[0].middle.points_m))]
        side = turn + np.radians(rng.uniform(65, 115))
        leg = np.outer(np.arange(-150, 160, 10.0), [np.sin(side), np.cos(side)])
        roads.append(
            Road(ground.line(at + leg), min(half, rng.uniform(2.2, 4.5)), 1, pavement * 0.6, roads[0].paved)
        )
    return roads


def line_up(rng: np.random.Generator, street: Street) -> None:
    """Put houses, walls, trees and poles along the roads, clear of every road."""
    lamps = street.light.is_dark or rng.random() < 0.5
    for road in street.roads:
        for side, lined in zip((-1, 1), street.lined, strict=True):
            edge = road.half_width_m + road.pavement_m
            _row(rng, street, road, side * (edge + rng.uniform(0.3, 3)), lined)
            spacing = rng.uniform(18, 38)
            for station in np.arange(rng.uniform(0, spacing), road.middle.along_m[-1], spacing):
                east, north, heading = road.middle.at(float(station), side * (road.half_width_m + 0.7))
                if is_clear(street, east, north, 0.4) and 6 < np.hypot(east, north) < _REACH_M and side > 0:
                    shape = roadside.pole_shape(int(rng.integers(roadside.POLES)), bool(lamps))
                    street.things.append(SolidThing(shape, Place(east, north, (heading - 90 * side) % 360)))
                if rng.random() < 0.5 and road.pavement_m > 1:
                    east, north, _ = road.middle.at(
                        float(station) + spacing / 2, side * (road.half_width_m + 0.9)
                    )
                    if is_clear(street, east, north, 0.4) and 10 < np.hypot(east, north) < _REACH_M:
                        _add_tree(rng, street, Place(east, north))


def _row(rng: np.random.Generator, street: Street, road: Road, offset_m: float, lined: str) -> None:
    """One side of a road, from end to end."""
    station = rng.uniform(0, 6)
    side = float(np.sign(offset_m))
    while station < road.middle.along_m[-1]:
        shape = roadside.house_shape(int(rng.integers(roadside.HOUSES)), street.light.is_dark)
        if lined == "wall":
            shape = roadside.wall_shape(int(rng.integers(roadside.WALLS)))
        deep, front = shape.footprint_m if lined in {"houses", "wall"} else (0.25, float(rng.uniform(2.0, 9)))
        east, north, heading = road.middle.at(station + front / 2, offset_m + side * deep / 2)
        facing = Place(east, north, (heading - 90 * side) % 360)
        station += front
        if not 6 < facing.distance_m < _REACH_M or not is_clear(street, east, north, deep / 2):
            continue
        if lined == "houses" and rng.random() < 0.92:
            _add_unless_blocking(street, SolidThing(shape, facing))
        elif lined == "trees" and facing.distance_m > 14:
            _add_tree(rng, street, facing)
        elif lined == "shrubs":
            street.things.append(roadside.shrub(rng, east, north))
        elif lined == "wall":
            _add_unless_blocking(street, SolidThing(shape, facing))


def _add_unless_blocking(street: Street, thing: SolidThing) -> None:
    """Nobody mounts a camera where a house fills its view of the road."""
    in_view = street.view.in_camera(thing.place.world(thing.shape.corners))
    if in_view[:, 2].min() < 1:
        return
    size = np.array([street.view.width_px, street.view.height_px])
    pixels = street.view.to_pixels(in_view)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    shown = np.minimum(high, size) - np.maximum(low, 0)
    if (shown > 0).all() and np.prod(shown / size) < 0.3 and not _hides(street, thing.place, low, high):
        street.things.append(thing)


def _add_tree(rng: np.random.Generator, street: Street, place: Place) -> None:
    """A tree, unless its crown could hide what is to be seen."""
    around = [place.world(np.array([0.0, side, up])) for side in (-3.0, 3.0) for up in (0.0, 9.0)]
    in_view = street.view.in_camera(np.array(around))
    if in_view[:, 2].min() < 1:
        return
    pixels = street.view.to_pixels(in_view)
    if not _hides(street, place, pixels.min(axis=0), pixels.max(axis=0)):
        street.things.extend(roadside.tree(rng, place.east_m, place.north_m))


def _hides(street: Street, place: Place, low_px: FloatArray, high_px: FloatArray) -> bool:
    """Whether what stands at a place, boxed by ``low_px`` and ``high_px``, hides one to keep clear."""
    for kept in street.keep_clear:
        at = street.view.in_camera(np.array([kept.east_m, kept.north_m, 0.5]))
        if at[2] > 1 and place.distance_m < kept.distance_m + 3:
            pixel = street.view.to_pixels(at)
            if ((pixel > low_px - 8) & (pixel < high_px + 8)).all():
                return True
    return False


def is_clear(street: Street, east: float, north: float, margin_m: float) -> bool:
    """Whether a spot keeps off every road and every place to keep clear."""
    if any(np.hypot(kept.east_m - east, kept.north_m - north) < margin_m + 3 for kept in street.keep_clear):
        return False
    return all(
        np.square(road.middle.points_m - (east, north)).sum(axis=1).min()
        > (road.half_width_m + margin_m) ** 2
        for road in street.roads
    )
