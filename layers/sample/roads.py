"""The road network: named roads cut where they meet, with ends that coincide exactly."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import FloatArray
from layers.sample.places import places
from layers.sample.shapes import curve, metric_point
from layers.sample.streets import (
    CITADEL_ACROSS,
    CITADEL_ALONG,
    CITADEL_CORNER,
    CITADEL_JUNCTIONS,
    GATEWAYS,
    JUNCTIONS,
    ROADS,
    Road,
)

_STEP_M = 60.0
_STREET_M = 900.0
"""Junctions nearer than this are joined by straight streets, others by a curve."""
_BEND_M = 1600.0
_WINDING = 0.09
"""Length of a slow road's bends, and their swing as a share of it; a fast road swings a quarter as far."""


def junctions() -> dict[str, tuple[float, float]]:
    """Every junction by its name, longitude and latitude in degrees."""
    named = {place.name: (place.lon, place.lat) for place in places(JUNCTIONS)}
    for column, u in CITADEL_JUNCTIONS["u"].items():
        for row, v in CITADEL_JUNCTIONS["v"].items():
            named[column + row] = (
                CITADEL_CORNER[0] + u * CITADEL_ALONG[0] + v * CITADEL_ACROSS[0],
                CITADEL_CORNER[1] + u * CITADEL_ALONG[1] + v * CITADEL_ACROSS[1],
            )
    return named


def road_layer() -> gpd.GeoDataFrame:
    """The layer ``road_segments``, one row from junction to junction."""
    at = {name: metric_point(*lon_lat) for name, lon_lat in junctions().items()}
    rows: list[dict[str, object]] = []
    for road in ROADS:
        names = road.through.split()
        for start, end, line in _segments(road, names, at):
            rows.append(
                {
                    "code": f"D{len(rows) + 1:03d}",
                    "name": road.name,
                    "ref": road.ref,
                    "road_class": road.road_class,
                    "lanes": road.lanes,
                    "design_speed_kmh": float(road.speed_kmh),
                    "one_way": False,
                    "corridor": road.corridor,
                    "gateway": (start, end) in GATEWAYS or (end, start) in GATEWAYS,
                    "geometry": line,
                }
            )
    return gpd.GeoDataFrame(rows, crs=METRIC_SRID).to_crs(STORAGE_SRID)


def _segments(
    road: Road, names: list[str], at: dict[str, FloatArray]
) -> list[tuple[str, str, shapely.LineString]]:
    points = np.array([at[name] for name in names])
    spacing_m = np.hypot(*np.diff(points, axis=0).T)
    if spacing_m.max() < _STREET_M:
        pairs = zip(names, names[1:], points, points[1:], strict=False)
        return [(start, end, shapely.LineString([here, there])) for start, end, here, there in pairs]
    line, distance = curve(points, _STEP_M)
    knots = np.concatenate([[0], spacing_m.cumsum()])
    line = line + _winding(line, distance, knots) * (_WINDING if road.speed_kmh <= 40 else _WINDING / 4)
    cuts = np.searchsorted(distance, knots)
    line[cuts] = points
    return [
        (names[i], names[i + 1], shapely.LineString(line[cuts[i] : cuts[i + 1] + 1]))
        for i in range(len(cuts) - 1)
    ]


def _winding(line: FloatArray, distance: FloatArray, knots: FloatArray) -> FloatArray:
    """Sideways bends of a road between its junctions, none at them; the slower, the more it winds."""
    part = np.clip(np.searchsorted(knots, distance, side="right") - 1, 0, len(knots) - 2)
    length_m = np.diff(knots)[part]
    along = (distance - knots[part]) / length_m
    bends = np.maximum(1, np.round(length_m / _BEND_M))
    ahead = np.gradient(line, axis=0)
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    swing_m = length_m / bends * np.sin(2 * np.pi * bends * along) * np.sin(np.pi * along)
    swing_m *= np.clip(length_m / _BEND_M - 0.5, 0, 1)
    return np.asarray(aside * swing_m[:, None])
