"""A million hotspots to events: a cylinder in space and time against DBSCAN on scaled coordinates.

The reference is scikit-learn's DBSCAN with time scaled to metres, as one has it without ST-DBSCAN;
its neighbourhood is a ball inside the cylinder, so that its clusters are not the same.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.cluster import DBSCAN

from gis_core.analysis.hotspots import cluster
from gis_core.types import FloatArray

_POINTS, _FIRES = 1_000_000, 40_000
_WITHIN_M, _WITHIN_S, _MIN_POINTS = 1_000.0, 86_400.0, 3
_TARGET = 0.4
_DECADE_S = 10 * 365 * 86_400


def _hotspots() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Ten years of hotspots of a province: fires of about a kilometre that last three days."""
    rng = np.random.default_rng(2710)
    fire = rng.integers(0, _FIRES, _POINTS)
    x = rng.uniform(0, 120_000, _FIRES)[fire] + rng.normal(0, 600, _POINTS)
    y = rng.uniform(0, 90_000, _FIRES)[fire] + rng.normal(0, 600, _POINTS)
    t = rng.uniform(0, _DECADE_S, _FIRES)[fire] + rng.uniform(0, 3 * 86_400, _POINTS)
    return x, y, t


def run() -> None:
    """Print the time of one clustering as a share of the reference's."""
    x, y, t = _hotspots()
    begun = time.perf_counter()
    labels = cluster(x, y, t, within_m=_WITHIN_M, within_s=_WITHIN_S, min_points=_MIN_POINTS)
    ours_s = time.perf_counter() - begun
    scaled = np.column_stack([x, y, t * (_WITHIN_M / _WITHIN_S)])
    begun = time.perf_counter()
    theirs = DBSCAN(eps=_WITHIN_M, min_samples=_MIN_POINTS).fit_predict(scaled)
    reference_s = time.perf_counter() - begun
    print(
        f"BENCH hotspots ratio={ours_s / reference_s:.2f} target={_TARGET} (at most) {_POINTS} hotspots to "
        f"{labels.max() + 1} events by a cylinder ({ours_s:.1f} s) against scikit-learn's DBSCAN on scaled "
        f"coordinates ({reference_s:.1f} s, {theirs.max() + 1} clusters)",
        flush=True,
    )
