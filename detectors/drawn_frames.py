"""Frames drawn for some cameras of the sample, as each of them would see its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import geopandas as gpd
import numpy as np
import shapely

from detectors.base import Frame
from detectors.training.scenes import Standing, Strip, draw_for_camera
from detectors.watched import WatchedCamera
from gis_core.config import Settings
from gis_core.crs import to_metric
from gis_core.georeference import PinholeCamera
from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray
from layers.georeferencing import Stand, stated_camera

SIZE_PX = (640, 384)
_STEP = timedelta(seconds=20)
_LANE_M = 3.5
_USUAL_LANES = 2
_ROADS_WITHIN_M = 250.0
_CLASSES = {"motorcycle": 0.62, "car": 0.26, "truck": 0.05, "bus": 0.03, "bicycle": 0.04}
_VEHICLES = 9
_FIRST_M = 14.0
_FARTHEST = 0.55
"""Vehicles stand within this share of a camera's range: farther ones are a few pixels."""
_TRIES = 400
_DAY_H = (6, 18)


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """A frame with the true places of what it shows: classes, and EPSG:9214 positions (n, 2)."""

    frame: Frame
    class_names: tuple[str, ...]
    positions_m: FloatArray


def draw_frames(
    camera: WatchedCamera,
    roads: gpd.GeoDataFrame,
    settings: Settings,
    *,
    seed: int,
    first_at: datetime,
    count: int,
) -> list[DrawnFrame]:
    """Some frames of a camera, a few seconds apart.

    Traffic and flood cameras see the roads about them, level and straight ahead of the mast as
    they are on the map; towers and poles see smoke, where the terrain that they look at shows it.

    Args:
        camera: with the pose that layer ``cameras`` states.
        roads: segments in EPSG:4326 with ``lanes``.
        settings: those in force.
        seed: of everything that is drawn.
        first_at: when the first frame was taken, aware.
        count: of frames.
    """
    drawn = []
    for number in range(count):
        rng = np.random.default_rng([seed, int(camera.stand.code.rpartition("-")[2] or 0), number])
        scene = _scene(camera, roads, rng, settings, _mood(first_at))
        if scene is not None:
            drawn.append(_frame(camera.stand, scene, first_at + number * _STEP))
    return drawn


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is to be drawn, in metres from the mast's foot."""

    seed: int
    height_m: float
    things: tuple[Standing, ...]
    roads: tuple[Strip, ...] = ()
    surroundings: str = "town"
    mood: str = "overcast"
    water_m: float = 0.0


def _mood(at: datetime) -> str:
    """The light of the hour."""
    return "overcast" if _DAY_H[0] <= at.astimezone(LOCAL_ZONE).hour < _DAY_H[1] else "night"


def _scene(
    camera: WatchedCamera,
    roads: gpd.GeoDataFrame,
    rng: np.random.Generator,
    settings: Settings,
    mood: str,
) -> _Scene | None:
    seed = int(rng.integers(2**31))
    stand = camera.stand
    if camera.purpose in {"traffic", "flood"}:
        strips = tuple(_strips(stand, roads))
        if not strips:
            return None
        flooded = camera.purpose == "flood"
        things = () if flooded else tuple(_traffic(stand, strips[0], rng))
        return _Scene(seed, stand.mast_height_m, things, strips, mood=mood, water_m=0.35 if flooded else 0.0)
    kind, surroundings, size_m, reach_m = (
        ("smoke", "forest", 120.0, (1_200.0, 3_000.0))
        if camera.purpose == "forest"
        else ("straw_fire", "fields", 14.0, (90.0, 350.0))
    )
    place = _place_in_view(stand, reach_m, rng, settings)
    if place is None:
        return None
    east_m, north_m, above_m = place
    burning = Standing(kind, east_m, north_m, size_m=size_m)
    return _Scene(seed, above_m, (burning,), surroundings=surroundings, mood=mood)


def _frame(stand: Stand, scene: _Scene, taken_at: datetime) -> DrawnFrame:
    drawn, truths = draw_for_camera(
        scene.seed,
        scene.height_m,
        stand.tilt_deg,
        stand.field_of_view_deg,
        SIZE_PX,
        vehicles=scene.things,
        azimuth_deg=stand.heading_deg,
        roads=scene.roads,
        surroundings=scene.surroundings,
        mood=scene.mood,
        water_m=scene.water_m,
    )
    near = np.array([(truth.near_east_m, truth.near_north_m) for truth in truths], float).reshape(-1, 2)
    return DrawnFrame(
        Frame(stand.code, taken_at, *SIZE_PX, drawn.image),
        tuple(truth.class_name for truth in truths),
        near + np.array([stand.x, stand.y]),
    )


def _strips(stand: Stand, roads: gpd.GeoDataFrame) -> Iterable[Strip]:
    """The roads near a mast, the nearest one first."""
    here = np.array([stand.x, stand.y])
    lines, lanes = to_metric(roads.geometry).to_numpy(), roads["lanes"].fillna(_USUAL_LANES).to_numpy(float)
    away_m = shapely.distance(lines, shapely.Point(here))
    around = shapely.Point(here).buffer(_ROADS_WITHIN_M)
    for index in np.argsort(away_m, kind="stable"):
        if away_m[index] > _ROADS_WITHIN_M / 2:
            return
        part = shapely.intersection(lines[index], around)
        for piece in shapely.get_parts(part):
            points = shapely.get_coordinates(piece)
            if len(points) >= 2:
                yield Strip(points - here, _LANE_M * float(lanes[index]))


def _traffic(stand: Stand, road: Strip, rng: np.random.Generator) -> Iterable[Standing]:
    """Vehicles on the road ahead of a camera, each on its own half, a few metres apart."""
    middle = shapely.LineString(road.points_m)
    ahead = np.radians(stand.heading_deg)
    axis = np.array([np.sin(ahead), np.cos(ahead)])
    taken: list[FloatArray] = []
    for _ in range(_TRIES):
        at_m = rng.uniform(0, middle.length)
        here, there = (
            shapely.get_coordinates(middle.interpolate(at_m + step)).ravel() for step in (-0.5, 0.5)
        )
        along = (there - here) / max(float(np.hypot(*(there - here))), 1e-6)
        # Traffic keeps to the right.
        way = along * rng.choice([-1, 1])
        right = np.array([way[1], -way[0]])
        place = (here + there) / 2 + right * rng.uniform(0.2, 0.4) * road.width_m
        distance_m = float(np.hypot(*place))
        seen = _FIRST_M < distance_m < _FARTHEST * stand.range_m and place @ axis > 0.85 * distance_m
        if seen and all(np.hypot(*(place - other)) > 6.0 for other in taken):
            taken.append(place)
            heading = float(np.degrees(np.arctan2(way[0], way[1])) % 360)
            kind = str(rng.choice(list(_CLASSES), p=list(_CLASSES.values())))
            yield Standing(kind, float(place[0]), float(place[1]), heading)
        if len(taken) == _VEHICLES:
            return


def _place_in_view(
    stand: Stand, reach_m: tuple[float, float], rng: np.random.Generator, settings: Settings
) -> tuple[float, float, float] | None:
    """A place on the terrain that the camera sees: metres east and north of its foot, and below the lens.

    Drawn over level ground so far below the lens, the place has the pixel that it has over the terrain.
    """
    camera: PinholeCamera = stated_camera(stand, SIZE_PX, settings)
    if camera.ground is None:
        return None
    width, height = SIZE_PX
    u, v = rng.uniform(0.2, 0.8, _TRIES) * width, rng.uniform(0.05, 0.9, _TRIES) * height
    found = camera.locate(u, v)
    away_m = np.hypot(found.x - stand.x, found.y - stand.y)
    for index in np.flatnonzero((away_m > reach_m[0]) & (away_m < reach_m[1])):
        x, y = found.x[index : index + 1], found.y[index : index + 1]
        above_m = camera.pose.z_m - float(camera.ground.sample(x, y)[0])
        if above_m > 2:
            return float(x[0] - stand.x), float(y[0] - stand.y), above_m
    return None
