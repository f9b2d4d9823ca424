"""A vector tile over HTTP against ST_AsMVT in raw SQL, on 1,000,000 detections.

The tile is one of level 12 with some ten thousand points. The service is asked for it over one
connection that is kept open, each time up to another instant, so that it has never made the tile
before; the reference is plain SQL for the same points and properties, by psycopg over one
connection. Both take turns. A second line is of the same tile once it is kept.
"""

from __future__ import annotations

import http.client
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pyogrio

from benchmarks.stored import compare, made_detections, one_service
from layers.tiles.matrix_sets import WEB_MERCATOR_QUAD

_LEVEL, _ROW, _COL = 12, 1859, 3271
_TARGETS = {"tiles": 1.5, "tiles-kept": 0.5}
_AFTER_ALL = datetime(2025, 12, 1, tzinfo=UTC)

_TILE = """
SELECT ST_AsMVT(tile, 'detections', 4096, 'geom') FROM (
    SELECT
        ST_AsMVTGeom(
            ST_Transform(geom, 3857),
            ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), 4096, 64
        ) AS geom,
        to_char(detected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS detected_at,
        subject, class_name, status, steward_agency, simulated
    FROM gis.detections
    WHERE geom && ST_Transform(
        ST_Expand(ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), %(margin)s), 4326)
    AND detected_at <= %(until)s
) AS tile
"""


def run() -> None:
    """Print one line for a tile that is made anew, and one for a tile that is kept."""
    with (
        made_detections() as url,
        one_service(url) as address,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        host = http.client.HTTPConnection(urlsplit(address).netloc)
        points = _same_features(_get(host, _AFTER_ALL), _select(connection))
        steps = count()
        asked = {
            "tiles": lambda: _get(host, _AFTER_ALL + timedelta(milliseconds=1 + next(steps))),
            "tiles-kept": lambda: _get(host, _AFTER_ALL),
        }
        for name, ask in asked.items():
            ratio, ours_ms, reference_ms = compare(
                lambda ask=ask: len(ask()) > 0, lambda: len(_select(connection)) > 0
            )
            print(
                f"BENCH {name} ratio={ratio:.2f} target={_TARGETS[name]} a tile of level {_LEVEL} with "
                f"{points} of 1000000 detections over HTTP ({ours_ms:.1f} ms) against "
                f"ST_AsMVT in raw SQL by psycopg ({reference_ms:.1f} ms), medians of interleaved pairs",
                flush=True,
            )
        host.close()


def _get(host: http.client.HTTPConnection, until: datetime) -> bytes:
    """The tile as the service gives it."""
    place = f"WebMercatorQuad/{_LEVEL}/{_ROW}/{_COL}"
    when = quote(f"../{until.isoformat(timespec='milliseconds')}")
    host.request("GET", f"/ogc/collections/detections/tiles/{place}?datetime={when}")
    return host.getresponse().read()


def _select(connection: psycopg.Connection[tuple[bytes]]) -> bytes:
    """The tile as PostGIS gives it."""
    bounds = WEB_MERCATOR_QUAD.tile_bounds(_LEVEL, _ROW, _COL)
    margin = (bounds.east - bounds.west) * 64 / 4096
    wanted = {**bounds._asdict(), "margin": margin, "until": _AFTER_ALL}
    row = connection.execute(_TILE, wanted).fetchone()
    return row[0] if row else b""


def _same_features(ours: bytes, reference: bytes) -> int:
    """How many features both tiles have."""
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        for number, mvt in enumerate((ours, reference)):
            file = Path(folder) / f"{number}.mvt"
            file.write_bytes(mvt)
            counts.append(pyogrio.read_info(f"MVT:{file}", force_feature_count=True, CLIP="NO")["features"])
    if counts[0] != counts[1]:
        raise RuntimeError(f"the service's tile has {counts[0]} features and the reference's {counts[1]}")
    return int(counts[0])
