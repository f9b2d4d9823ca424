"""A corridor's hourly densities over a month, with 1, 5 and 25 million detections stored.

Three databases lie side by side in one cluster: the sample's roads and cameras, and a month of
detections on the segments that the cameras watch, in frames half a minute apart. The server makes
the detections itself, and ``layers.rollup.rebuild`` counts them. Indexes of detections that no
density ever reads are left out, to save their time and space.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pandas as pd
from sqlalchemy import Engine, text

import migrations
from benchmarks.private import private_cluster
from gis_core.cluster import Cluster
from gis_core.config import get_settings
from gis_core.db import make_engine
from gis_core.time import Window
from layers.corridors import corridors, hourly_density
from layers.partitions import ensure_partitions
from layers.registry import LAYERS
from layers.rollup import rebuild
from layers.sample import Sample, generate
from layers.store import load
from layers.viewsheds import compute_views

_SIZES = (1_000_000, 5_000_000, 25_000_000)
_MONTH = Window(datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC))
_FRAME_S = 30
_TARGET = 1.5
_REPEATS = 15
_UNREAD = (
    "idx_detections_geom",
    "ix_detections_subject_detected_at",
    "ix_detections_camera_code_detected_at",
)
_FILL = text("""
    WITH watching AS (
        SELECT row_number() OVER (ORDER BY cameras.code) - 1 AS place, count(*) OVER () AS cameras,
               cameras.code AS camera, road_segments.code AS segment,
               ST_LineInterpolatePoint(road_segments.geom, 0.5) AS geom
        FROM gis.cameras JOIN gis.road_segments ON road_segments.code = road_segment_code
        WHERE cameras.status = 'active'
    )
    INSERT INTO gis.detections (
        id, detected_at, camera_code, subject, class_name, status, steward_agency, origin, origin_key, geom,
        road_segment_code, segment_distance_m, segment_fraction, segment_side
    )
    SELECT CAST(lpad(to_hex(number), 32, '0') AS uuid),
           :start + make_interval(secs => number * :frames / :count * :frame_s), camera, 'vehicle',
           (ARRAY['motorcycle', 'car', 'motorcycle', 'bus', 'truck'])[1 + number % 5],
           'observed', 'CSGT', 'benchmark', number::text, geom, segment, 0, 0.5, 'on'
    FROM generate_series(CAST(0 AS bigint), :count - 1) AS number
         JOIN watching ON place = number * 7919 % (SELECT max(cameras) FROM watching)
""")


def run() -> None:
    """Print how much longer the largest database takes than the smallest."""
    sample = generate(2710)
    with private_cluster() as cluster, ExitStack() as open_ones:
        engines = [open_ones.enter_context(_filled(cluster, sample, size)) for size in _SIZES]
        with engines[0].connect() as connection:
            name = max(corridors(connection), key=lambda one: one.cameras).name
        times_s = _interleaved([lambda engine=engine: _density(engine, name) for engine in engines])
    medians_ms = [statistics.median(some) * 1000 for some in times_s]
    each = ", ".join(f"{ms:.0f} ms with {size:,}" for ms, size in zip(medians_ms, _SIZES, strict=True))
    print(
        f"BENCH corridor-month ratio={max(medians_ms) / min(medians_ms):.2f} target={_TARGET} (at most) "
        f"hourly densities of {name} over a month, {each} detections stored, slowest by fastest",
        flush=True,
    )


def _density(engine: Engine, name: str) -> pd.DataFrame:
    with engine.connect() as connection:
        hourly = hourly_density(connection, name, _MONTH)
    if hourly["veh_km"].isna().all():
        raise RuntimeError(f"no density of {name}")
    return hourly


def _interleaved(calls: Sequence[Callable[[], object]]) -> list[list[float]]:
    """Seconds of each call, called in turn so that whatever else the machine does meets them alike."""
    times_s: list[list[float]] = [[] for _ in calls]
    for _ in range(_REPEATS):
        for call, some in zip(calls, times_s, strict=True):
            begun = time.perf_counter()
            call()
            some.append(time.perf_counter() - begun)
    return times_s


@contextmanager
def _filled(cluster: Cluster, sample: Sample, count: int) -> Iterator[Engine]:
    engine = make_engine(cluster.create_database(f"month_{count}_{secrets.token_hex(4)}"))
    migrations.upgrade(engine)
    with engine.begin() as connection:
        for name in ("road_segments", "cameras"):
            load(connection, LAYERS[name], sample.layers[name])
        for index in _UNREAD:
            connection.execute(text(f"DROP INDEX gis.{index}"))
        ensure_partitions(connection, LAYERS["detections"].table, pd.Series([_MONTH.start]))
        frames = int(_MONTH.duration_s) // _FRAME_S
        connection.execute(
            _FILL, {"start": _MONTH.start, "count": count, "frames": frames, "frame_s": _FRAME_S}
        )
    with engine.begin() as connection:
        rebuild(connection, _MONTH)
        compute_views(connection, get_settings())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE gis.segment_counts, gis.camera_hours"))
    yield engine
    engine.dispose()
