"""A page of features over HTTP against the very same query in raw SQL, on 1,000,000 detections.

The service is a process of its own on the loopback, asked over one connection that is kept
open. The reference is the page's own SQL statement, run by psycopg over one connection. Both
take turns, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import psycopg

from benchmarks.stored import DETECTIONS, PAIRS, compare, made_detections, one_service
from gis_core.crs import STORAGE_SRID
from layers.page_sql import Shape, page_sql
from layers.registry import LAYERS

_TARGETS = {10: 5.0, 1000: 2.0}
"""A page of ten takes PostGIS a third of a millisecond: there, HTTP itself is what is measured."""


def run() -> None:
    """Print one line for a page of ten, and one for a page of a thousand."""
    with (
        made_detections() as url,
        one_service(url) as address,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        host = http.client.HTTPConnection(urlsplit(address).netloc)
        for limit, target in _TARGETS.items():
            ratio, ours_ms, reference_ms = compare(
                lambda limit=limit: _get(host, limit), lambda limit=limit: _select(connection, limit)
            )
            print(
                f"BENCH items-limit-{limit} ratio={ratio:.2f} target={target} items?limit={limit} of "
                f"{DETECTIONS} detections over HTTP ({ours_ms:.1f} ms) against the same SQL by psycopg "
                f"({reference_ms:.1f} ms), medians of {PAIRS} interleaved pairs",
                flush=True,
            )
        host.close()


def _get(host: http.client.HTTPConnection, limit: int) -> int:
    """The number of bytes of features in the answer."""
    host.request("GET", f"/ogc/collections/detections/items?limit={limit}", headers={"Accept": "*/*"})
    body = host.getresponse().read()
    return len(body) - body.index(b'"features":[') - len(b'"features":[]}')


def _select(connection: psycopg.Connection[tuple[str, int, str, int]], limit: int) -> int:
    shape = Shape(LAYERS["detections"], STORAGE_SRID, y_first=False, properties=None, filters=())
    row = connection.execute(page_sql(shape), {"_limit": limit}).fetchone()
    return len(row[0].encode()) if row else 0
