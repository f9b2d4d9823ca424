"""Detections of fire to clusters in space and time: ST-DBSCAN with a cylinder for a neighbourhood.

Birant & Kut, "ST-DBSCAN: An algorithm for clustering spatial-temporal data", Data & Knowledge
Engineering 60 (2007): two detections are neighbours if they are near in space and near in time,
each by its own measure. Scaling time to metres and using one distance, as a plain DBSCAN would,
makes a ball of the cylinder and finds other clusters.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gis_core.types import FloatArray, IntArray

NOISE = -1


def cluster(
    x_m: FloatArray, y_m: FloatArray, t_s: FloatArray, *, within_m: float, within_s: float, min_points: int
) -> IntArray:
    """The cluster of each detection, numbered from 0 by their earliest detections; ``NOISE`` for none.

    A detection with at least ``min_points`` neighbours, itself among them, is a core of its cluster;
    core neighbours share a cluster. Another one joins the cluster of its nearest core neighbour (in
    space, then in time, then by order), so that the result does not depend on any order of work.

    Args:
        x_m: eastings on a metric grid, shape (n,).
        y_m: northings, shape (n,).
        t_s: times in seconds, shape (n,).
        within_m: radius of the cylinder, inclusive.
        within_s: half its height, inclusive.
        min_points: neighbours that make a core.
    """
    count = len(x_m)
    if not count:
        return np.empty(0, dtype=np.int64)
    one, other = _neighbours(x_m, y_m, t_s, within_m, within_s)
    near = 1 + np.bincount(one, minlength=count) + np.bincount(other, minlength=count)
    core = near >= min_points
    joined = core[one] & core[other]
    links = coo_array(
        (np.ones(int(joined.sum()), dtype=bool), (one[joined], other[joined])), shape=(count, count)
    )
    label = connected_components(links, directed=False)[1].astype(np.int64)
    label[~core] = NOISE
    _join_borders(label, core, one, other, (x_m, y_m, t_s))
    return _numbered(label, t_s)


def _neighbours(
    x_m: FloatArray, y_m: FloatArray, t_s: FloatArray, within_m: float, within_s: float
) -> tuple[IntArray, IntArray]:
    """Every pair of neighbours once: those of the box around the cylinder that lie in the cylinder."""
    # Slightly too large a box, so that what lies on its edge is judged by the exact comparison.
    scaled = np.column_stack([x_m - x_m.mean(), y_m - y_m.mean(), (t_s - t_s.mean()) * (within_m / within_s)])
    tree = cKDTree(scaled, balanced_tree=False, compact_nodes=False)
    pairs = tree.query_pairs(within_m * (1 + 1e-9) + 1e-6, p=np.inf, output_type="ndarray")
    one, other = pairs[:, 0], pairs[:, 1]
    inside = (x_m[one] - x_m[other]) ** 2 + (y_m[one] - y_m[other]) ** 2 <= within_m**2
    inside &= np.abs(t_s[one] - t_s[other]) <= within_s
    return one[inside], other[inside]


def _join_borders(
    label: IntArray,
    core: np.ndarray[tuple[int], np.dtype[np.bool_]],
    one: IntArray,
    other: IntArray,
    at: tuple[FloatArray, FloatArray, FloatArray],
) -> None:
    """Give every detection that is no core but has a core neighbour the cluster of the nearest, in place."""
    mixed = core[one] != core[other]
    border = np.where(core[one[mixed]], other[mixed], one[mixed])
    centre = np.where(core[one[mixed]], one[mixed], other[mixed])
    x, y, t = at
    apart_m2 = (x[border] - x[centre]) ** 2 + (y[border] - y[centre]) ** 2
    apart_s = np.abs(t[border] - t[centre])
    order = np.lexsort([centre, apart_s, apart_m2, border])
    first = order[np.flatnonzero(np.diff(border[order], prepend=-1))]
    label[border[first]] = label[centre[first]]


def _numbered(label: IntArray, t_s: FloatArray) -> IntArray:
    """Clusters numbered by the time of their earliest detection, then by its place in the input."""
    order = np.lexsort([np.arange(len(label)), t_s])
    order = order[label[order] != NOISE]
    found, first = np.unique(label[order], return_index=True)
    rank = np.full(label.max() + 2, NOISE, dtype=np.int64)
    rank[found[np.argsort(first)]] = np.arange(len(found))
    return np.where(label == NOISE, NOISE, rank[label])
