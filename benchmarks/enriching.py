"""``huegis layers load`` of 1,000,000 detections with enrichment and roll-up against a plain COPY.

The database holds the sample's roads, wards, forest zones and cameras. Every vehicle stands on
the road that its camera looks along, in frames half a minute apart. The reference reads the very
same rows, encoded and enriched already, from a file on the server into the same table with the
same indexes, and rolls up nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg

from benchmarks.private import private_database
from gis_core.db import make_engine
from layers.registry import LAYERS
from layers.sample import Sample, generate
from layers.store import load

_DETECTIONS = 1_000_000
_FRAME_S = 30
_VEHICLES_IN_FRAME = 5
_TARGET = 0.15
_REFERENCE = ("wards", "forest_zones", "road_segments", "cameras")


def run() -> None:
    """Print how fast a file goes in enriched, as a part of the speed of the server's own COPY."""
    sample = generate(2710)
    with private_database() as url, tempfile.TemporaryDirectory() as folder:
        load_reference(url, sample)
        file = Path(folder) / "detections.csv"
        write_vehicles(file, sample, _DETECTIONS)
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "gis_core", "layers", "load", "detections", str(file)],
            env=os.environ | {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": folder},
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        ours_s = time.perf_counter() - begun
        reference_s, snapped, counts, hours = _server_copy(url)
    print(
        f"BENCH load-enriched ratio={reference_s / ours_s:.2f} target={_TARGET} layers load of "
        f"{_DETECTIONS} detections from CSV with enrichment and roll-up ({ours_s:.0f} s; {snapped} are on a "
        f"segment, {counts} counts, {hours} camera hours) against a server-side binary COPY of the same rows "
        f"({reference_s:.0f} s), as speeds",
        flush=True,
    )


def load_reference(url: str, sample: Sample) -> None:
    """What detections are enriched from: the sample's wards, forest zones, roads and cameras."""
    engine = make_engine(url)
    with engine.begin() as connection:
        for name in _REFERENCE:
            load(connection, LAYERS[name], sample.layers[name])
    engine.dispose()


def write_vehicles(file: Path, sample: Sample, count: int, frame_s: float = _FRAME_S) -> None:
    """A CSV of vehicles where the sample's cameras see them, in the order of time."""
    random = np.random.default_rng(2710)
    seen = sample.layers["detections"]
    seen = seen[(seen["subject"] == "vehicle") & seen["camera_code"].notna()].sort_values("camera_code")
    cameras = seen["camera_code"].nunique()
    frame = np.arange(count) // (_VEHICLES_IN_FRAME * cameras)
    chosen = seen.iloc[random.integers(0, len(seen), count)]
    moments = pd.Timestamp("2025-10-15", tz="UTC") + pd.to_timedelta(frame * frame_s, unit="s")
    number = pd.Series(np.arange(count))
    pd.DataFrame(
        {
            "lon": (chosen.geometry.x.to_numpy() + random.normal(0, 1e-5, count)).round(7),
            "lat": (chosen.geometry.y.to_numpy() + random.normal(0, 1e-5, count)).round(7),
            "detected_at": moments.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{
                name: chosen[name].to_numpy()
                for name in ("camera_code", "subject", "class_name", "confidence", "status", "steward_agency")
            },
            **{name: chosen[name].to_numpy().round(2) for name in ("cov_xx_m2", "cov_xy_m2", "cov_yy_m2")},
            "origin_key": number.map("benchmark/{}".format),
        }
    ).to_csv(file, index=False)


def _server_copy(url: str) -> tuple[float, int, int, int]:
    """Seconds of the reference, after a look at what the load has made."""
    with psycopg.connect(url, autocommit=True) as connection:
        data = connection.execute("SHOW data_directory").fetchone()
        made = connection.execute(
            "SELECT count(*), count(road_segment_code), (SELECT count(*) FROM gis.segment_counts), "
            "(SELECT count(*) FROM gis.camera_hours), (SELECT sum(detections) FROM gis.segment_counts) "
            "FROM gis.detections"
        ).fetchone()
        if data is None or made is None or made[0] != _DETECTIONS or made[4] != _DETECTIONS:
            raise RuntimeError(f"{made} was loaded, not {_DETECTIONS} detections")
        file = f"{data[0]}/benchmark.copy"
        connection.execute(f"COPY (SELECT * FROM gis.detections) TO '{file}' (FORMAT binary)")
        connection.execute("TRUNCATE gis.detections")
        connection.execute("CHECKPOINT")
        begun = time.perf_counter()
        connection.execute(f"COPY gis.detections FROM '{file}' (FORMAT binary)")
        return time.perf_counter() - begun, made[1], made[2], made[3]
