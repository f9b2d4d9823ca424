"""Helpers of the tests that kill: a service of its own, files of many rows, and who is at work."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

HEADER = "lon,lat,detected_at,camera_code,subject,class_name,status,steward_agency,origin_key\n"
ROWS = 60_000


@contextmanager
def up(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """``huegis up``, until it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gis_core", "up"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert any("Ctrl-C stops it" in line for line in process.stdout), "it never served"
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def at_work(process: subprocess.Popen[str]) -> Callable[[], bool]:
    """Whether a process still runs, asked again and again."""
    return lambda: process.poll() is None


def load(environment: dict[str, str], file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gis_core", "layers", "load", "detections", str(file)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def acknowledged(environment: dict[str, str], file: Path) -> None:
    """Load a file and wait for the command to say that it is in."""
    loading = load(environment, file)
    _, said = loading.communicate(timeout=120)
    assert loading.returncode == 0, said


def write(folder: Path, day: int) -> Path:
    """A file of ``ROWS`` detections that no other day's file holds."""
    file = folder / f"day-{day}.csv"
    with file.open("w") as lines:
        lines.write(HEADER)
        for row in range(ROWS):
            moment = f"2025-10-{day:02d}T{row // 3600 % 24:02d}:{row // 60 % 60:02d}:{row % 60:02d}Z"
            lines.write(
                f"{107.5 + row % 997 / 9970:.6f},{16.4 + row % 991 / 9910:.6f},{moment},CAM-1,"
                f"vehicle,car,observed,CSGT,{day}/{row}\n"
            )
    return file


def kill_9(pid: int) -> None:
    """End a process on the spot, and wait until it is gone."""
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        assert select.select([handle], [], [], 30)[0]
    finally:
        os.close(handle)


def wait_for_rows_in_flight(url: str, is_at_work: Callable[[], bool]) -> None:
    """Until a transaction on the database has written something that it has not committed."""
    deadline = time.monotonic() + 120
    with psycopg.connect(url, autocommit=True) as watcher:
        while time.monotonic() < deadline and is_at_work():
            busy = watcher.execute(
                "SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() "
                "AND datname = current_database()"
            ).fetchone()
            if busy:
                return
            time.sleep(0.02)
    pytest.fail("the load was never seen at work")


def count(url: str) -> tuple[int, int]:
    """How many detections there are, and how many different ones."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT origin_key) FROM gis.detections").fetchone()
    assert row is not None
    return row


def rolled_up(url: str) -> tuple[int, int]:
    """How many detections are rolled up, and how many frames are known; each must be that of a recount."""
    with psycopg.connect(url) as connection:
        kept = connection.execute(
            "SELECT (SELECT coalesce(sum(detections), 0)::int FROM gis.segment_counts), "
            "(SELECT coalesce(sum(frames_seen), 0)::int FROM gis.camera_hours)"
        ).fetchone()
        stored = connection.execute(
            "SELECT count(camera_code), count(DISTINCT (camera_code, detected_at)) FROM gis.detections"
        ).fetchone()
    assert kept is not None
    assert kept == stored
    return kept
