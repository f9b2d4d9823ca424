"""From a painted scene to a picture of a camera, with the boxes that a detector is asked for."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from detectors.training.scenes import effects
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Labelled, Scene, Truth
from detectors.training.scenes.stage import Drawn
from detectors.training.scenes.things import SolidThing

MIN_SIDE_PX = 6.0
"""Boxes narrower or lower than this are not asked of a detector."""
MIN_VISIBLE = 0.4
"""Things of which less shows are not asked of a detector."""


def finish(rng: np.random.Generator, kind: str, drawn: Drawn) -> Scene:
    """Pass a painted picture through the camera and sort its labels into asked and ignored."""
    image, lit = drawn.image, drawn.light
    if rng.random() < 0.2:
        image = effects.haze(rng, image, float(rng.uniform(0.05, 0.4)))
    image, camera = effects.camera(rng, image, dark=lit.is_dark)
    found: list[tuple[Labelled, Truth | None]] = list(zip_longest(drawn.labels, drawn.truths))
    for one in drawn.seen:
        thing = drawn.things[one.index]
        if isinstance(thing, SolidThing) and thing.label is not None:
            found.append(((thing.label, one.box_px, one.visible_share), _truth(thing, one.visible_share)))
    asked = [item for item in found if _is_asked(item[0], lit)]
    ignored = [item for item in found if not _is_asked(item[0], lit)]
    return Scene(
        image=np.ascontiguousarray(image),
        boxes_px=np.array([item[0][1] for item in asked], float).reshape(-1, 4),
        class_names=tuple(item[0][0] for item in asked),
        kind=kind,
        conditions={"mood": lit.mood, **drawn.conditions, **camera},
        camera=drawn.view.pose,
        truths=tuple(item[1] for item in asked),
        ignored_px=np.array([item[0][1] for item in ignored], float).reshape(-1, 4),
        ignored_names=tuple(item[0][0] for item in ignored),
    )


def _is_asked(label: Labelled, lit: Light) -> bool:
    name, (left, top, right, bottom), visible = label
    smallest = MIN_SIDE_PX * (1.4 if lit.is_dark and name in {"person", "bicycle", "animal"} else 1.0)
    if name == "flame":
        smallest = 4.0
    return visible >= MIN_VISIBLE and min(right - left, bottom - top) >= smallest


def _truth(thing: SolidThing, visible_share: float) -> Truth:
    """Where a thing stands, and where the line from the mast's foot enters its footprint."""
    place = thing.place
    half_long, half_wide = np.array(thing.shape.footprint_m) / 2
    heading = np.radians(place.heading_deg)
    towards = -np.array([place.east_m, place.north_m]) / max(place.distance_m, 1e-9)
    ahead = abs(towards @ np.array([np.sin(heading), np.cos(heading)]))
    aside = abs(towards @ np.array([np.cos(heading), -np.sin(heading)]))
    reach = min(half_long / max(ahead, 1e-9), half_wide / max(aside, 1e-9))
    near = np.array([place.east_m, place.north_m]) + towards * reach
    return Truth(
        thing.label or "",
        place.east_m,
        place.north_m,
        float(near[0]),
        float(near[1]),
        place.heading_deg,
        visible_share,
    )
