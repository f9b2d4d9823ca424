"""Vehicles to their road segment: by the squares they fall into, against a plain index of the roads.

The reference asks shapely's STRtree for the nearest segment of every vehicle and then for the
place along it; it says neither the side nor, of several equally near, always the same one.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import shapely

from gis_core.analysis.snapping import Network, snap
from gis_core.crs import lonlat_to_metric, to_metric
from layers.sample import generate

_WITHIN_M = 30.0
_BATCH = 50_000
_REPEATS = 7
_TARGET = 1.0


def run() -> None:
    """Print how many times as fast the squares are on a batch as it is loaded."""
    sample = generate(2710)
    roads, seen = sample.layers["road_segments"], sample.layers["detections"]
    vehicles = seen[(seen["subject"] == "vehicle") & seen["camera_code"].notna()].geometry.iloc[:_BATCH]
    x, y = lonlat_to_metric(vehicles.x.to_numpy(), vehicles.y.to_numpy())
    lines, points = to_metric(roads.geometry).to_numpy(), shapely.points(x, y)
    network, tree = Network(roads["code"].tolist(), lines), shapely.STRtree(lines)
    snap(network, x[:1], y[:1], _WITHIN_M)
    ours_s, reference_s = [], []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        snapped = snap(network, x, y, _WITHIN_M)
        ours_s.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        (point, line), distance_m = tree.query_nearest(points, max_distance=_WITHIN_M, return_distance=True)
        shapely.line_locate_point(lines[line], points[point])
        reference_s.append(time.perf_counter() - begun)
    nearest_m = np.full(len(x), np.nan)
    nearest_m[point] = distance_m
    if not np.allclose(nearest_m, snapped.distance_m, atol=1e-6, equal_nan=True):
        raise RuntimeError("the two do not agree")
    ours_us, reference_us = (1e6 * statistics.median(some) / len(x) for some in (ours_s, reference_s))
    print(
        f"BENCH snap-to-roads ratio={reference_us / ours_us:.1f} target={_TARGET} {len(x)} vehicles to their "
        f"segments by squares ({ours_us:.2f} µs each) against STRtree.query_nearest and "
        f"line_locate_point ({reference_us:.2f} µs each), the same distances",
        flush=True,
    )
