"""What the benchmarks of the service stand on: a million detections, the service over them, and turns."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from benchmarks.private import private_database

DETECTIONS = 1_000_000
PAIRS = 60

_GENERATE = """
CREATE TABLE gis.detections_2025_10 PARTITION OF gis.detections
    FOR VALUES FROM ('2025-10-01+00') TO ('2025-11-01+00');
CREATE TABLE gis.detections_2025_11 PARTITION OF gis.detections
    FOR VALUES FROM ('2025-11-01+00') TO ('2025-12-01+00');
INSERT INTO gis.detections (
    id, detected_at, camera_code, subject, class_name, confidence, status, steward_agency,
    cov_xx_m2, cov_xy_m2, cov_yy_m2, origin_key, geom, origin, simulated
)
SELECT
    -- Version 8 UUIDs as gis_core.ids makes them: milliseconds, then a digest.
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '8' || substr(digest, 1, 3) || 'a' || substr(digest, 4, 15))::uuid,
    at,
    'CAM-' || lpad((i % 642)::text, 4, '0'),
    (ARRAY['vehicle', 'vehicle', 'vehicle', 'forest_fire'])[1 + i % 4],
    (ARRAY['motorcycle', 'car', 'bus', 'smoke'])[1 + i % 4],
    0.3 + 0.7 * (i * 7919 % 1000) / 1000.0,
    'observed',
    'benchmark',
    4.2 + i % 7, 0.31, 5.1 + i % 3,
    'benchmark-' || i,
    ST_SetSRID(ST_MakePoint(
        107.1 + 0.9 * (i * 48271 % 999983) / 999983.0, 16.0 + 0.7 * (i * 69621 % 999979) / 999979.0
    ), 4326),
    'benchmark',
    true
FROM (
    SELECT i, timestamptz '2025-10-15 00:00+00' + i * interval '2.5 s' AS at, md5(i::text) AS digest
    FROM generate_series(1::bigint, %s) AS i
) AS made;
"""


@contextmanager
def made_detections() -> Iterator[str]:
    """The URL of a database of its own with detections that the server made, gone afterwards."""
    with private_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_GENERATE.replace("%s", str(DETECTIONS)))
            connection.execute("VACUUM ANALYZE gis.detections")
        yield url


@contextmanager
def one_service(url: str) -> Iterator[str]:
    """The service over a database, in a process of its own; gives its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    with tempfile.TemporaryDirectory() as var_dir:
        environment |= {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": var_dir, "HUEGIS_PORT": "0"}
        process = subprocess.Popen(
            [sys.executable, "-m", "gis_core", "serve"], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            yield _announced(process)
        finally:
            process.terminate()
            process.communicate(timeout=30)


def _announced(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        found = re.search(r"http://[^\s/]+", line)
        if found:
            return found[0]
    raise RuntimeError("the service ended without serving")


def compare(ours: Callable[[], int], reference: Callable[[], int]) -> tuple[float, float, float]:
    """Ratio of the medians, and the medians in ms; both must bring as much.

    They take turns, so that whatever else the machine does meets both alike.
    """
    for _ in range(10):
        if ours() != reference():
            raise RuntimeError("the service and the reference do not bring the same features")
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(PAIRS):
        for spent, ask in zip(taken, (ours, reference), strict=True):
            begun = time.perf_counter()
            ask()
            spent.append(time.perf_counter() - begun)
    ours_ms, reference_ms = (statistics.median(spent) * 1000 for spent in taken)
    return ours_ms / reference_ms, ours_ms, reference_ms
