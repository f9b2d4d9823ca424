"""kill -9 in the middle of a load: what was acknowledged is there, nothing is there twice."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from gis_core.cluster import Cluster

HEADER = "lon,lat,detected_at,camera_code,subject,class_name,status,steward_agency,origin_key\n"
ROWS = 60_000


@pytest.fixture
def environment(scratch: Path) -> dict[str, str]:
    """An embedded default of its own, without the sample, on any free port."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    return inherited | {
        "HUEGIS_VAR_DIR": str(scratch / "survival"),
        "HUEGIS_SAMPLE__ENABLED": "false",
        "HUEGIS_PORT": "0",
    }


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
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        assert select.select([handle], [], [], 30)[0]
    finally:
        os.close(handle)


def wait_for_rows_in_flight(cluster: Cluster, loading: subprocess.Popen[str]) -> None:
    """Until the loader's transaction has written something that it has not committed."""
    deadline = time.monotonic() + 120
    with psycopg.connect(cluster.url, autocommit=True) as watcher:
        while time.monotonic() < deadline and loading.poll() is None:
            busy = watcher.execute(
                "SELECT 1 FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
            ).fetchone()
            if busy:
                return
            time.sleep(0.02)
    pytest.fail(f"the load was never seen at work: {loading.communicate()}")


def count(cluster: Cluster) -> tuple[int, int]:
    with psycopg.connect(cluster.url) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT origin_key) FROM gis.detections").fetchone()
    assert row is not None
    return row


def test_kill_9_of_everything_loses_and_doubles_nothing(
    environment: dict[str, str], scratch: Path, tmp_path: Path
) -> None:
    cluster = Cluster(scratch / "survival" / "postgres")
    first, second = write(tmp_path, 1), write(tmp_path, 2)
    with up(environment) as service:
        acknowledged(environment, first)
        interrupted = load(environment, second)
        wait_for_rows_in_flight(cluster, interrupted)
        postmaster = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
        kill_9(postmaster)
        kill_9(service.pid)
        _, said = interrupted.communicate(timeout=120)
        assert interrupted.returncode == 1
        assert re.fullmatch(r"huegis: .*database.*\n", said.splitlines(keepends=True)[-1]), said

    with up(environment):
        assert count(cluster) == (ROWS, ROWS)
        for file, expected in ((first, ROWS), (second, 2 * ROWS), (second, 2 * ROWS)):
            acknowledged(environment, file)
            assert count(cluster) == (expected, expected)
    assert not cluster.is_running()


def test_a_loader_killed_in_the_middle_leaves_nothing_behind(
    environment: dict[str, str], scratch: Path, tmp_path: Path
) -> None:
    environment |= {"HUEGIS_VAR_DIR": str(scratch / "loader-killed")}
    cluster = Cluster(scratch / "loader-killed" / "postgres")
    with up(environment):
        interrupted = load(environment, write(tmp_path, 3))
        wait_for_rows_in_flight(cluster, interrupted)
        kill_9(interrupted.pid)
        interrupted.communicate()
        assert count(cluster) == (0, 0)


def test_sigterm_stops_the_service_and_its_database_and_nothing_else(
    environment: dict[str, str], scratch: Path, cluster: Cluster
) -> None:
    environment |= {"HUEGIS_VAR_DIR": str(scratch / "terminated")}
    with up(environment) as service:
        own = Cluster(scratch / "terminated" / "postgres")
        assert own.is_running()
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=60)
    assert not own.is_running()
    assert cluster.is_running()


def test_a_database_that_was_started_apart_is_left_running(
    environment: dict[str, str], scratch: Path
) -> None:
    environment |= {"HUEGIS_VAR_DIR": str(scratch / "apart")}
    own = Cluster(scratch / "apart" / "postgres")
    command = [sys.executable, "-m", "gis_core", "db"]
    subprocess.run([*command, "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
    with up(environment):
        pass
    assert own.is_running()
    subprocess.run([*command, "stop"], env=environment, check=True, stdout=subprocess.DEVNULL)
    assert not own.is_running()


def test_a_database_of_the_users_own_is_named_first_and_nothing_else_is_made(
    environment: dict[str, str], scratch: Path, cluster: Cluster
) -> None:
    url = cluster.create_database(f"own_{os.getpid()}")
    environment |= {"HUEGIS_VAR_DIR": str(scratch / "own"), "HUEGIS_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "gis_core", "db", "upgrade"],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert f"database 'own_{os.getpid()}'" in done.stdout.splitlines()[0]
    with up(environment):
        pass
    assert cluster.is_running()
    assert not (scratch / "own" / "postgres").exists()
