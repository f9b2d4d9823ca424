"""``huegis layers load`` of 1,000,000 detections against a COPY that the server makes by itself.

The reference reads the very same rows, encoded already, from a file on the server into the
same table with the same indexes: what storing them costs whoever does not think about indexes.
Ours begins with a CSV file and checks every row. It is given a month that the database does not
have yet, as history in bulk is, and once a month that stands already, whose indexes grow row by
row. What enrichment and roll-ups add to that is ``benchmarks.enriching``'s.
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

_DETECTIONS = 1_000_000
_MONTH = "detections_2025_10"
"""The table of the month that all rows fall in."""
_TARGET = 0.7
_ROUNDS = 2


def run() -> None:
    """Print how fast a file goes in, as a part of the speed of the server's own COPY."""
    with private_database() as url, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "detections.csv"
        write_detections(file, _DETECTIONS)
        rounds = [(_layers_load(url, file, new=True), _server_copy(url)) for _ in range(_ROUNDS)]
        # What else the machine does only ever adds to a time: the least of each is the nearest to it.
        ours_s, reference_s = (min(times) for times in zip(*rounds, strict=True))
        standing_s = _layers_load(url, file, new=False)
    print(
        f"BENCH load-detections ratio={reference_s / ours_s:.2f} target={_TARGET} layers load of "
        f"{_DETECTIONS} detections from CSV into a new month ({ours_s:.0f} s) against a server-side binary "
        f"COPY of the same rows ({reference_s:.0f} s), as speeds, the best of {_ROUNDS} each; "
        f"into a month that stands already {reference_s / standing_s:.2f} ({standing_s:.0f} s)",
        flush=True,
    )


def _layers_load(url: str, file: Path, *, new: bool) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        if new:
            connection.execute(f"DROP TABLE IF EXISTS gis.{_MONTH}")
        connection.execute("TRUNCATE gis.detections")
        connection.execute("CHECKPOINT")
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "gis_core", "layers", "load", "detections", "--no-enrichment", str(file)],
        env=os.environ | {"HUEGIS_DATABASE_URL": url, "HUEGIS_VAR_DIR": str(file.parent)},
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begun


def _server_copy(url: str) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        data = connection.execute("SHOW data_directory").fetchone()
        stored = connection.execute("SELECT count(*) FROM gis.detections").fetchone()
        if stored != (_DETECTIONS,) or data is None:
            raise RuntimeError(f"{stored} detections were loaded, not {_DETECTIONS}")
        file = f"{data[0]}/benchmark.copy"
        connection.execute(f"COPY (SELECT * FROM gis.detections) TO '{file}' (FORMAT binary)")
        connection.execute("TRUNCATE gis.detections")
        connection.execute("CHECKPOINT")
        begun = time.perf_counter()
        connection.execute(f"COPY gis.detections FROM '{file}' (FORMAT binary)")
        return time.perf_counter() - begun


def write_detections(file: Path, count: int) -> None:
    """A CSV of vehicles anywhere in the province, in the order of time."""
    random = np.random.default_rng(2710)
    number = np.arange(count)
    moments = pd.Timestamp("2025-10-15", tz="UTC") + pd.to_timedelta(number * 1.3, unit="s")
    pd.DataFrame(
        {
            "lon": (107.1 + 0.9 * random.random(count)).round(6),
            "lat": (16.0 + 0.7 * random.random(count)).round(6),
            "detected_at": moments.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "camera_code": pd.Series(number % 642).map("CAM-{:04d}".format),
            "subject": "vehicle",
            "class_name": np.array(["motorcycle", "car", "bus"])[number % 3],
            "confidence": random.random(count).round(3),
            "status": "observed",
            "steward_agency": "benchmark",
            "cov_xx_m2": 4.2,
            "cov_xy_m2": 0.3,
            "cov_yy_m2": 5.1,
            "origin_key": pd.Series(number).map("benchmark/{}".format),
        }
    ).to_csv(file, index=False)
