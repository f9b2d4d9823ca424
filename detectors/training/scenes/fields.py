"""Fields after the harvest: stubble, dykes, straw, and now and then a burning line."""

from __future__ import annotations

import cv2
import numpy as np

from detectors.training.scenes import ground, plumes, roadside, traffic
from detectors.training.scenes.canvas import Canvas, empty
from detectors.training.scenes.light import Light
from detectors.training.scenes.scene import Colour, Labelled
from detectors.training.scenes.solids import Solid
from detectors.training.scenes.stage import Drawn, boxes, by_distance, paint_shadows, paint_things
from detectors.training.scenes.things import Place, SolidThing, Thing
from detectors.training.scenes.view import View

_AHEAD_M = np.array([0.0, 60.0])
"""The middle of the plots."""
_CROPS: tuple[Colour, ...] = (
    (196, 172, 104), (180, 156, 96), (150, 140, 86), (122, 150, 62), (96, 140, 58), (168, 170, 90),
    (118, 104, 78), (136, 146, 150),
)  # fmt: skip


def draw(rng: np.random.Generator, view: View, light: Light, *, burning: bool) -> Drawn:
    """Fields with one to three fires, or with none."""
    board = empty(view, light)
    board.image[:] = ground.sky_picture(rng, view, light)
    crop = _CROPS[int(rng.integers(len(_CROPS)))]
    board.image[view.is_ground] = board.lit_ground(crop).astype(np.uint8)
    _parcels(rng, board)
    ground.roughen(board, rng, rng.uniform(0.2, 0.42))
    ground.haze_ground(board)
    ground.paint_backdrop(board, rng, rng.uniform(300, 700), rng.uniform(6, 14), (82, 104, 70))
    if rng.random() < 0.5:
        ground.paint_backdrop(board, rng, rng.uniform(250, 400), rng.uniform(3, 9), (70, 92, 58))
    crowd = traffic.Crowd(view, 120)
    _people_and_herds(rng, crowd, view)
    things = by_distance([*crowd.things, *_straw(rng, view), *_trees(rng, view)])
    paint_shadows(board, things)
    count = int(rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1])) if burning else 0
    fires = [spot(rng, view, 15, 260) for _ in range(count)]
    for fire in fires:
        _scorch(board, fire)
    marks = paint_things(board, things)
    labels: list[Labelled] = []
    for fire in sorted(fires, key=lambda place: -place.distance_m):
        half_m, rise_m = float(rng.uniform(0.8, 8)), float(rng.uniform(3, 16))
        shown = plumes.burn(rng, board, fire, half_m, rise_m)
        labels += [("straw_fire", shown.whole_px, 1.0)] if shown.whole_px else []
    if not burning:
        _harmless(rng, board)
    return Drawn(view, light, board.image, labels, {"fires": count}, things, boxes(board, marks))


def spot(rng: np.random.Generator, view: View, near_m: float, far_m: float) -> Place:
    """A place on the ground inside the view, not farther than ``far_m`` if the view allows."""
    first, last = view.ground_range_m()
    start = max(near_m, first * 1.2)
    end = max(min(far_m, last * 0.95), start * 1.1)
    distance = float(np.exp(rng.uniform(np.log(start), np.log(end))))
    bearing = np.radians(view.azimuth_deg + rng.uniform(-0.46, 0.46) * view.field_of_view_deg)
    return Place(
        distance * float(np.sin(bearing)), distance * float(np.cos(bearing)), float(rng.uniform(0, 360))
    )


def _parcels(rng: np.random.Generator, board: Canvas) -> None:
    """Plots of different crops, parted by dykes."""
    turn = rng.uniform(0, np.pi)
    wide, long = rng.uniform(12, 45), rng.uniform(30, 110)
    axes = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    limits = (np.arange(-6, 7) * wide, np.arange(-4, 5) * long)
    for left, right in zip(limits[0][:-1], limits[0][1:], strict=True):
        for low, high in zip(limits[1][:-1], limits[1][1:], strict=True):
            if rng.random() < 0.6:
                corners = np.array([(left, low), (right, low), (right, high), (left, high)]) @ axes
                ground.paint_area(board, corners + _AHEAD_M, _CROPS[int(rng.integers(len(_CROPS)))])
    dyke = ground.soil(rng, "grass" if rng.random() < 0.6 else "earth")
    for axis, across in ((0, 1), (1, 0)):
        for at in limits[axis]:
            ends = np.array([axes[axis] * at - axes[across] * 400, axes[axis] * at + axes[across] * 400])
            ground.paint_strip(board, ground.line(ends + _AHEAD_M), (-0.5, 0.5), dyke)
    if rng.random() < 0.5:
        road = ground.line(np.array([axes[0] * 4 - axes[1] * 300, axes[0] * 4 + axes[1] * 300]))
        ground.paint_strip(board, road, (-1.6, 1.6), ground.soil(rng, "concrete"))


def _people_and_herds(rng: np.random.Generator, crowd: traffic.Crowd, view: View) -> None:
    for name, most in (("person", 5), ("animal", 4), ("motorcycle", 3), ("bicycle", 3), ("truck", 2)):
        for _ in range(int(rng.integers(0, most))):
            crowd.add(traffic.any_shape(rng, name), spot(rng, view, 6, 90), name)


def _straw(rng: np.random.Generator, view: View) -> list[Thing]:
    """Heaps and bundles of straw that do not burn."""
    heaps: list[Thing] = []
    for _ in range(int(rng.integers(0, 14))):
        solid = Solid(1.5, 1.5)
        wide = rng.uniform(0.5, 2.2)
        tone = (206.0, 180.0, 110.0) if rng.random() < 0.7 else (150.0, 128.0, 84.0)
        solid.box((0, 0, 0), (wide, wide, wide * rng.uniform(0.5, 1.1)), tone, top=(0.25, 0.25))
        heaps.append(SolidThing(solid.shape(), spot(rng, view, 6, 120)))
    return heaps


def _trees(rng: np.random.Generator, view: View) -> list[Thing]:
    things: list[Thing] = []
    for _ in range(int(rng.integers(0, 6))):
        place = spot(rng, view, 25, 160)
        things += roadside.tree(rng, place.east_m, place.north_m)
    return things


def _scorch(board: Canvas, place: Place) -> None:
    """Black ground where the fire has been."""
    turn = np.linspace(0, 2 * np.pi, 16)
    ring = np.column_stack([np.cos(turn) * 7, np.sin(turn) * 3, np.zeros(16)])
    mask = cv2.GaussianBlur(ground.mask_of(board.view, [place.world(ring)]), (0, 0), 1.5) * np.float32(0.7)
    board.blend(mask, np.array([38.0, 36.0, 34.0]))


def _harmless(rng: np.random.Generator, board: Canvas) -> None:
    """Morning mist over the plots, dust behind a machine, a red flag: nothing burns."""
    view, size = board.view, board.size_px
    for _ in range(int(rng.integers(0, 3))):
        place = spot(rng, view, 40, 300)
        at = view.to_pixels(view.in_camera(np.array([place.east_m, place.north_m, 1.0])))
        wide, tall = rng.uniform(0.2, 0.7) * view.width_px, rng.uniform(0.01, 0.05) * view.height_px
        opacity = plumes.veil(rng, size, (float(at[0]), float(at[1])), wide, tall) * np.float32(0.8)
        dust = rng.random() < 0.3
        board.blend(opacity, np.array((190.0, 160.0, 120.0) if dust else board.light.sky_low))
