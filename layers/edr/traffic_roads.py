"""Which road segments a question about traffic is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, func, select

from gis_core.crs import STORAGE_SRID, lonlat_to_metric, to_metric
from layers import cameras, road_segments
from layers.corridor_choice import Chosen, along
from layers.edr.base import Location, Question, around
from layers.read import read

_NEAR_M = 100.0
"""At a position the nearest watched segment answers, if it is no farther away."""
_PASSED_WITHIN_M = 25.0
"""A trajectory may lie so far off the roads that it follows."""
_SEGMENT = road_segments.LAYER.table.c
_CAMERA = cameras.LAYER.table.c
_COLUMNS = ("name", "length_m", "lanes", "design_speed_kmh")


class Roads(NamedTuple):
    """Road segments in order, and their lines in EPSG:4326."""

    chosen: Chosen
    lines: Sequence[shapely.LineString]


def roads_of(connection: Connection, question: Question) -> Roads:
    """The segments along a line, or those with a camera at a place or in an area; there may be none.

    Raises:
        InvalidParameterError: no road lies along the line.
    """
    if question.query in ("corridor", "trajectory"):
        within_m = question.width_m / 2 if question.query == "corridor" else _PASSED_WITHIN_M
        chosen = along(connection, shapely.force_2d(question.shape), within_m)
        codes = chosen.segments["segment_code"].tolist()
        found = read(connection, road_segments.LAYER, _SEGMENT.code.in_(codes), columns=())
        return Roads(chosen, found.set_index("code").geometry.loc[codes].tolist())
    if question.query == "position":
        points = shapely.get_parts(question.shape)
        return _in_order(pd.concat([_nearest(connection, point) for point in points]), "position")
    found = _watched(connection, road_segments.LAYER.meets(_literal(question.shape)))
    return _in_order(found, question.query)


def named_roads(connection: Connection, name: str) -> Roads | None:
    """The segments of a corridor by its name, or one by its code; None where there is neither."""
    for condition in (_SEGMENT.corridor == name, _SEGMENT.code == name):
        found = read(connection, road_segments.LAYER, condition, columns=_COLUMNS)
        if not found.empty:
            return _in_order(found, name)
    return None


def corridor_locations(connection: Connection, area: shapely.Geometry | None) -> list[Location]:
    """The corridors by name, or those that meet an area."""
    shape = func.ST_AsBinary(func.ST_LineMerge(func.ST_Collect(_SEGMENT.geom, type_=None), type_=None))
    query = (
        select(_SEGMENT.corridor, shape)
        .where(_SEGMENT.corridor.is_not(None))
        .group_by(_SEGMENT.corridor)
        .order_by(_SEGMENT.corridor)
    )
    found = [Location(name, name, shapely.from_wkb(bytes(line))) for name, line in connection.execute(query)]
    return [one for one in found if area is None or shapely.intersects(one.shape, area)]


def middle(line: shapely.Geometry) -> shapely.Point:
    """The place on a line, or on several that belong together, that stands for it."""
    if isinstance(line, shapely.LineString):
        return line.interpolate(0.5, normalized=True)
    return shapely.shortest_line(line, line.centroid).interpolate(0)


def _nearest(connection: Connection, point: shapely.Point) -> gpd.GeoDataFrame:
    found = _watched(connection, road_segments.LAYER.meets(_literal(around(point, _NEAR_M))))
    if found.empty:
        return found
    place = shapely.points(*lonlat_to_metric(np.array([point.x]), np.array([point.y])))[0]
    return found.iloc[[int(np.argmin(to_metric(found.geometry).distance(place)))]]


def _watched(connection: Connection, condition: ColumnElement[bool]) -> gpd.GeoDataFrame:
    watched = _SEGMENT.code.in_(select(_CAMERA.road_segment_code))
    return read(connection, road_segments.LAYER, watched, condition, columns=_COLUMNS)


def _in_order(segments: gpd.GeoDataFrame, name: str) -> Roads:
    once = segments.drop_duplicates("code").reset_index(drop=True)
    named = pd.DataFrame(once.drop(columns="geometry")).rename(
        columns={"code": "segment_code", "name": "segment_name"}
    )
    return Roads(Chosen(name, named), list(once.geometry))


def _literal(shape: shapely.Geometry) -> ColumnElement[object]:
    located = shapely.set_srid(shapely.force_2d(shape), STORAGE_SRID)
    return func.ST_GeomFromEWKB(shapely.to_wkb(located, include_srid=True))
