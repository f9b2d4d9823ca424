"""What a given camera would see: its own pose, given roads, given things in given places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from detectors.training.scenes import effects, layout, plumes, streets, traffic
from detectors.training.scenes.canvas import Canvas
from detectors.training.scenes.finishing import finish
from detectors.training.scenes.ground import line
from detectors.training.scenes.layout import Road, Street
from detectors.training.scenes.light import MOODS, light
from detectors.training.scenes.scene import CLASSES, Labelled, Scene, Truth
from detectors.training.scenes.stage import Drawn
from detectors.training.scenes.things import Place, SolidThing
from detectors.training.scenes.view import View
from gis_core.errors import DetectorError
from gis_core.types import FloatArray

SURROUNDINGS = ("town", "fields", "forest")
_LOOKOUT_HAZE_M = 9000.0
_FIRES = ("smoke", "flame", "straw_fire")
_STANDING = tuple(name for name in CLASSES if name in traffic.BUILDERS)


class Standing(NamedTuple):
    """A thing to draw, in metres east and north of the mast's foot; it faces ``heading_deg`` from north.

    ``size_m`` is the width of a fire at its foot; other things have their own sizes.
    """

    class_name: str
    east_m: float
    north_m: float
    heading_deg: float = 0.0
    size_m: float = 6.0


class Strip(NamedTuple):
    """A road to draw: its middle line (n, 2) in metres east and north of the mast's foot, and its width."""

    points_m: FloatArray
    width_m: float


def draw_for_camera(
    seed: int,
    height_m: float,
    tilt_deg: float,
    field_of_view_deg: float,
    size: tuple[int, int],
    *,
    vehicles: Sequence[Standing] = (),
    azimuth_deg: float = 0.0,
    roll_deg: float = 0.0,
    roads: Sequence[Strip] = (),
    surroundings: str = "town",
    mood: str = "sunny",
    water_m: float = 0.0,
) -> tuple[Scene, tuple[Truth, ...]]:
    """Draw flat country as one camera sees it.

    Args:
        seed: of everything that is not given.
        height_m: of the lens above the ground, metres.
        tilt_deg: of the optical axis below the horizon.
        field_of_view_deg: horizontal.
        size: width and height in pixels.
        vehicles: things of any class but ``flood``; of those out of sight nothing is drawn.
        azimuth_deg: of the optical axis, clockwise from the north of the coordinates.
        roll_deg: of the camera, clockwise as seen from behind.
        roads: without any, one runs ahead of the camera.
        surroundings: one of ``SURROUNDINGS``.
        mood: the light, one of ``MOODS``.
        water_m: depth of flood water over the first road; 0 for none.

    Returns:
        The scene, and the true places of the things that have a box in it, in the order of
        the boxes; a ``flood`` has its middle seen point for a place.

    Raises:
        DetectorError: the pose, a class, the mood or the surroundings are none that can be drawn.
    """
    _check(vehicles, surroundings, mood)
    view = View(height_m, tilt_deg, field_of_view_deg, *size, azimuth_deg, roll_deg)
    rng = np.random.default_rng((seed, 3))
    lit = light(rng, mood)
    if surroundings == "forest":
        lit = replace(lit, haze_m=max(lit.haze_m, _LOOKOUT_HAZE_M))
    street = Street(view, lit, _roads(view, roads), *_country(rng, surroundings))
    if water_m > 0:
        street.water_m = water_m
        street.water_along_m = (0.0, float(street.roads[0].middle.along_m[-1]))
    if mood == "rain":
        street.wet = float(rng.uniform(0.2, 0.5))
    if surroundings == "forest":
        street.backdrops = [
            (14_000.0, 900.0, (84, 108, 96)),
            (7000.0, 350.0, (70, 98, 70)),
            (3500.0, 90.0, (60, 90, 52)),
        ]
    street.keep_clear = [Place(one.east_m, one.north_m) for one in vehicles]
    layout.line_up(rng, street)
    placed = [one for one in vehicles if one.class_name in _STANDING]
    for one in placed:
        shape = traffic.any_shape(rng, one.class_name)
        place = Place(one.east_m, one.north_m, one.heading_deg)
        street.things.append(SolidThing(shape, place, one.class_name, street.water_m))
    painted = streets.paint(rng, street)
    labels: list[Labelled] = []
    truths: list[Truth] = []
    if painted.water is not None and painted.water_px is not None:
        rows, columns = np.nonzero(painted.water)
        middle = len(rows) // 2
        east, north = view.ground_m[rows[middle], columns[middle]].tolist()
        labels.append(("flood", painted.water_px, 1.0))
        truths.append(Truth("flood", east, north, east, north, 0.0, 1.0))
    for one in vehicles:
        if one.class_name in _FIRES:
            for label in _burn(rng, painted.board, one):
                labels.append(label)
                truths.append(Truth(label[0], one.east_m, one.north_m, one.east_m, one.north_m, 0.0, 1.0))
    image = effects.rain(rng, painted.image, 0.6) if mood == "rain" else painted.image
    drawn = Drawn(
        view, lit, image, labels, {"surroundings": surroundings}, painted.things, painted.seen, truths
    )
    scene = finish(rng, "for_camera", drawn)
    return scene, tuple(truth for truth in scene.truths if truth is not None)


def _check(vehicles: Sequence[Standing], surroundings: str, mood: str) -> None:
    unknown = sorted({one.class_name for one in vehicles} - {*_STANDING, *_FIRES})
    if unknown:
        known = ", ".join((*_STANDING, *_FIRES))
        raise DetectorError(f"Nothing can be drawn of the classes {', '.join(unknown)}; there are: {known}.")
    if surroundings not in SURROUNDINGS or mood not in MOODS:
        raise DetectorError(
            f"The surroundings of a camera are one of {', '.join(SURROUNDINGS)} and its light one of "
            f"{', '.join(MOODS)}."
        )


def _roads(view: View, strips: Sequence[Strip]) -> list[Road]:
    """The roads given, or one that runs away from the mast."""
    if strips:
        return [
            Road(line(strip.points_m), strip.width_m / 2, max(int(strip.width_m / 6.4), 1), 1.5)
            for strip in strips
        ]
    ahead = np.radians(view.azimuth_deg)
    along, across = np.array([np.sin(ahead), np.cos(ahead)]), np.array([np.cos(ahead), -np.sin(ahead)])
    return [Road(line(np.array([4 * across - 30 * along, 4 * across + 250 * along])), 4.0, 1, 2.0)]


def _country(rng: np.random.Generator, surroundings: str) -> tuple[str, tuple[str, str]]:
    """Verge, and what lines the two sides of the roads."""
    if surroundings == "town":
        sides = rng.choice(["houses", "trees", "wall", "open"], size=2, p=[0.5, 0.25, 0.1, 0.15])
        return "concrete" if rng.random() < 0.4 else "grass", (str(sides[0]), str(sides[1]))
    if surroundings == "fields":
        return "grass", ("open", "shrubs" if rng.random() < 0.5 else "open")
    return "forest", ("trees", "trees")


def _burn(rng: np.random.Generator, board: Canvas, one: Standing) -> list[Labelled]:
    """A fire of the asked class; forest smoke brings its flame with it where that shows."""
    place = Place(one.east_m, one.north_m, board.view.azimuth_deg + 90)
    high = one.size_m * (4.0 if one.class_name == "smoke" else 1.2)
    flame_m = max(one.size_m * 0.25, 1.0) if one.class_name != "smoke" else 0.4
    shown = plumes.burn(rng, board, place, one.size_m / 2, high, flame_m=flame_m)
    if one.class_name == "straw_fire":
        return [("straw_fire", shown.whole_px, 1.0)] if shown.whole_px else []
    labels: list[Labelled] = [("smoke", shown.smoke_px, 1.0)] if shown.smoke_px else []
    return [*labels, ("flame", shown.flame_px, 1.0)] if shown.flame_px else labels
