"""Ways along a road network: the shortest route between two places, and the roads along a drawn line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely.ops import substring

from gis_core.analysis.network_density import RoadGraph
from gis_core.errors import InvalidParameterError
from gis_core.types import BoolArray, FloatArray, IntArray

_LEAST_M = 1e-6
"""A matrix of ways keeps no zeros, and a way to the very place one stands on is as good as none."""


class Place(NamedTuple):
    """A place on a network: its edge, and how far along that, from 0 to 1."""

    edge: int
    fraction: float


class Route(NamedTuple):
    """The edges of a route in the order of travel, the first and last perhaps only in part."""

    edges: list[int]
    length_m: float


def shortest_route(graph: RoadGraph, one_way: BoolArray, start: Place, end: Place) -> Route:
    """The shortest way from one place to another (Dijkstra, by ``scipy.sparse.csgraph``).

    Args:
        graph: the network.
        one_way: edges that may be used in their drawn direction alone, shape (edges,).
        start: where the route begins.
        end: where it ends.

    Raises:
        InvalidParameterError: no way leads from one to the other.
    """
    begin, goal = graph.node_count, graph.node_count + 1
    (tail, head), both = graph.ends.T, ~one_way
    every = np.arange(len(graph.length_m))
    ways = [(tail, head, graph.length_m, every), (head[both], tail[both], graph.length_m[both], every[both])]
    for place, outward in ((start, True), (end, False)):
        node = begin if outward else goal
        length_m, whole_way = graph.length_m[place.edge], not one_way[place.edge]
        before_m, after_m = place.fraction * length_m, (1 - place.fraction) * length_m
        first, last = graph.ends[place.edge]
        if outward:
            ways.append(_way(node, last, after_m, place.edge))
            ways += [_way(node, first, before_m, place.edge)] if whole_way else []
        else:
            ways.append(_way(first, node, before_m, place.edge))
            ways += [_way(last, node, after_m, place.edge)] if whole_way else []
    if start.edge == end.edge and (end.fraction >= start.fraction or not one_way[start.edge]):
        between_m = abs(end.fraction - start.fraction) * graph.length_m[start.edge]
        ways.append(_way(begin, goal, between_m, start.edge))
    return _travelled(ways, goal + 1, begin, goal)


def travelled_line(
    lines: NDArray[np.object_], graph: RoadGraph, route: Route, start: Place, end: Place
) -> shapely.LineString:
    """The line of a route in the direction of travel, from its place of departure to that of arrival.

    Args:
        lines: the edges in metres, shape (edges,).
        graph: of those lines.
        route: of ``shortest_route``.
        start: where it begins.
        end: where it ends.
    """
    edges = route.edges
    if len(edges) == 1:
        part = _stretch(lines[edges[0]], start.fraction, end.fraction)
        # A road that begins where it ends may be the shorter way round.
        if part.length <= route.length_m + _LEAST_M:
            return part
    node = _exit(graph, edges, start)
    parts = [_stretch(lines[edges[0]], start.fraction, _fraction_at(graph, edges[0], node, start.fraction))]
    for edge in edges[1:-1]:
        forward = graph.ends[edge][0] == node
        parts.append(_stretch(lines[edge], 0.0, 1.0) if forward else _stretch(lines[edge], 1.0, 0.0))
        node = int(graph.ends[edge][1 if forward else 0])
    begin = _fraction_at(graph, edges[-1], node, end.fraction)
    parts.append(_stretch(lines[edges[-1]], begin, end.fraction))
    whole = shapely.LineString(np.concatenate([shapely.get_coordinates(part) for part in parts]))
    return shapely.remove_repeated_points(whole, _LEAST_M)


def _stretch(line: shapely.LineString, begin: float, end: float) -> shapely.LineString:
    """Part of a line between two fractions, turned round where it goes back."""
    return substring(line, begin, end, normalized=True)


def _exit(graph: RoadGraph, edges: list[int], start: Place) -> int:
    """The node at which a route leaves its first edge; of both its ends the nearer one."""
    ends = [int(node) for node in graph.ends[edges[0]]]
    if len(edges) > 1:
        shared = [node for node in ends if node in graph.ends[edges[1]]]
        ends = shared or ends
    if len(ends) == 2 and start.fraction > 0.5:
        return ends[1]
    return ends[0]


def _fraction_at(graph: RoadGraph, edge: int, node: int, other: float) -> float:
    """Where on an edge a node is, 0 or 1; of a loop's two ends that nearer to another place on it."""
    first, last = graph.ends[edge]
    if first == last:
        return float(round(other))
    return 0.0 if first == node else 1.0


def alongside(
    lines: NDArray[np.object_], path: shapely.LineString, *, within_m: float, turn_deg: float = 30.0
) -> IntArray:
    """Roads that lie along a drawn line, in the order in which it passes them.

    Most of a road (four fifths) has to lie within reach of the line, and it has to run its way:
    from one end of the road to the other the line advances by at least the cosine of ``turn_deg``
    of the distance between them, so that what merely crosses it does not belong to it.

    Args:
        lines: roads in metres, shape (n,).
        path: the drawn line in metres.
        within_m: how far a road may lie off the line.
        turn_deg: how far it may turn from it.

    Returns:
        Indices into ``lines``.
    """
    near = shapely.STRtree(lines).query(path, predicate="dwithin", distance=within_m)
    candidates = lines[near]
    shapely.prepare(path)
    inside_m = shapely.length(shapely.intersection(candidates, path.buffer(within_m)))
    ends = [shapely.get_point(candidates, end) for end in (0, -1)]
    places = [shapely.line_locate_point(path, end) for end in ends]
    advance_m = np.abs(places[1] - places[0])
    apart_m = shapely.distance(*ends)
    runs = (apart_m > 0) & (advance_m >= np.cos(np.radians(turn_deg)) * apart_m)
    chosen = runs & (inside_m >= 0.8 * shapely.length(candidates))
    order = np.argsort(((places[0] + places[1]) / 2)[chosen], kind="stable")
    along: IntArray = near[chosen][order].astype(np.int64)
    return along


_Ways = tuple[IntArray, IntArray, FloatArray, IntArray]


def _way(tail: int, head: int, length_m: float, edge: int) -> _Ways:
    return np.array([tail]), np.array([head]), np.array([length_m]), np.array([edge])


def _travelled(ways: list[_Ways], nodes: int, begin: int, goal: int) -> Route:
    tail, head, length_m, edge = (np.concatenate(column) for column in zip(*ways, strict=True))
    length_m = np.maximum(length_m, _LEAST_M)
    # Of several ways from one node to another the shortest stands: a matrix would add them.
    order = np.lexsort((edge, length_m, head, tail))
    fresh = (np.diff(tail[order], prepend=-1) != 0) | (np.diff(head[order], prepend=-1) != 0)
    kept = order[fresh]
    matrix = csr_matrix((length_m[kept], (tail[kept], head[kept])), shape=(nodes, nodes))
    distance_m, before = dijkstra(matrix, indices=begin, return_predecessors=True)
    if not np.isfinite(distance_m[goal]):
        raise InvalidParameterError("to", "no way along the known roads leads there.")
    used = dict(zip(zip(tail[kept].tolist(), head[kept].tolist(), strict=True), edge[kept], strict=True))
    edges: list[int] = []
    node = goal
    while node != begin:
        previous = int(before[node])
        edges.append(int(used[previous, node]))
        node = previous
    edges.reverse()
    return Route(
        [one for n, one in enumerate(edges) if n == 0 or one != edges[n - 1]], float(distance_m[goal])
    )
