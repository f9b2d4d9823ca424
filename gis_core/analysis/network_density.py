"""Kernel density along a road network: no vehicle leaks off its road.

The kernel is the equal-split continuous one of Okabe, Satoh & Sugihara (2009), *A kernel
density estimation method for networks, its computational method and a GIS-based tool*: what
reaches a node of degree n goes on with 2/n of itself into each other road, and with 2/n - 1
back into its own, so that the density is continuous through every node and its mass stays one.
At a dead end (n = 1) all of it turns round.

Those are the laws by which waves scatter at the nodes of a network. So the kernel of all
vehicles at once is the sum over the distance travelled of two waves that leave every vehicle,
one each way, weighted by the kernel at that distance: the work grows with the length of road
and the bandwidth, neither with the number of vehicles nor with that of the paths between them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from gis_core.errors import InvalidParameterError
from gis_core.types import FloatArray, IntArray

STEPS_PER_BANDWIDTH = 50
"""A longer step would show: every road is taken as a whole number of steps."""

_SAME_PLACE_M = 0.1


class RoadGraph(NamedTuple):
    """Roads as edges between nodes.

    ``ends`` are the nodes at which each edge begins and ends, shape (edges, 2); ``length_m``
    are their lengths, shape (edges,). An edge may begin and end at one node.
    """

    ends: IntArray
    length_m: FloatArray
    node_count: int


class Lixels(NamedTuple):
    """Edges cut into equal pieces, in the order of the edges and of their drawn direction.

    ``first`` is the index of each edge's first piece, and one more for the end, shape
    (edges + 1,); ``length_m`` is that of each piece, shape (pieces,).
    """

    first: IntArray
    length_m: FloatArray

    @property
    def edge(self) -> IntArray:
        """The edge of each piece, shape (pieces,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    @property
    def fraction(self) -> FloatArray:
        """How far along its edge the middle of each piece is, from 0 to 1, shape (pieces,)."""
        count = np.diff(self.first)
        place = np.arange(len(self.length_m)) - np.repeat(self.first[:-1], count)
        middle: FloatArray = (place + 0.5) / np.repeat(count, count)
        return middle


def road_graph(lines: NDArray[np.object_]) -> RoadGraph:
    """The graph of lines that meet where their ends are at one place, to a decimetre.

    Args:
        lines: LineStrings in metres, cut where roads meet, shape (edges,).

    Raises:
        InvalidParameterError: a line has no length.
    """
    length_m = shapely.length(lines)
    if not (length_m > 0).all():
        raise InvalidParameterError("lines", "a road without any length is no edge of a network.")
    places = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, end)) for end in (0, -1)])
    # Rounding alone would part two ends that lie on both sides of a rounding edge.
    nodes = _joined(places)
    return RoadGraph(nodes.reshape(2, -1).T.copy(), length_m, int(nodes.max(initial=-1)) + 1)


def cut(graph: RoadGraph, lixel_m: float) -> Lixels:
    """Cut every edge into equal pieces, as close to ``lixel_m`` as they can be.

    Raises:
        InvalidParameterError: ``lixel_m`` is not above 0.
    """
    if not lixel_m > 0:
        raise InvalidParameterError("lixel_m", "a piece of road needs a length.")
    count = np.maximum(1, np.rint(graph.length_m / lixel_m)).astype(np.int64)
    first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Lixels(first, np.repeat(graph.length_m / count, count))


def network_density(
    graph: RoadGraph,
    lixels: Lixels,
    edge: IntArray,
    fraction: FloatArray,
    weights: FloatArray,
    *,
    bandwidth_m: float,
) -> FloatArray:
    """Equal-split continuous kernel density of weighted points on a network.

    The base kernel is the quartic one, 15/16h·(1 - (d/h)²)² for d < h, averaged over the
    pieces at each number of steps, so that the mass of every point is kept to rounding.

    Args:
        graph: the network.
        lixels: its pieces; all as long as a step, at most ``bandwidth_m / 50``, but for what the
            edges' lengths make of it: a path is told right to half a step for each edge on it.
        edge: the edge that each point lies on, shape (n,).
        fraction: how far along it from 0 to 1, shape (n,).
        weights: what each point stands for, shape (n,).
        bandwidth_m: h, how far a point reaches.

    Returns:
        Weight per km on each piece, shape (pieces,).

    Raises:
        InvalidParameterError: the pieces are too long for the bandwidth.
    """
    step_m = float(lixels.length_m.sum() / max(1, len(lixels.length_m)))
    if step_m > bandwidth_m / STEPS_PER_BANDWIDTH * 1.01:
        raise InvalidParameterError(
            "lixel_m",
            f"pieces of {step_m:g} m are more than 1/{STEPS_PER_BANDWIDTH} of {bandwidth_m:g} m.",
        )
    count = np.diff(lixels.first)
    place = np.minimum((fraction * count[edge]).astype(np.int64), count[edge] - 1)
    mass = np.bincount(lixels.first[edge] + place, weights, len(lixels.length_m))
    shares = kernel_shares(step_m, bandwidth_m)
    kept = _spread(graph.ends, graph.node_count, lixels.first, np.asarray(mass, float), shares)
    density: FloatArray = kept / lixels.length_m * 1000.0
    return density


def kernel_shares(step_m: float, bandwidth_m: float) -> FloatArray:
    """The quartic kernel's mass within half a step around each number of steps, on one side.

    Returns:
        Shape (steps,); the first and twice the others are 1 together.
    """
    edges = np.arange(0.5, bandwidth_m / step_m + 1.5) * step_m / bandwidth_m
    reached = np.minimum(edges, 1.0)
    below = 0.5 + 15 / 16 * (reached - 2 / 3 * reached**3 + reached**5 / 5)
    shares: FloatArray = np.diff(below, prepend=1.0 - below[0])
    return shares


def _joined(places: FloatArray) -> IntArray:
    """A number for each place, the same for places that a chain of short ways connects."""
    tree = shapely.STRtree(shapely.points(places))
    one, other = tree.query(shapely.points(places), predicate="dwithin", distance=_SAME_PLACE_M)
    near = csr_matrix((np.ones(len(one), np.int8), (one, other)), shape=(len(places),) * 2)
    node: IntArray = connected_components(near, directed=False)[1].astype(np.int64)
    return node


def _spread_waves(
    ends: IntArray, node_count: int, first: IntArray, mass: FloatArray, shares: FloatArray
) -> FloatArray:
    """Let two waves leave every piece and keep of them what the kernel says at each step."""
    degree = np.zeros(node_count)
    for edge in range(ends.shape[0]):
        degree[ends[edge, 0]] += 1.0
        degree[ends[edge, 1]] += 1.0
    onward, back = mass.copy(), mass.copy()
    kept: FloatArray = mass * shares[0]
    arriving = np.empty(node_count)
    for step in range(1, shares.size):
        arriving[:] = 0.0
        for edge in range(ends.shape[0]):
            arriving[ends[edge, 0]] += back[first[edge]]
            arriving[ends[edge, 1]] += onward[first[edge + 1] - 1]
        share = shares[step]
        for edge in range(ends.shape[0]):
            begin, last = first[edge], first[edge + 1] - 1
            start, end = ends[edge, 0], ends[edge, 1]
            entering = 2.0 / degree[start] * arriving[start] - back[begin]
            returning = 2.0 / degree[end] * arriving[end] - onward[last]
            for piece in range(last, begin, -1):
                onward[piece] = onward[piece - 1]
            onward[begin] = entering
            for piece in range(begin, last):
                back[piece] = back[piece + 1]
            back[last] = returning
            for piece in range(begin, last + 1):
                kept[piece] += share * (onward[piece] + back[piece])
    return kept


_spread = njit(cache=True)(_spread_waves)
