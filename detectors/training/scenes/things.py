"""What stands in a scene, and how it is painted: solid shapes and crowns of leaves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from detectors.training.scenes.canvas import SUBPIXEL_BITS, Canvas, blend, subpixels
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Colour
from detectors.training.scenes.solids import Lamp, Shape
from detectors.training.scenes.textures import FOLIAGE_PX, foliage
from detectors.training.scenes.view import NEAR_M, View
from gis_core.types import BoolArray, FloatArray

_HALF_TURN = np.linspace(0, np.pi, 7)
_RAGGED = np.linspace(0, 2 * np.pi, 28)[:-1]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands, in metres east and north of the mast's foot, and the way it faces."""

    east_m: float
    north_m: float
    heading_deg: float = 0.0
    up_m: float = 0.0

    @property
    def distance_m(self) -> float:
        """From the mast's foot."""
        return math.hypot(self.east_m, self.north_m)

    def world(self, local: FloatArray) -> FloatArray:
        """Local points (…, 3: forward, left, up) in the world."""
        sine, cosine = math.sin(math.radians(self.heading_deg)), math.cos(math.radians(self.heading_deg))
        axes = np.array([[sine, cosine, 0.0], [-cosine, sine, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(local @ axes + np.array([self.east_m, self.north_m, self.up_m]))


class Thing(Protocol):
    """What can stand in a scene."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        ...

    @property
    def label(self) -> str | None:
        """Its class, if it is to be found."""
        ...

    def paint(self, canvas: Canvas, code: int, mirror_m: float | None = None) -> FloatArray | None:
        """Paint it; with ``mirror_m`` its image in water that stands at that height.

        Returns left, top, right, bottom in pixels, which may reach out of the frame; None where
        nothing was painted.
        """
        ...

    def shadow(self, light: Light) -> FloatArray:
        """The outline (n, 3) of its shadow on the ground; n may be 0."""
        ...


@dataclass(frozen=True, slots=True)
class SolidThing:
    """A shape at its place. What lies below ``sunk_m`` is under water."""

    shape: Shape
    place: Place
    label: str | None = None
    sunk_m: float = 0.0

    def paint(self, canvas: Canvas, code: int, mirror_m: float | None = None) -> FloatArray | None:
        view, light = canvas.view, canvas.light
        shape = self.shape
        quads, limbs = self._placed(shape.quads, mirror_m), self._placed(shape.limbs, mirror_m)
        in_view, limbs_in_view = view.in_camera(quads), view.in_camera(limbs)
        if min(in_view[..., 2].min(initial=np.inf), limbs_in_view[..., 2].min(initial=np.inf)) < NEAR_M:
            return None
        flat = view.to_pixels(in_view)
        rounded, raised = _limb_outlines(view, limbs_in_view, shape.limb_radii)
        points = np.concatenate([flat.reshape(-1, 2), rounded.reshape(-1, 2)])
        extent = np.concatenate([points.min(axis=0), points.max(axis=0)])
        if extent[2] <= 0 or extent[3] <= 0 or extent[0] >= view.width_px or extent[1] >= view.height_px:
            return None
        shown, colours, nearness = self._surfaces(view, light, quads, mirror_m)
        lightness = float(light.ambient + 0.45 * light.direct)
        round_colours = light.hazed(
            shape.limb_colours * light.tint * lightness, np.full(len(limbs), self.place.distance_m)
        )
        limb_nearness = -np.linalg.norm(limbs.mean(axis=1) - [0.0, 0.0, view.height_m], axis=1)
        order = np.argsort(np.concatenate([nearness, limb_nearness]), kind="stable").tolist()
        panes, tubes, ridges = subpixels(flat), subpixels(rounded), subpixels(raised)
        paints = colours.clip(0, 255).tolist()
        under = (round_colours * 0.8).clip(0, 255).tolist()
        over = (round_colours * 1.12).clip(0, 255).tolist()
        outlines = shape.quad_is_outline & (code >= 0)
        image, codes, count = canvas.image, canvas.codes, len(quads)
        for index in order:
            if index < count:
                if shown[index]:
                    cv2.fillConvexPoly(image, panes[index], paints[index], cv2.LINE_AA, SUBPIXEL_BITS)
                    if outlines[index]:
                        cv2.fillConvexPoly(codes, panes[index], code, cv2.LINE_8, SUBPIXEL_BITS)
                continue
            limb = index - count
            cv2.fillConvexPoly(image, tubes[limb], under[limb], cv2.LINE_AA, SUBPIXEL_BITS)
            cv2.fillConvexPoly(image, ridges[limb], over[limb], cv2.LINE_AA, SUBPIXEL_BITS)
            if code >= 0:
                cv2.fillConvexPoly(codes, tubes[limb], code, cv2.LINE_8, SUBPIXEL_BITS)
        return extent

    def _placed(self, local: FloatArray, mirror_m: float | None) -> FloatArray:
        """Local points in the world, out of the water, or mirrored by it."""
        world = self.place.world(local)
        if self.sunk_m > 0:
            world[..., 2] = np.maximum(world[..., 2], self.sunk_m)
        if mirror_m is not None:
            world[..., 2] = 2 * mirror_m - world[..., 2]
        return world

    def _surfaces(
        self, view: View, light: Light, quads: FloatArray, mirror_m: float | None
    ) -> tuple[BoolArray, FloatArray, FloatArray]:
        """Of each quad: whether it faces the lens, its colour, and how near its part is."""
        shape = self.shape
        normals = Place(0, 0, self.place.heading_deg).world(shape.normals)
        if mirror_m is not None:
            normals[:, 2] *= -1
        towards = np.array([0.0, 0.0, view.height_m]) - quads.mean(axis=1)
        distance = np.linalg.norm(towards, axis=1)
        shade = light.shade(normals)
        if light.is_dark:
            shade = np.maximum(shade, shape.quad_glow * 1.2)
        lit = shade[:, None] * shape.quad_colours * light.tint
        part_count = len(shape.part_lift_m)
        sums = np.bincount(shape.quad_parts, distance, part_count)
        part_distance = sums / np.bincount(shape.quad_parts, minlength=part_count) - shape.part_lift_m
        hazed = light.hazed(lit, np.full(len(lit), self.place.distance_m))
        return np.einsum("ij,ij->i", normals, towards) > 0, hazed, -part_distance[shape.quad_parts]

    def shadow(self, light: Light) -> FloatArray:
        if not _casts(light):
            return np.empty((0, 3))
        thrown = _thrown(self.place.world(self.shape.corners), light)
        hull = cv2.convexHull(thrown[:, :2].astype(np.float32))[:, 0]
        return np.column_stack([hull, np.zeros(len(hull))])

    def lamps(self) -> list[tuple[Lamp, FloatArray, FloatArray]]:
        """Each lamp with its place in the world (3,) and the way it shines (2,)."""
        return [
            (
                lamp,
                self.place.world(np.array(lamp.at)),
                Place(0, 0, self.place.heading_deg).world(np.array([*lamp.facing, 0.0]))[:2],
            )
            for lamp in self.shape.lamps
        ]


def _limb_outlines(view: View, limbs: FloatArray, radii: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outlines (c, 14, 2) in pixels of limbs (c, 2, 3) in camera metres, and of their lit upper sides."""
    ends = view.to_pixels(limbs)
    radius = radii / limbs[..., 2] * view.focal_px
    along = ends[:, 1] - ends[:, 0]
    turn = np.arctan2(along[:, 1], along[:, 0])[:, None] - np.pi / 2 + _HALF_TURN
    arc = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    # The first end has the same half circle, turned round.
    arcs = np.stack([-arc, arc], axis=1)
    outline = (ends[:, :, None] + radius[..., None, None] * arcs)[:, ::-1].reshape(-1, 14, 2)
    raised = ends - radius[..., None] * np.array([0.15, 0.3])
    upper = (raised[:, :, None] + 0.62 * radius[..., None, None] * arcs)[:, ::-1].reshape(-1, 14, 2)
    return outline, upper


def _casts(light: Light) -> bool:
    """Whether the sun is strong and high enough for shadows."""
    return light.shadow > 0 and bool(light.sun[2] >= 0.05)


def _thrown(points: FloatArray, light: Light) -> FloatArray:
    """World points on the ground, along the sun's rays."""
    return np.asarray(points - points[:, 2:] * (light.sun / light.sun[2]))


@dataclass(frozen=True, slots=True)
class Crown:
    """A sprite of leaves that faces the camera, its lower middle at ``place``."""

    kind: str
    number: int
    place: Place
    width_m: float
    tall_m: float
    colour: Colour
    label: str | None = None

    def paint(self, canvas: Canvas, code: int, mirror_m: float | None = None) -> FloatArray | None:
        view, light = canvas.view, canvas.light
        middle_m = self.place.up_m + self.tall_m / 2
        if mirror_m is not None:
            middle_m = 2 * mirror_m - middle_m
        at = view.in_camera(np.array([self.place.east_m, self.place.north_m, middle_m]))
        if at[2] < 2 * NEAR_M:
            return None
        centre = view.to_pixels(at)
        scale = view.focal_px / at[2]
        size = np.array([self.width_m, self.tall_m]) * scale
        low, high = centre - size / 2, centre + size / 2
        limits = np.array([view.width_px, view.height_px])
        left, top = np.maximum(np.floor(low), 0).astype(int)
        right, bottom = np.minimum(np.ceil(high), limits).astype(int)
        if right - left < 1 or bottom - top < 1 or size.max() > 4000:
            return None
        sprite = foliage(self.kind, self.number)
        if mirror_m is not None:
            sprite = sprite[::-1]
        step = FOLIAGE_PX / size
        matrix = np.array(
            [[step[0], 0, (left - low[0]) * step[0]], [0, step[1], (top - low[1]) * step[1]]], np.float32
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        part = cv2.warpAffine(np.ascontiguousarray(sprite), matrix, (right - left, bottom - top), flags=flags)
        brightness, opacity = np.asarray(part, np.float32).transpose(2, 0, 1)
        clear = np.exp(-self.place.distance_m / light.haze_m)
        full = np.array(self.colour) * light.tint * (light.ambient + light.direct) * clear
        veil = light.haze_colour * (1 - clear)
        colours = brightness[..., None] * full.astype(np.float32) + veil.astype(np.float32)
        blend(canvas.image[top:bottom, left:right], opacity, colours)
        if code >= 0:
            canvas.codes[top:bottom, left:right][opacity > 0.5] = code
        return np.concatenate([low, high])

    def shadow(self, light: Light) -> FloatArray:
        if not _casts(light):
            return np.empty((0, 3))
        # Leaves let light through at the edge, and no two crowns alike.
        ragged = 0.36 + 0.05 * np.sin(_RAGGED * (5 + self.number) + self.place.east_m)
        ragged += 0.05 * np.sin(_RAGGED * (11 - self.number) + self.place.north_m)
        ring = np.column_stack([np.cos(_RAGGED) * ragged, np.sin(_RAGGED) * ragged]) * self.width_m
        middle = np.array([self.place.east_m, self.place.north_m])
        points = np.column_stack([ring + middle, np.full(len(ring), self.place.up_m + self.tall_m * 0.45)])
        return _thrown(points, light)
