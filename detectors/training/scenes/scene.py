"""What a drawn scene is, and the classes that drawing, training and detecting share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gis_core.types import FloatArray

CLASSES = (
    "car",
    "motorcycle",
    "bus",
    "truck",
    "bicycle",
    "person",
    "smoke",
    "flame",
    "straw_fire",
    "flood",
    "rubbish",
    "animal",
)
"""The classes of the shipped model, in the order of their numbers.

A ``motorcycle`` or ``bicycle`` is one box around the machine and whoever rides it; ``person``
is somebody on foot. ``smoke`` and ``flame`` belong to forests; a ``straw_fire`` is one box around
the burning line of a field and the dense part of its smoke. A ``flood`` is one box around water
that covers a road.
"""

Image = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]
"""Floating-point numbers of any precision."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in frame pixels."""
Labelled = tuple[str, Box, float]
"""A class, its box, and the share of it that shows."""
Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 255."""


def shade_of(colour: Colour, share: float) -> Colour:
    """A colour, darker or brighter by a factor."""
    return colour[0] * share, colour[1] * share, colour[2] * share


@dataclass(frozen=True, slots=True)
class Truth:
    """One labelled object of a road scene, in metres east and north of the mast's foot.

    ``east_m`` and ``north_m`` are the middle of its footprint; ``near_east_m`` and
    ``near_north_m`` the point of the footprint that the lower edge of an unhidden box shows:
    where the line from the mast to the middle enters the footprint.
    """

    class_name: str
    east_m: float
    north_m: float
    near_east_m: float
    near_north_m: float
    heading_deg: float
    visible_share: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn picture with what stands in it.

    ``image`` is uint8 (h, w, 3) in RGB. ``boxes_px`` is (n, 4): left, top, right, bottom of the
    visible parts in frame pixels from the top left corner. ``ignored_px`` is (m, 4): things too small or too
    hidden to be asked of a detector, with their classes in ``ignored_names``. ``camera`` is the
    pose (``height_m``, ``tilt_deg``, ``azimuth_deg``, ``field_of_view_deg``, ``roll_deg``).
    ``truths`` has an entry for each box of a road scene and None for the others.
    """

    image: Image
    boxes_px: FloatArray
    class_names: tuple[str, ...]
    kind: str
    conditions: dict[str, Any]
    camera: dict[str, float]
    truths: tuple[Truth | None, ...] = ()
    ignored_px: FloatArray = field(default_factory=lambda: np.empty((0, 4)))
    ignored_names: tuple[str, ...] = ()
