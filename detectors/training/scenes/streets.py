"""Streets seen from a mast, painted: ground, roads, water, what lines them and who uses them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.training.scenes import ground, night
from detectors.training.scenes.canvas import Canvas, blend, empty
from detectors.training.scenes.layout import Road, Street
from detectors.training.scenes.scene import Box, Colour, Image, shade_of
from detectors.training.scenes.stage import (
    Seen,
    boxes,
    by_distance,
    by_sight,
    mirrored,
    paint_shadows,
    paint_things,
)
from detectors.training.scenes.textures import screen_noise
from detectors.training.scenes.things import Place, Thing
from gis_core.types import BoolArray


@dataclass(frozen=True, slots=True)
class Painted:
    """A finished street: the picture, its things from far to near, what is seen of them, and the water."""

    board: Canvas
    things: list[Thing]
    seen: list[Seen]
    water: BoolArray | None

    @property
    def image(self) -> Image:
        """The picture."""
        return self.board.image

    @property
    def water_px(self) -> Box | None:
        """Box of the water that shows."""
        return None if self.water is None else ground.bounds_of(self.water)


def paint(rng: np.random.Generator, street: Street) -> Painted:
    """Paint a street as it was put together."""
    view, light = street.view, street.light
    board = empty(view, light)
    sky = ground.sky_picture(rng, view, light)
    board.image[:] = sky
    board.image[view.is_ground] = board.lit_ground(ground.soil(rng, street.verge)).astype(np.uint8)
    if street.verge == "forest":
        # Forest is all light and shade, roads through it are not.
        ground.roughen(board, rng, rng.uniform(0.4, 0.7))
    _paint_roads(rng, board, street)
    ground.roughen(board, rng, rng.uniform(0.12, 0.3))
    ground.haze_ground(board)
    for distance_m, tall_m, tone in street.backdrops or _random_backdrops(rng):
        ground.paint_backdrop(board, rng, distance_m, tall_m, tone)
    things = by_distance(street.things)
    paint_shadows(board, things)
    things, others = by_sight(view, things)
    water = _paint_water(rng, board, street, things, sky)
    if street.wet > 0 and water is None:
        reflected = mirrored(board, things, 0.0, sky)
        gloss = screen_noise(rng, view.width_px, view.height_px, np.array([2.0, 0.8]), 1.6)
        share = np.where(view.is_ground, np.clip(street.wet * (0.5 + 0.35 * gloss), 0, 0.75), 0)
        board.blend(share.astype(np.float32), reflected)
    marks = paint_things(board, things)
    seen = boxes(board, marks)
    if water is not None:
        water &= board.codes == 0
    if light.is_dark:
        # Lamps out of the frame light up what is in it.
        night.light_up(board, [*things, *others], wet=street.wet > 0 or water is not None)
    return Painted(board, things, seen, water)


def _random_backdrops(rng: np.random.Generator) -> list[tuple[float, float, Colour]]:
    """Now and then hills, trees or roofs far behind: distance, height, colour."""
    choice: list[tuple[float, float, Colour]] = [
        (float(rng.uniform(600, 3000)), float(rng.uniform(30, 200)), (96, 112, 110)),
        (float(rng.uniform(180, 450)), float(rng.uniform(4, 14)), (86, 104, 70)),
        (float(rng.uniform(180, 400)), float(rng.uniform(5, 16)), (150, 140, 132)),
    ]
    return [far for far, share in zip(choice, (0.35, 0.6, 0.3), strict=True) if rng.random() < share]


def _paint_roads(rng: np.random.Generator, board: Canvas, street: Street) -> None:
    """Pavements, kerbs, surfaces and markings."""
    paving, kerb = ground.soil(rng, "paving"), ground.soil(rng, "concrete")
    tone = ground.soil(rng, "asphalt" if rng.random() < 0.8 else "concrete")
    for road in street.roads:
        if road.pavement_m > 0:
            edge, half = road.half_width_m + road.pavement_m, road.half_width_m + 0.2
            ground.paint_strip(board, road.middle, (-edge, edge), paving)
            ground.paint_strip(board, road.middle, (-half, half), kerb)
    for road in street.roads:
        surface = tone if road.paved else ground.soil(rng, "earth")
        ground.paint_strip(board, road.middle, (-road.half_width_m, road.half_width_m), surface)
        for _ in range(int(rng.integers(0, 7))):
            _paint_patch(rng, board, road, surface)
    if street.roads[0].paved and rng.random() < 0.85:
        _paint_markings(rng, board, street.roads[0])


def _paint_markings(rng: np.random.Generator, board: Canvas, road: Road) -> None:
    """Centre line, lane lines, and now and then a crossing; worn or fresh."""
    wear = rng.uniform(0.55, 1.0)
    white = (225 * wear + 30, 225 * wear + 30, 220 * wear + 28)
    yellow = (220 * wear + 20, 180 * wear + 20, 60)
    centre = white if rng.random() < 0.6 else yellow
    dash, gap = (2.0, 3.0) if rng.random() < 0.6 else (0.0, 0.0)
    ground.paint_strip(board, road.middle, (-0.08, 0.08), centre, dash_m=dash, gap_m=gap)
    for lane in range(1, road.lanes):
        for side in (-1, 1):
            at = side * lane * road.half_width_m / road.lanes
            ground.paint_strip(board, road.middle, (at - 0.07, at + 0.07), white, dash_m=2.0, gap_m=3.5)
    if rng.random() < 0.3:
        station = road.middle.along_m[-1] * 0.2 + board.view.ground_range_m()[0] + rng.uniform(3, 25)
        for at in np.arange(-road.half_width_m + 0.4, road.half_width_m - 0.4, 1.0):
            corners = ((station, at), (station, at + 0.5), (station + 3, at + 0.5), (station + 3, at))
            ground.paint_area(board, np.array([road.middle.at(*corner)[:2] for corner in corners]), white)


def _paint_patch(rng: np.random.Generator, board: Canvas, road: Road, surface: Colour) -> None:
    """A mended, stained or muddy patch of a road: no rubbish, no water, no animal."""
    station = rng.uniform(0.15, 0.6) * road.middle.along_m[-1]
    east, north, heading = road.middle.at(station, rng.uniform(-1, 1) * road.half_width_m)
    turn = np.linspace(0, 2 * np.pi, 9)[:-1]
    reach = rng.uniform(0.3, 2.2) * rng.uniform(0.6, 1.0, 8)
    stretch = rng.uniform(1, 3)
    local = np.column_stack([np.cos(turn) * reach * stretch, np.sin(turn) * reach, np.zeros(8)])
    polygon = Place(east, north, heading).world(local)
    ground.paint_area(board, polygon, shade_of(surface, rng.uniform(0.6, 1.2)))


def _paint_water(
    rng: np.random.Generator, board: Canvas, street: Street, things: list[Thing], sky: Image
) -> BoolArray | None:
    """Flood water over part of the ground; which pixels it covers."""
    if street.water_m <= 0:
        return None
    view, road = street.view, street.roads[0]
    start, end = street.water_along_m
    inside = (road.middle.along_m >= start) & (road.middle.along_m <= end)
    if inside.sum() < 2:
        return None
    spread = road.half_width_m + road.pavement_m + rng.uniform(0.0, 30.0)
    wavy = 1 + 0.12 * rng.standard_normal(int(inside.sum()))
    left = road.middle.points_m[inside] - (spread * wavy)[:, None] * road.middle.right[inside]
    right = road.middle.points_m[inside] + (spread * wavy[::-1])[:, None] * road.middle.right[inside]
    shore = np.vstack([left, right[::-1]])
    level = np.column_stack([shore, np.full(len(shore), street.water_m)])
    mask = ground.mask_of(view, [level])
    ripples = screen_noise(rng, view.width_px, view.height_px, np.array([2.5, 0.7]), 1.3)
    reflected = mirrored(board, things, street.water_m, sky)
    mirror = np.clip(0.85 + 1.3 * view.rise + 0.12 * ripples, 0.12, 0.9).astype(np.float32)
    mud = board.lit_ground(street.water_colour).astype(np.float32)
    rippled = mud * (1 + np.float32(0.06) * ripples)[..., None]
    blend(reflected, 1 - mirror, rippled)
    board.blend(mask, reflected)
    return np.asarray(mask > 0.5)
