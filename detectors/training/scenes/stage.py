"""Things together on the ground of a view: order, occlusion, shadows, reflections and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from detectors.training.scenes.canvas import Canvas
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Box, Image, Labelled, Truth
from detectors.training.scenes.things import Thing
from detectors.training.scenes.view import View
from gis_core.types import FloatArray

_REACH_M = 14.0
"""No thing reaches farther than this from a point 5 m above its place."""


def by_distance(things: Sequence[Thing]) -> list[Thing]:
    """Things from far to near."""
    return sorted(things, key=lambda thing: -thing.place.distance_m)


def by_sight(view: View, things: Sequence[Thing]) -> tuple[list[Thing], list[Thing]]:
    """Things of which something may show in the frame, and the others, which need not be painted."""
    if not things:
        return [], []
    middles = np.array([(thing.place.east_m, thing.place.north_m, 5.0) for thing in things])
    right, down, ahead = view.in_camera(middles).T
    half = np.array([view.width_px, view.height_px]) / 2 / view.focal_px
    margin = _REACH_M * np.hypot(1, half)
    inside = (
        (ahead > -_REACH_M)
        & (abs(right) < half[0] * ahead + margin[0])
        & (abs(down) < half[1] * ahead + margin[1])
    )
    shown: list[Thing] = []
    others: list[Thing] = []
    for thing, may_show in zip(things, inside.tolist(), strict=True):
        (shown if may_show else others).append(thing)
    return shown, others


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a thing was painted: its extent in pixels, and how many pixels it had before others hid it."""

    extent_px: FloatArray
    unhidden: int


def paint_things(canvas: Canvas, things: Sequence[Thing]) -> dict[int, Mark]:
    """Paint things, already from far to near; thing i gets code i + 1. Marks of the labelled ones by i."""
    marks = {}
    for index, thing in enumerate(things):
        extent = thing.paint(canvas, index + 1)
        if extent is not None and thing.label is not None:
            rows, columns = _window(extent, canvas.view)
            marks[index] = Mark(extent, int(np.count_nonzero(canvas.codes[rows, columns] == index + 1)))
    return marks


def _window(extent_px: FloatArray, view: View) -> tuple[slice, slice]:
    """Rows and columns of the frame that an extent touches."""
    left, top = np.maximum(np.floor(extent_px[:2]) - 1, 0).astype(int)
    right = min(int(extent_px[2]) + 2, view.width_px)
    bottom = min(int(extent_px[3]) + 2, view.height_px)
    return slice(top, bottom), slice(left, right)


def paint_shadows(canvas: Canvas, things: Sequence[Thing]) -> None:
    """Darken the ground where things keep the sun off, and a little around their feet."""
    view, light = canvas.view, canvas.light
    if light.shadow <= 0:
        return
    mask = np.zeros((view.height_px, view.width_px), np.uint8)
    for thing in things:
        cast = thing.shadow(light)
        if len(cast) >= 3:
            outline = view.clipped(cast)
            if len(outline) >= 3:
                cv2.fillPoly(mask, [outline.clip(-1e4, 1e4).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2)
    factor = cv2.cvtColor(255 - cv2.convertScaleAbs(soft, alpha=light.shadow), cv2.COLOR_GRAY2RGB)
    cv2.multiply(canvas.image, factor, canvas.image, 1 / 255)


def mirrored(canvas: Canvas, things: Sequence[Thing], level_m: float, sky: Image) -> Image:
    """What a water surface at ``level_m`` reflects: things over a flipped sky, blurred by ripples."""
    reflected = replace(canvas, image=sky.copy())
    for thing in things:
        thing.paint(reflected, -1, level_m)
    return np.asarray(cv2.GaussianBlur(reflected.image, (0, 0), sigmaX=0.8, sigmaY=3.0), np.uint8)


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled thing in the finished picture: its visible box, and how much of it shows."""

    index: int
    box_px: Box
    visible_share: float


def boxes(canvas: Canvas, marks: dict[int, Mark]) -> list[Seen]:
    """Boxes of the visible pixels of all marked things."""
    view = canvas.view
    seen = []
    for index, mark in marks.items():
        rows, columns = _window(mark.extent_px, view)
        shown = canvas.codes[rows, columns] == index + 1
        count = int(np.count_nonzero(shown))
        if count == 0:
            continue
        down, across = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        box = (
            float(columns.start + across[0]),
            float(rows.start + down[0]),
            float(columns.start + across[-1] + 1),
            float(rows.start + down[-1] + 1),
        )
        limits = np.array([view.width_px, view.height_px])
        whole = mark.extent_px[2:] - mark.extent_px[:2]
        inside = np.minimum(mark.extent_px[2:], limits) - np.maximum(mark.extent_px[:2], 0)
        in_frame = float(np.prod(np.maximum(inside, 0) / np.maximum(whole, 1e-6)))
        seen.append(Seen(index, box, in_frame * count / max(mark.unhidden, count)))
    return seen


@dataclass(slots=True)
class Drawn:
    """A painted scene before the camera has had its way with it.

    ``labels`` are of what is no ``Thing``: smoke, flame, water; ``truths``, where given, are theirs.
    """

    view: View
    light: Light
    image: Image
    labels: list[Labelled]
    conditions: dict[str, Any]
    things: list[Thing] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
