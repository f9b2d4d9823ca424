"""A page of features over HTTP against the very same query in raw SQL, on 1,000,000 detections.

The service is a process of its own on the loopback, asked over one connection that is kept
open. The reference is the page's own SQL statement, run by psycopg over one connection. Both
take turns, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from benchmarks.private import private_database
from gis_core.crs import STORAGE_SRID
from layers.page_sql import Shape, page_sql
from layers.registry import LAYERS

_DETECTIONS = 1_000_000
_PAIRS = 60
_TARGETS = {10: 5.0, 1000: 2.0}
"""A page of ten takes PostGIS a third of a millisecond: there, HTTP itself is what is measured."""

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


def run() -> None:
    """Print one line for a page of ten, and one for a page of a thousand."""
    with _detections() as url, _service(url) as address, psycopg.connect(url, autocommit=True) as connection:
        host = http.client.HTTPConnection(urlsplit(address).netloc)
        for limit, target in _TARGETS.items():
            ratio, ours_ms, reference_ms = _compare(
                lambda limit=limit: _get(host, limit), lambda limit=limit: _select(connection, limit)
            )
            print(
                f"BENCH items-limit-{limit} ratio={ratio:.2f} target={target} items?limit={limit} of "
                f"{_DETECTIONS} detections over HTTP ({ours_ms:.1f} ms) against the same SQL by psycopg "
                f"({reference_ms:.1f} ms), medians of {_PAIRS} interleaved pairs",
                flush=True,
            )
        host.close()


def _compare(ours: Callable[[], int], reference: Callable[[], int]) -> tuple[float, float, float]:
    """Ratio of the medians, and the medians in ms; both must bring the same features."""
    for _ in range(10):
        if ours() != reference():
            raise RuntimeError("the service and the reference do not bring the same features")
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(_PAIRS):
        for spent, ask in zip(taken, (ours, reference), strict=True):
            begun = time.perf_counter()
            ask()
            spent.append(time.perf_counter() - begun)
    ours_ms, reference_ms = (statistics.median(spent) * 1000 for spent in taken)
    return ours_ms / reference_ms, ours_ms, reference_ms


def _get(host: http.client.HTTPConnection, limit: int) -> int:
    """The number of bytes of features in the answer."""
    host.request("GET", f"/ogc/collections/detections/items?limit={limit}", headers={"Accept": "*/*"})
    body = host.getresponse().read()
    return len(body) - body.index(b'"features":[') - len(b'"features":[]}')


def _select(connection: psycopg.Connection[tuple[str, int, str, int]], limit: int) -> int:
    shape = Shape(LAYERS["detections"], STORAGE_SRID, y_first=False, properties=None, filters=())
    row = connection.execute(page_sql(shape), {"_limit": limit}).fetchone()
    return len(row[0].encode()) if row else 0


@contextmanager
def _detections() -> Iterator[str]:
    """A database of its own that holds the detections, gone afterwards."""
    with private_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_GENERATE.replace("%s", str(_DETECTIONS)))
            connection.execute("VACUUM ANALYZE gis.detections")
        yield url


@contextmanager
def _service(url: str) -> Iterator[str]:
    """The service over that database, in a process of its own; gives its address."""
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
