"""The kinds of scenes, and how one is drawn from a seed."""

from __future__ import annotations

import numpy as np

from detectors.training.scenes import effects, fields, hills, layout, plumes, streets, traffic
from detectors.training.scenes.canvas import Canvas
from detectors.training.scenes.finishing import finish
from detectors.training.scenes.layout import Road, Street
from detectors.training.scenes.light import light
from detectors.training.scenes.scene import Labelled, Scene
from detectors.training.scenes.stage import Drawn
from detectors.training.scenes.things import Place
from detectors.training.scenes.view import View
from gis_core.errors import DetectorError

KIND_SHARES = {
    "street_day": 0.19,
    "street_night": 0.11,
    "street_rain": 0.09,
    "hills_smoke": 0.12,
    "hills_clear": 0.05,
    "forest_fire": 0.06,
    "fields_fire": 0.09,
    "fields_clear": 0.03,
    "flood": 0.09,
    "rubbish": 0.09,
    "animals": 0.08,
}
"""How often each kind comes where none is asked for."""
KINDS = tuple(KIND_SHARES)


def draw(seed: int, kind: str | None = None, size: tuple[int, int] = (640, 384)) -> Scene:
    """The scene of a seed: the same seed, kind and size always give the same picture.

    Args:
        seed: 0 or above.
        kind: one of ``KINDS``; None lets the seed choose.
        size: width and height in pixels.

    Raises:
        DetectorError: the kind is unknown, the seed below 0 or the size too small.
    """
    if seed < 0:
        raise DetectorError("The seed of a scene is 0 or a greater whole number.")
    if kind is None:
        kind = str(np.random.default_rng((seed, 1)).choice(KINDS, p=list(KIND_SHARES.values())))
    if kind not in KIND_SHARES:
        raise DetectorError(f"There is no kind of scene '{kind}'; the kinds are: {', '.join(KINDS)}.")
    rng = np.random.default_rng((seed, 2, KINDS.index(kind)))
    if kind.startswith("hills"):
        return _hills(rng, kind, size)
    view = _mast(rng, size)
    if kind.startswith("fields"):
        return _fields(rng, kind, view)
    return _street(rng, kind, view)


def _mast(rng: np.random.Generator, size: tuple[int, int]) -> View:
    """A camera on a mast of 5 to 12 m."""
    return View(
        height_m=float(rng.uniform(5, 12)),
        tilt_deg=float(rng.uniform(6, 38)),
        field_of_view_deg=float(rng.uniform(28, 88)),
        width_px=size[0],
        height_px=size[1],
        roll_deg=float(rng.normal(0, 1.5)),
    )


def _hills(rng: np.random.Generator, kind: str, size: tuple[int, int]) -> Scene:
    moods = ["sunny", "cloudy", "overcast", "low_sun", "dusk", "night"]
    mood = str(rng.choice(moods, p=[0.34, 0.22, 0.16, 0.14, 0.08, 0.06]))
    lit = light(rng, mood)
    view = View(float(rng.uniform(15, 60)), float(rng.uniform(-4, 6)), float(rng.uniform(25, 80)), *size)
    return finish(rng, kind, hills.draw(rng, view, lit, burning=kind == "hills_smoke"))


def _fields(rng: np.random.Generator, kind: str, view: View) -> Scene:
    moods = ["sunny", "cloudy", "overcast", "low_sun", "dusk"]
    lit = light(rng, str(rng.choice(moods, p=[0.35, 0.25, 0.15, 0.18, 0.07])))
    tilted = View(
        view.height_m, float(rng.uniform(1, 18)), view.field_of_view_deg, view.width_px, view.height_px,
        roll_deg=view.roll_deg,
    )  # fmt: skip
    return finish(rng, kind, fields.draw(rng, tilted, lit, burning=kind == "fields_fire"))


def _mood(rng: np.random.Generator, kind: str) -> str:
    if kind == "street_night":
        return "night" if rng.random() < 0.8 else "dusk"
    if kind == "street_rain":
        return "rain"
    if kind == "flood":
        return str(
            rng.choice(["overcast", "rain", "cloudy", "sunny", "night"], p=[0.32, 0.26, 0.2, 0.14, 0.08])
        )
    if kind == "street_day":
        return str(rng.choice(["sunny", "cloudy", "overcast", "low_sun"], p=[0.4, 0.24, 0.18, 0.18]))
    dark = 0.25 if kind == "forest_fire" else 0.1
    moods = ["sunny", "cloudy", "overcast", "low_sun", "night"]
    return str(rng.choice(moods, p=[0.5 - dark, 0.24, 0.14, 0.12, dark]))


def _street(rng: np.random.Generator, kind: str, view: View) -> Scene:
    lit = light(rng, _mood(rng, kind))
    sides = ["houses", "trees", "wall", "shrubs", "open"]
    shares = [0.15, 0.4, 0.05, 0.25, 0.15] if kind == "animals" else [0.5, 0.2, 0.1, 0.08, 0.12]
    lined = (str(rng.choice(sides, p=shares)), str(rng.choice(sides, p=shares)))
    verge = str(rng.choice(["grass", "earth", "paving", "concrete"], p=[0.5, 0.22, 0.1, 0.18]))
    if kind == "forest_fire":
        lined, verge = ("trees", "trees"), "forest"
    street = Street(view, lit, layout.random_roads(rng, view), verge, lined)
    if kind == "flood":
        _flood(rng, street)
    if lit.mood == "rain" or (lit.mood == "night" and rng.random() < 0.25):
        street.wet = float(rng.uniform(0.15, 0.6))
    layout.line_up(rng, street)
    crowd = traffic.Crowd(view, float(np.clip(view.focal_px * 0.2, 45, 150)))
    _special(rng, kind, street, crowd)
    busy = {"animals": 5, "rubbish": 8, "flood": 12, "forest_fire": 4}.get(kind, 34)
    for road in street.roads:
        moving = int(rng.integers(0, busy))
        traffic.fill_road(rng, crowd, road.middle, road.half_width_m, moving, sunk_m=street.water_m)
        for side in (-1, 1):
            beside = (
                side * (road.half_width_m + 0.4),
                side * (road.half_width_m + max(road.pavement_m, 1.2)),
            )
            if street.water_m <= 0:
                traffic.fill_pavement(
                    rng, crowd, road.middle, beside, int(rng.integers(0, max(busy // 3, 3)))
                )
    street.things += crowd.things
    painted = streets.paint(rng, street)
    labels: list[Labelled] = []
    if painted.water is not None and painted.water_px is not None:
        labels.append(("flood", painted.water_px, 1.0 if float(painted.water.mean()) > 0.004 else 0.0))
    image = painted.image
    if kind == "forest_fire":
        labels += _forest_fires(rng, painted.board, street)
    if lit.mood == "rain":
        image = effects.rain(rng, image, float(rng.uniform(0.2, 1.0)))
    done = {"wet": round(street.wet, 2), "lined": lined, "roads": len(street.roads)}
    return finish(rng, kind, Drawn(view, lit, image, labels, done, painted.things, painted.seen))


def _forest_fires(rng: np.random.Generator, board: Canvas, street: Street) -> list[Labelled]:
    """Fires on a forest floor near the camera, off the road."""
    labels: list[Labelled] = []
    for _ in range(int(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))):
        places = [fields.spot(rng, street.view, 12, 160) for _ in range(8)]
        clear = [place for place in places if layout.is_clear(street, place.east_m, place.north_m, 2.0)]
        place = [*clear, *places][0]
        half_m, rise_m = float(rng.uniform(0.6, 7)), float(rng.uniform(3, 22))
        shown = plumes.burn(rng, board, place, half_m, rise_m, flame_m=float(rng.uniform(1, 5)))
        labels += [("smoke", shown.smoke_px, 1.0)] if shown.smoke_px else []
        labels += [("flame", shown.flame_px, 1.0)] if shown.flame_px else []
    return labels


def _flood(rng: np.random.Generator, street: Street) -> None:
    """Let water stand over a length of the main road."""
    street.water_m = float(rng.uniform(0.08, 0.6))
    browns = ((128, 106, 76), (112, 104, 90), (140, 124, 98), (96, 98, 92), (150, 120, 80))
    street.water_colour = browns[int(rng.integers(len(browns)))]
    middle = street.roads[0].middle
    near = float(middle.along_m[int(np.argmin(np.hypot(*middle.points_m.T)))])
    start = near + rng.uniform(-20, 18)
    length = rng.uniform(8, 40) if rng.random() < 0.5 else 200
    street.water_along_m = (float(start), float(start + length))


def _special(rng: np.random.Generator, kind: str, street: Street, crowd: traffic.Crowd) -> None:
    """Put down what the scene is about before the traffic takes the room."""
    if kind == "rubbish" or (kind == "street_day" and rng.random() < 0.1):
        for _ in range(int(rng.integers(1, 5))):
            crowd.add(traffic.any_shape(rng, "rubbish"), _beside(rng, street, crowd), "rubbish")
        for _ in range(int(rng.integers(0, 3))):
            crowd.add(traffic.any_shape(rng, "orderly"), _beside(rng, street, crowd), None)
    if kind == "animals" or (kind == "street_day" and rng.random() < 0.06):
        place = _beside(rng, street, crowd, on_road=0.6)
        crowd.add(traffic.any_shape(rng, "animal"), place, "animal")
        for _ in range(int(rng.integers(0, 6))):
            near = Place(
                place.east_m + rng.normal(0, 4), place.north_m + rng.normal(0, 4), float(rng.uniform(0, 360))
            )
            spot = near if rng.random() < 0.5 else _beside(rng, street, crowd, on_road=0.5)
            crowd.add(traffic.any_shape(rng, "animal"), spot, "animal")


def _beside(rng: np.random.Generator, street: Street, crowd: traffic.Crowd, on_road: float = 0.15) -> Place:
    """A place on or beside the main road, inside the view and not far."""
    road: Road = street.roads[0]
    distance = np.hypot(*road.middle.points_m.T)
    near = np.flatnonzero((distance < 60) & (road.middle.points_m[:, 1] > 0))
    place = Place(0.0, street.view.ground_range_m()[0] * 1.4)
    if not len(near):
        return place
    for _ in range(20):
        station = float(road.middle.along_m[int(rng.choice(near))] + rng.uniform(-1.5, 1.5))
        side = rng.choice([-1.0, 1.0])
        reach = road.half_width_m + road.pavement_m
        across = (
            rng.uniform(0, road.half_width_m)
            if rng.random() < on_road
            else rng.uniform(reach * 0.8, reach + 2.5)
        )
        east, north, _ = road.middle.at(station, side * across)
        place = Place(east, north, float(rng.uniform(0, 360)))
        if crowd.sees(np.array([[east, north]])).all():
            break
    return place
