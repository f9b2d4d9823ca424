"""``huegis`` with several processes: all answer, one may die, all end, and what works beside them is one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gis_core.cluster import Cluster
from tests.conftest import Place, serving
from tests.surviving import kill_9


@pytest.fixture
def place(cluster: Cluster, migrated_template: str, tmp_path: Path) -> Iterator[Place]:
    """A migrated, empty database with folders of its own."""
    name = f"workers_{os.getpid()}"
    made = Place(cluster.create_database(name, migrated_template), tmp_path)
    yield made
    cluster.drop_database(name)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, any of its threads, and theirs in turn."""
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [*children, *(one for child in children for one in descendants(child))]


def workers_of(pid: int) -> list[int]:
    """The processes that answer for the service."""
    return [one for one in descendants(pid) if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, waited for by its parent or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_all_processes_answer_and_a_killed_one_is_replaced(place: Place) -> None:
    with serving(place, HUEGIS_SERVICE__WORKERS="2") as service:
        before = workers_of(service.pid)
        assert len(before) == 2
        kill_9(before[0])
        # The other answers at once; meanwhile a new one begins.
        assert httpx.get(f"{service.base_url}/ogc/conformance", timeout=60).is_success
        until(lambda: len(workers_of(service.pid)) == 2 and workers_of(service.pid) != before)
        assert before[1] in workers_of(service.pid)
        both = workers_of(service.pid)
    assert all(map(is_gone, both))


def test_links_name_the_port_that_all_share(place: Place) -> None:
    with serving(place, HUEGIS_SERVICE__WORKERS="2") as service:
        for _ in range(4):
            links = httpx.get(f"{service.base_url}/ogc?f=json", timeout=60).json()["links"]
            assert all(link["href"].startswith(service.base_url) for link in links)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_processes_in_peace(place: Place, number: signal.Signals) -> None:
    with started(place, "--workers", "2") as service:
        workers = workers_of(service.pid)
        assert len(workers) == 2
        service.send_signal(number)
        _, said = service.communicate(timeout=60)
    assert service.returncode == 0, said
    assert "Traceback" not in said
    assert all(map(is_gone, workers))


def test_processes_end_with_the_service_that_is_killed(place: Place) -> None:
    with started(place, "--workers", "2") as service:
        workers = workers_of(service.pid)
        kill_9(service.pid)
        until(lambda: all(map(is_gone, workers)))


def test_processes_that_cannot_start_are_one_sentence_and_not_tried_for_ever(place: Place) -> None:
    broken = place.var_dir / "sitecustomize.py"
    broken.write_text("import sys\nif '--multiprocessing-fork' in sys.argv: sys.exit('no room')\n")
    with started(place, "--workers", "2", PYTHONPATH=str(broken.parent)) as service:
        _, said = service.communicate(timeout=60)
    assert service.returncode == 1
    assert "The service cannot start" in said


def test_what_runs_beside_the_service_runs_once(place: Place) -> None:
    with started(place, "--workers", "2", command="up", HUEGIS_SAMPLE__ENABLED="false") as service:
        commands = [
            Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            for pid in (service.pid, *descendants(service.pid))
        ]
        assert sum(b"spawn_main" in b" ".join(words) for words in commands) == 2
        assert sum(words[-3:-1] == [b"surfaces", b"watch"] for words in commands) == 1
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=60)
    assert service.returncode == 0


@contextmanager
def started(
    place: Place, *options: str, command: str = "serve", **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """``huegis``, once it answers or has ended."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUEGIS_")}
    service = subprocess.Popen(
        [sys.executable, "-m", "gis_core", command, *options],
        env=inherited | place.env | {"HUEGIS_PORT": "0"} | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert service.stdout is not None
        any("Ctrl-C stops it" in line for line in service.stdout)
        yield service
    finally:
        service.kill()
        service.communicate()
