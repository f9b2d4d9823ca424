"""kill -9 in the middle of a load: what was acknowledged is there, nothing is there twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gis_core.cluster import Cluster
from tests.surviving import (
    ROWS,
    acknowledged,
    at_work,
    count,
    kill_9,
    load,
    rolled_up,
    up,
    wait_for_rows_in_flight,
    write,
)


@pytest.fixture
def environment(scratch: Path) -> dict[str, str]:
    """An embedded default of its own, without the sample, on any free port."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    return inherited | {
        "HUEGIS_VAR_DIR": str(scratch / "survival"),
        "HUEGIS_SAMPLE__ENABLED": "false",
        "HUEGIS_PORT": "0",
    }


def test_kill_9_of_everything_loses_and_doubles_nothing(
    environment: dict[str, str], scratch: Path, tmp_path: Path
) -> None:
    cluster = Cluster(scratch / "survival" / "postgres")
    first, second = write(tmp_path, 1), write(tmp_path, 2)
    with up(environment) as service:
        acknowledged(environment, first)
        interrupted = load(environment, second)
        wait_for_rows_in_flight(cluster.url, at_work(interrupted))
        postmaster = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
        kill_9(postmaster)
        kill_9(service.pid)
        _, said = interrupted.communicate(timeout=120)
        assert interrupted.returncode == 1
        assert re.fullmatch(r"huegis: .*database.*\n", said.splitlines(keepends=True)[-1]), said

    with up(environment):
        assert count(cluster.url) == (ROWS, ROWS)
        assert rolled_up(cluster.url)[0] == ROWS
        for file, expected in ((first, ROWS), (second, 2 * ROWS), (second, 2 * ROWS)):
            acknowledged(environment, file)
            assert count(cluster.url) == (expected, expected)
            assert rolled_up(cluster.url)[0] == expected
    assert not cluster.is_running()


def test_a_loader_killed_in_the_middle_leaves_nothing_behind(
    environment: dict[str, str], scratch: Path, tmp_path: Path
) -> None:
    environment |= {"HUEGIS_VAR_DIR": str(scratch / "loader-killed")}
    cluster = Cluster(scratch / "loader-killed" / "postgres")
    with up(environment):
        interrupted = load(environment, write(tmp_path, 3))
        wait_for_rows_in_flight(cluster.url, at_work(interrupted))
        kill_9(interrupted.pid)
        interrupted.communicate()
        assert count(cluster.url) == (0, 0)
        assert rolled_up(cluster.url) == (0, 0)


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_the_database_starts_leaves_no_server(
    environment: dict[str, str], scratch: Path, number: signal.Signals
) -> None:
    environment |= {"HUEGIS_VAR_DIR": str(scratch / f"early-{number.name}")}
    own = Cluster(scratch / f"early-{number.name}" / "postgres")
    # Whoever runs the tests under nohup ignores SIGHUP, and lets every child inherit that.
    command = ["env", "--default-signal=HUP", sys.executable, "-m", "gis_core", "up"]
    service = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not own.is_running() and time.monotonic() < deadline:
            time.sleep(0.005)
        service.send_signal(number)
        assert service.wait(timeout=60) == 0
    finally:
        service.kill()
        service.wait()
    assert (own.data / "global").exists(), "it was never started"
    assert not own.is_running()


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
