"""Polling day and night: one scheduler for all, beside the service, and through the death of any part."""

from __future__ import annotations

import gzip
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from gis_core.cluster import Cluster
from gis_core.collect_settings import WatchedFolder
from layers.collect.claims import Claims
from layers.collect.collector import Collector
from layers.collect.folder import FolderConnector
from layers.collect.http import HttpConnector
from layers.collect.run import Outcome
from tests.answering import Server, answering, body, empty
from tests.conftest import Place
from tests.polling import STATION, query, source, telemetry
from tests.surviving import HEADER, ROWS, at_work, count, kill_9, up, wait_for_rows_in_flight, write


@pytest.fixture
def server() -> Iterator[Server]:
    with answering() as running:
        yield running


def eventually(is_so: Any) -> None:
    """Wait until something is so; never is a failure."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def test_sources_of_every_kind_run_under_one_scheduler_until_it_is_stopped(
    server: Server, database: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(
        HEADER + "107.58,16.46,2025-10-27T20:00:00Z,C,vehicle,car,observed,CSGT,a\n"
    )
    waiting = Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        waiting.set()
        server.closing.wait(60)

    server.say = body("{}", status=500)
    claims, stop = Claims(), Event()
    told: list[Outcome] = []
    complaints: list[tuple[str, str]] = []
    gone = WatchedFolder(name="gone", path=tmp_path / "nowhere", layer="detections")
    failing = HttpConnector(source(server, name="failing", retry_first_s=0.01, retry_most_s=0.02), claims)
    with answering() as slow:
        slow.say = drip
        sources = [
            FolderConnector(WatchedFolder(name="agency", path=tmp_path, layer="detections"), 0.05),
            FolderConnector(gone, 0.05),
            failing,
            HttpConnector(source(slow, name="slow", timeout_s=600), claims),
        ]
        collector = Collector(sources, told.append, lambda *said: complaints.append(said))
        running = Thread(target=collector.run, args=(stop,))
        running.start()
        # A source that hangs holds up none of the others.
        assert waiting.wait(60)
        eventually(lambda: told and len(server.asked) > 3)
        stop.set()
        running.join(30)
        assert not running.is_alive()
    claims.close()
    assert [outcome.title for outcome in told] == ["a.csv"]
    # However often it is tried, what is wrong is said once.
    assert sorted(name for name, _ in complaints) == ["failing", "gone"], complaints
    failures = dict(query(database, "SELECT source, failures_in_a_row FROM gis.collect_status"))
    assert failures["failing"] == len(server.asked)
    assert failures["gone"] >= 1
    assert "slow" not in failures
    # Room is made for the months to come.
    assert (
        len(query(database, "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'gis.detections'::regclass"))
        > 1
    )


def fires_of(folder: Path) -> bytes:
    return gzip.compress(write(folder, 1).read_bytes())


DYING = """
import os, signal, sys
from gis_core.cli import main
from layers.collect import run
take = run.receive
def receive(*given):
    take(*given)
    os.kill(os.getpid(), signal.SIGKILL)
run.receive = receive
sys.argv = ["huegis", "collect", "run"]
main()
"""
"""A collector that is killed just after the commit."""


def test_a_poll_that_is_killed_before_or_after_its_commit_loses_and_doubles_nothing(
    server: Server, place: Place, tmp_path: Path
) -> None:
    settings = {
        "name": "hub", "url": f"{server.url}/day.csv", "layer": "detections", "format": "csv", "every": "1h",
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    environment = inherited | place.env | {"HUEGIS_COLLECT__HTTP": json.dumps([settings])}
    content = fires_of(tmp_path)
    server.say = body(content, "text/csv", Content_Encoding="gzip", ETag='"day"')
    command = [sys.executable, "-m", "gis_core", "collect", "run"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as interrupted:
        wait_for_rows_in_flight(place.url, at_work(interrupted))
        kill_9(interrupted.pid)
    assert count(place.url) == (0, 0)
    assert query(place.url, "SELECT count(*) FROM gis.collect_checkpoints") == [0]

    with subprocess.Popen([sys.executable, "-c", DYING], env=environment, stdout=subprocess.DEVNULL) as dying:
        assert dying.wait(120) == -signal.SIGKILL
    assert count(place.url) == (ROWS, ROWS)
    assert query(place.url, "SELECT source, etag FROM gis.collect_checkpoints") == [("hub", '"day"')]
    assert query(place.url, "SELECT rows_in FROM gis.collect_status") == [ROWS]

    # What was committed is not even asked for again.
    server.say = empty(304)
    subprocess.run([*command, "--once"], env=environment, check=True, timeout=120)
    assert server.asked[-1].headers["if-none-match"] == '"day"'
    # And if it were, it would be known.
    server.say = body(content, "text/csv", Content_Encoding="gzip")
    with psycopg.connect(place.url) as connection:
        connection.execute("DELETE FROM gis.collect_checkpoints")
    done = subprocess.run(
        [*command, "--once"], env=environment, check=True, timeout=120, capture_output=True, text=True
    )
    assert f"0 accepted, {ROWS:,} known already" in done.stdout
    assert count(place.url) == (ROWS, ROWS)


def collectors_of(service: int) -> list[int]:
    """The collectors that a service has started."""
    children = Path(f"/proc/{service}/task")
    found = [int(pid) for task in children.iterdir() for pid in (task / "children").read_text().split()]
    return [pid for pid in found if b"collect" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]


def ends(handle: int) -> bool:
    return bool(select.select([handle], [], [], 60)[0])


def test_up_collects_while_it_serves_and_the_collector_ends_with_it_whatever_ends_it(
    server: Server, scratch: Path
) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    settings = source(server, every="1s", columns={"at": "observed_at", "x": "lon", "y": "lat"})
    environment = inherited | {
        "HUEGIS_VAR_DIR": str(scratch / "collecting"),
        "HUEGIS_SAMPLE__ENABLED": "false",
        "HUEGIS_PORT": "0",
        "HUEGIS_COLLECT__HTTP": f"[{settings.model_dump_json()}]",
    }
    cluster = Cluster(scratch / "collecting" / "postgres")
    first = STATION | {"x": 107.58, "y": 16.46}
    server.say = body(telemetry(first))

    def rows() -> list[Any]:
        return query(cluster.url, "SELECT observed_at FROM gis.observations")

    with up(environment) as service:
        eventually(lambda: len(rows()) == 1)
        (collector,) = collectors_of(service.pid)
        handle = os.pidfd_open(collector)
        kill_9(service.pid)
        assert ends(handle)
        os.close(handle)

    server.say = body(telemetry(first, first | {"at": "2025-10-27 14:00"}))
    with up(environment) as service:
        eventually(lambda: len(rows()) == 2)
        (collector,) = collectors_of(service.pid)
        # A collector that dies is started again.
        kill_9(collector)
        eventually(lambda: collectors_of(service.pid) not in ([], [collector]))
        (collector,) = collectors_of(service.pid)
        handle = os.pidfd_open(collector)
        service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0
        assert ends(handle)
        os.close(handle)
    assert not cluster.is_running()
