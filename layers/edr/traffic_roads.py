"""Which road segments a question about traffic is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, func, select

from gis_core.crs import STORAGE_SRID, lonlat_to_metric
from gis_core.types import FloatArray
from layers import cameras, road_segments
from layers.corridor_choice import Chosen, Roads, roads_along, roads_where
from layers.edr.base import Location, Question, around

_NEAR_M = 100.0
"""At a position the nearest watched segment answers, if it is no farther away."""
_PASSED_WITHIN_M = 25.0
"""A trajectory may lie so far off the roads that it follows."""
_SEGMENT = road_segments.LAYER.table.c
_CAMERA = cameras.LAYER.table.c
_WATCHED = _SEGMENT.code.in_(select(_CAMERA.road_segment_code))


def roads_of(connection: Connection, question: Question) -> Roads:
    """The segments along a line, or those with a camera at a place or in an area; there may be none.

    Raises:
        InvalidParameterError: no road lies along the line.
    """
    if question.query in ("corridor", "trajectory"):
        within_m = question.width_m / 2 if question.query == "corridor" else _PASSED_WITHIN_M
        return roads_along(connection, shapely.force_2d(question.shape), within_m)
    if question.query == "position":
        return _together([_nearest(connection, point) for point in shapely.get_parts(question.shape)])
    meets = road_segments.LAYER.meets(_literal(question.shape))
    return roads_where(connection, question.query, _WATCHED, meets)


def named_roads(connection: Connection, name: str) -> Roads | None:
    """The segments of a corridor by its name, or one by its code; None where there is neither."""
    for condition in (_SEGMENT.corridor == name, _SEGMENT.code == name):
        found = roads_where(connection, name, condition)
        if found.lines:
            return found
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


def _nearest(connection: Connection, point: shapely.Point) -> Roads:
    """The watched segment that is nearest; none where none is near enough."""
    reach = _literal(around(point, _NEAR_M))
    found = roads_where(connection, "position", _WATCHED, road_segments.LAYER.meets(reach))
    if not found.lines:
        return found
    lines = shapely.transform(np.array(found.lines, dtype=object), _metric)
    number = int(np.argmin(shapely.distance(lines, shapely.transform(point, _metric))))
    segments = found.chosen.segments.iloc[[number]].reset_index(drop=True)
    return Roads(Chosen("position", segments), [found.lines[number]])


def _together(some: Sequence[Roads]) -> Roads:
    """All of them in order, each once."""
    segments = pd.concat([roads.chosen.segments for roads in some], ignore_index=True)
    lines = [line for roads in some for line in roads.lines]
    once = np.flatnonzero(~segments["segment_code"].duplicated())
    return Roads(
        Chosen(some[0].chosen.name, segments.iloc[once].reset_index(drop=True)), [lines[n] for n in once]
    )


def _metric(degrees: FloatArray) -> FloatArray:
    return np.column_stack(lonlat_to_metric(*degrees.T))


def _literal(shape: shapely.Geometry) -> ColumnElement[object]:
    located = shapely.set_srid(shapely.force_2d(shape), STORAGE_SRID)
    return func.ST_GeomFromEWKB(shapely.to_wkb(located, include_srid=True))
