"""Which road segments a corridor is of: a name, a drawn line, or a route over the network."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, Select, func, select

from gis_core.analysis.network_density import road_graph
from gis_core.analysis.routing import Place, alongside, shortest_route, travelled_line
from gis_core.analysis.snapping import Network, snap
from gis_core.crs import STORAGE_SRID, lonlat_to_metric, metric_to_lonlat, to_metric
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds, FloatArray
from layers import road_segments
from layers.frames import read_frame
from layers.read import read

_SEGMENT = road_segments.LAYER.table.c
_COLUMNS = (
    _SEGMENT.code.label("segment_code"),
    _SEGMENT.name.label("segment_name"),
    _SEGMENT.length_m,
    _SEGMENT.lanes,
    _SEGMENT.design_speed_kmh,
)
WITHIN_M = 20.0
"""A drawn line may lie so far off its roads."""
ROAD_WITHIN_M = 250.0
"""A route begins and ends on the nearest road, if that is no farther away."""

LonLat = tuple[float, float]


class Chosen(NamedTuple):
    """The segments of a corridor in its order.

    ``segments`` has ``segment_code``, ``segment_name``, ``length_m``, ``lanes`` and
    ``design_speed_kmh``; the last two may be missing.
    """

    name: str
    segments: pd.DataFrame


def named(connection: Connection, corridor: str) -> Chosen:
    """The segments of a corridor of layer ``road_segments``, by code.

    Raises:
        InvalidParameterError: there is no such corridor.
    """
    segments = read_frame(connection, _segments().where(_SEGMENT.corridor == corridor))
    if segments.empty:
        raise InvalidParameterError(
            "corridor", f"there is no {quoted(corridor)}; see 'huegis corridors list'."
        )
    return Chosen(corridor, segments)


def along(connection: Connection, line: shapely.LineString, within_m: float = WITHIN_M) -> Chosen:
    """The segments along a drawn line, in the order in which it passes them.

    Args:
        connection: where to read.
        line: in EPSG:4326.
        within_m: how far a road may lie off the line.

    Raises:
        InvalidParameterError: no road lies along it.
    """
    return roads_along(connection, line, within_m).chosen


class Roads(NamedTuple):
    """Road segments in order, and their lines in EPSG:4326."""

    chosen: Chosen
    lines: Sequence[shapely.LineString]


def roads_along(connection: Connection, line: shapely.LineString, within_m: float) -> Roads:
    """The segments along a drawn line and their lines; see ``along``."""
    path = shapely.transform(line, _metric)
    if not np.isfinite(shapely.get_coordinates(path)).all() or not path.length > 0:
        raise InvalidParameterError("line", "it has no length, or lies outside the grid of EPSG:9214.")
    box = func.ST_MakeEnvelope(*_around(path, within_m), STORAGE_SRID)
    near = roads_where(connection, f"{path.length / 1000:.2f} km", road_segments.LAYER.meets(box))
    lines = np.array(near.lines, dtype=object)
    order = alongside(shapely.transform(lines, _metric), path, within_m=within_m) if len(lines) else ()
    if not len(order):
        raise InvalidParameterError("line", f"no known road lies along it within {within_m:g} m.")
    segments = near.chosen.segments.iloc[order].reset_index(drop=True)
    return Roads(Chosen(near.chosen.name, segments), lines[order].tolist())


def roads_where(connection: Connection, name: str, *conditions: ColumnElement[bool]) -> Roads:
    """The segments that meet conditions, by code, and their lines; ``name`` is what they are called."""
    wkb = func.ST_AsBinary(_SEGMENT.geom, type_=None).label("wkb")
    segments = read_frame(connection, _segments(wkb).where(*conditions))
    lines = shapely.from_wkb([bytes(one) for one in segments.pop("wkb")]).tolist()
    return Roads(Chosen(name, segments), lines)


class Way(NamedTuple):
    """A route over the network: its segments in the order of travel, its length, and its line (EPSG:9214)."""

    codes: list[str]
    length_m: float
    line: shapely.LineString


def between(connection: Connection, start: LonLat, end: LonLat) -> Chosen:
    """The segments of the shortest route between two places, in the order of travel.

    Each place is taken on its nearest road; one-way roads are used their way alone. The first
    and the last segment count whole.

    Raises:
        InvalidParameterError: a place is near no road, or no way leads from one to the other.
    """
    way = way_between(connection, start, end)
    return Chosen(f"{way.length_m / 1000:.2f} km", _in_order(connection, way.codes))


def way_between(
    connection: Connection, start: LonLat, end: LonLat, closed: Collection[str] = frozenset()
) -> Way:
    """The shortest way between two places on roads that are not ``closed``, as for ``between``.

    Raises:
        InvalidParameterError: a place is near no open road, or no open way leads from one to the other.
    """
    roads = read(connection, road_segments.LAYER, columns=("one_way",))
    lines = to_metric(roads.geometry).to_numpy()
    usable = (shapely.length(lines) > 0) & ~roads["code"].isin(closed).to_numpy()
    roads, lines = roads[usable], lines[usable]
    codes = roads["code"].tolist()
    network = Network(codes, lines.tolist())
    first, last = (_place(network, codes, *one) for one in (("from", start), ("to", end)))
    graph = road_graph(lines)
    route = shortest_route(graph, roads["one_way"].to_numpy(bool), first, last)
    line = travelled_line(lines, graph, route, first, last)
    return Way([codes[n] for n in route.edges], route.length_m, line)


def read_line(text: str) -> shapely.LineString:
    """A line in EPSG:4326 from GeoJSON, WKT, or points as ``lon,lat lon,lat …``.

    Raises:
        InvalidParameterError: it is none of these, or no line.
    """
    written = text.strip()
    try:
        if written.startswith("{"):
            shape = shapely.from_geojson(written)
            if isinstance(shape, shapely.GeometryCollection) and len(shape.geoms) == 1:
                shape = shape.geoms[0]
        elif written[:1].isalpha():
            shape = shapely.from_wkt(written)
        else:
            shape = shapely.LineString([_pair(pair) for pair in written.split()])
    except (shapely.errors.ShapelyError, ValueError) as error:
        raise InvalidParameterError("line", f"{quoted(written)} is no line: {error}.") from error
    if not isinstance(shape, shapely.LineString) or shape.is_empty or not shape.is_valid:
        raise InvalidParameterError("line", f"{quoted(written)} is not one line.")
    west, south, east, north = shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise InvalidParameterError(
            "line", f"its points are not degrees of EPSG:{STORAGE_SRID}, lon before lat."
        )
    return shape


def read_place(text: str, parameter: str) -> LonLat:
    """A place as ``lon,lat`` in degrees.

    Raises:
        InvalidParameterError: it is no such pair.
    """
    try:
        lon, lat = _pair(text)
    except ValueError:
        lon, lat = np.nan, np.nan
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise InvalidParameterError(parameter, f"{quoted(text)} is not a place as lon,lat in degrees.")
    return lon, lat


def _around(path: shapely.LineString, within_m: float) -> Bounds:
    """The box in EPSG:4326 of all that lies within reach of a path in metres."""
    # A reach of next to nothing would leave no area at all.
    reach = path.buffer(max(within_m, 0.01))
    degrees = metric_to_lonlat(*shapely.get_coordinates(shapely.box(*reach.bounds)).T)
    (west, south), (east, north) = np.min(degrees, axis=1), np.max(degrees, axis=1)
    return Bounds(float(west), float(south), float(east), float(north))


def _pair(text: str) -> LonLat:
    lon, lat = (float(part) for part in text.split(","))
    return lon, lat


def _segments(*more: ColumnElement[Any]) -> Select[Any]:
    return select(*_COLUMNS, *more).order_by(_SEGMENT.code)


def _metric(degrees: FloatArray) -> FloatArray:
    return np.column_stack(lonlat_to_metric(*degrees.T))


def _in_order(connection: Connection, codes: list[str]) -> pd.DataFrame:
    codes = list(dict.fromkeys(codes))
    rows = read_frame(connection, _segments().where(_SEGMENT.code.in_(codes)))
    return rows.set_index("segment_code").loc[codes].reset_index()


def _place(network: Network, codes: list[str], parameter: str, place: LonLat) -> Place:
    x, y = lonlat_to_metric(np.array([place[0]]), np.array([place[1]]))
    snapped = snap(network, x, y, ROAD_WITHIN_M)
    if snapped.segment[0] < 0:
        raise InvalidParameterError(parameter, f"no known road lies within {ROAD_WITHIN_M:g} m of it.")
    return Place(codes.index(network.codes[snapped.segment[0]]), float(snapped.fraction[0]))
