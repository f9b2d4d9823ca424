"""Things built of tapered boxes, painted panels and round limbs, in their own metres.

Local axes: x forward, y left, z up, with the origin on the ground in the middle of the thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from detectors.training.scenes.scene import Colour
from gis_core.types import BoolArray, FloatArray, IntArray

FRONT, REAR, LEFT, RIGHT, TOP = range(5)

# Corners of a box as signs of (x, y) and 0 or 1 for z, and its faces as corners: each face is
# listed from its lower left corner, seen from outside, so that panels can be placed on it.
_CORNERS = np.array(
    [(1, 1, 0), (1, -1, 0), (-1, -1, 0), (-1, 1, 0), (1, 1, 1), (1, -1, 1), (-1, -1, 1), (-1, 1, 1)], float
)
_FACES = np.array([(1, 0, 4, 5), (3, 2, 6, 7), (0, 3, 7, 4), (2, 1, 5, 6), (7, 6, 5, 4)])


class Lamp(NamedTuple):
    """A light on a thing: its place, its colour, its size, and the way it shines (0, 0: everywhere)."""

    at: tuple[float, float, float]
    colour: Colour
    radius_m: float
    facing: tuple[float, float] = (0.0, 0.0)
    beam_m: float = 0.0


class Shape(NamedTuple):
    """A thing as arrays: quads (m, 4, 3) and limbs (c, 2, 3), each with the part it belongs to.

    Quads that are no ``quad_is_outline`` lie inside others and add nothing to the outline.
    """

    quads: FloatArray
    normals: FloatArray
    quad_colours: FloatArray
    quad_glow: FloatArray
    quad_is_outline: BoolArray
    quad_parts: IntArray
    part_lift_m: FloatArray
    limbs: FloatArray
    limb_radii: FloatArray
    limb_colours: FloatArray
    corners: FloatArray
    lamps: tuple[Lamp, ...]
    footprint_m: tuple[float, float]


@dataclass(slots=True)
class Solid:
    """A thing while it is being put together."""

    length_m: float
    width_m: float
    lamps: list[Lamp] = field(default_factory=list)
    _boxes: list[tuple[float, ...]] = field(default_factory=list)
    _colours: list[Colour] = field(default_factory=list)
    _panels: list[tuple[float, ...]] = field(default_factory=list)
    _panel_colours: list[Colour] = field(default_factory=list)
    _limbs: list[tuple[float, ...]] = field(default_factory=list)
    _limb_colours: list[Colour] = field(default_factory=list)

    def box(
        self,
        at: tuple[float, float, float],
        size: tuple[float, float, float],
        colour: Colour,
        *,
        top: tuple[float, float] = (1.0, 1.0),
        shift: tuple[float, float] = (0.0, 0.0),
        turn_rad: float = 0.0,
        lift_m: float = 0.0,
    ) -> int:
        """A box of a length, width and height on its lower middle; its top is scaled by ``top`` and moved.

        Parts are painted from far to near by their middles; what lies on another part is painted
        after it by counting as ``lift_m`` nearer.
        """
        self._boxes.append((*at, *size, *top, *shift, turn_rad, lift_m))
        self._colours.append(colour)
        return len(self._boxes) - 1

    def panel(
        self,
        box: int,
        face: int,
        area: tuple[float, float, float, float],
        colour: Colour,
        *,
        glow: float = 0.0,
    ) -> None:
        """Paint on a face: ``area`` is left, bottom, right, top as shares of it, ``glow`` its own light."""
        left, bottom, right, top = area
        corners = (left, bottom, right, bottom, right, top, left, top)
        self._panels.append((box, face, *corners, glow, 0.0))
        self._panel_colours.append(colour)

    def disc(
        self, box: int, face: int, middle: tuple[float, float], radius: tuple[float, float], colour: Colour
    ) -> None:
        """A round panel, which may reach over the edge of its face; sizes are shares of the face."""
        turn = np.pi / 8 + np.arange(8) * np.pi / 4
        u, v = middle[0] + radius[0] * np.cos(turn), middle[1] + radius[1] * np.sin(turn)
        for four in ((0, 1, 2, 3), (0, 3, 4, 7), (4, 5, 6, 7)):
            corners = np.column_stack([u, v])[list(four)].ravel().tolist()
            self._panels.append((box, face, *corners, 0.0, 1.0))
            self._panel_colours.append(colour)

    def tyres(
        self, box: int, along: tuple[float, ...], radius_m: float, size_m: tuple[float, float, float]
    ) -> None:
        """Wheels on both sides of a body of ``size_m`` (length, clearance, height above it)."""
        long, clearance, high = size_m
        for share in along:
            for side, at in ((LEFT, 1 - share), (RIGHT, share)):
                middle = (at, (radius_m - clearance) / high)
                for scale, colour in ((1.0, (24.0, 24.0, 26.0)), (0.58, (150.0, 152.0, 156.0))):
                    self.disc(box, side, middle, (radius_m * scale / long, radius_m * scale / high), colour)

    def limb(
        self,
        start: tuple[float, float, float],
        end: tuple[float, float, float],
        radius_start_m: float,
        radius_end_m: float,
        colour: Colour,
    ) -> None:
        """A round limb between two points."""
        self._limbs.append((*start, *end, radius_start_m, radius_end_m))
        self._limb_colours.append(colour)

    def wheel(
        self, x: float, y: float, radius_m: float, width_m: float, colour: Colour = (28, 28, 30)
    ) -> None:
        """An upright wheel that rolls forward."""
        core = self.box((x, y, 0), (radius_m * 0.9, width_m, radius_m * 2), colour)
        for side in (LEFT, RIGHT):
            self.disc(core, side, (0.5, 0.5), (1.12, 0.5), colour)
            self.disc(core, side, (0.5, 0.5), (0.6, 0.27), (120.0, 122.0, 125.0))

    def shape(self) -> Shape:
        """The finished thing."""
        boxes = np.array(self._boxes, float).reshape(-1, 12)
        corners = _box_corners(boxes)
        faces = corners[:, _FACES]
        count = len(corners)
        panels = np.array(self._panels, float).reshape(-1, 12)
        on = faces[panels[:, 0].astype(int), panels[:, 1].astype(int)]
        quads = np.concatenate([faces.reshape(-1, 4, 3), _on_face(on, panels[:, 2:10])])
        parts = np.concatenate([np.repeat(np.arange(count), 5), panels[:, 0].astype(int)])
        colours = np.concatenate(
            [
                np.repeat(np.array(self._colours, float).reshape(-1, 3), 5, axis=0),
                np.array(self._panel_colours, float).reshape(-1, 3),
            ]
        )
        diagonals = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
        normals = np.cross(*diagonals)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        limbs = np.array(self._limbs, float).reshape(-1, 8)
        ends = limbs[:, :6].reshape(-1, 2, 3)
        return Shape(
            quads,
            normals,
            colours,
            np.concatenate([np.zeros(count * 5), panels[:, 10]]),
            np.concatenate([np.ones(count * 5, bool), panels[:, 11] > 0]),
            parts,
            boxes[:, 11],
            ends,
            limbs[:, 6:],
            np.array(self._limb_colours, float).reshape(-1, 3),
            np.concatenate([corners.reshape(-1, 3), ends.reshape(-1, 3)]),
            tuple(self.lamps),
            (self.length_m, self.width_m),
        )


def _box_corners(boxes: FloatArray) -> FloatArray:
    """Corners (n, 8, 3) of boxes (n, 12) as ``Solid.box`` keeps them."""
    middle, size, top, shift = boxes[:, :3], boxes[:, 3:6], boxes[:, 6:8], boxes[:, 8:10]
    up = _CORNERS[None, :, 2:]
    scale = 1 + up * (top[:, None] - 1)
    flat = _CORNERS[None, :, :2] * size[:, None, :2] / 2 * scale + up * shift[:, None]
    turn = boxes[:, 10, None]
    turned = np.stack(
        [
            flat[..., 0] * np.cos(turn) - flat[..., 1] * np.sin(turn),
            flat[..., 0] * np.sin(turn) + flat[..., 1] * np.cos(turn),
        ],
        axis=-1,
    )
    return np.concatenate([turned, up * size[:, None, 2:]], axis=-1) + middle[:, None]


def _on_face(faces: FloatArray, corners: FloatArray) -> FloatArray:
    """Quads (p, 4, 3) with ``corners`` (p, 8: u, v of four) as shares of faces (p, 4, 3)."""
    u, v = corners.reshape(-1, 4, 2, 1).transpose(2, 0, 1, 3)
    lower_left, lower_right, upper_right, upper_left = faces[:, None].transpose(2, 0, 1, 3)
    low = lower_left * (1 - u) + lower_right * u
    high = upper_left * (1 - u) + upper_right * u
    return np.asarray(low * (1 - v) + high * v)
