"""The private cluster: no port, a closed folder, data that survives kill -9, and hands off others."""

from __future__ import annotations

import os
import pwd
import select
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gis_core.cluster import Cluster
from gis_core.errors import DatabaseUnavailableError


def kill_9(pid: int) -> None:
    """Kill a process and wait for its end: the kernel may take a moment."""
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        assert select.select([handle], [], [], 30)[0]
    finally:
        os.close(handle)


@pytest.fixture
def own_cluster(scratch: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    cluster = Cluster(scratch / request.node.name[:20])
    cluster.start()
    yield cluster
    cluster.stop()


def test_it_listens_on_no_port_and_its_folder_is_closed(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    for folder in (cluster.folder, cluster.data, cluster.socket_dir):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0


def test_starting_twice_starts_once(cluster: Cluster) -> None:
    assert cluster.start() is False
    assert cluster.is_running()


def test_it_knows_its_own_server_from_another(cluster: Cluster, own_cluster: Cluster) -> None:
    assert cluster.is_its_own(cluster.url)
    assert not cluster.is_its_own(own_cluster.url)


def test_committed_data_survives_kill_9_and_stopping_again(own_cluster: Cluster) -> None:
    with psycopg.connect(own_cluster.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    postmaster = int((own_cluster.data / "postmaster.pid").read_text().splitlines()[0])
    kill_9(postmaster)
    assert own_cluster.start() is True
    with psycopg.connect(own_cluster.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    assert own_cluster.stop() is True
    assert own_cluster.stop() is False
    assert own_cluster.start() is True
    with psycopg.connect(own_cluster.url) as connection:
        assert connection.execute("SELECT sum(n) FROM kept").fetchone() == (500_500,)


def test_an_initialisation_that_was_killed_is_begun_again(scratch: Path) -> None:
    cluster = Cluster(scratch / "half-made")
    (cluster.data / "base").mkdir(parents=True)
    try:
        assert cluster.start() is True
    finally:
        cluster.stop()


def test_a_deep_folder_gets_a_short_socket_path(scratch: Path) -> None:
    deep = scratch / ("d" * 60) / ("e" * 60)
    cluster = Cluster(deep)
    assert len(str(cluster.socket_dir)) < 100
    assert Cluster(deep).socket_dir == cluster.socket_dir


def test_abandonment_is_known_by_the_keeper_being_gone(own_cluster: Cluster) -> None:
    assert not own_cluster.is_kept_here()
    own_cluster.keep()
    assert own_cluster.is_kept_here()
    assert not own_cluster.is_abandoned()
    (own_cluster.folder / "keeper").write_text("1 0")
    assert own_cluster.is_abandoned()


def test_a_server_that_cannot_start_says_why(scratch: Path) -> None:
    cluster = Cluster(scratch / "broken")
    cluster.start()
    cluster.stop()
    with (cluster.data / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(DatabaseUnavailableError, match="pg_ctl failed"):
        cluster.start()


def test_a_start_that_is_cut_short_leaves_no_server(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(scratch / "cut-short")

    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cluster, "_ensure_database", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cluster.start()
    assert not cluster.is_running()


def test_a_server_that_is_started_apart_is_not_taken_for_abandoned(own_cluster: Cluster) -> None:
    (own_cluster.folder / "keeper").write_text("1 0")
    kill_9(int((own_cluster.data / "postmaster.pid").read_text().splitlines()[0]))
    own_cluster.start()
    assert not own_cluster.is_abandoned()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match="cannot lie in /proc/huegis"):
        Cluster(Path("/proc/huegis")).start()


def test_a_user_that_the_machine_does_not_know_is_told(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 2_000_000_011)
    with pytest.raises(DatabaseUnavailableError, match="cannot run as user 2000000011"):
        Cluster(scratch / "nobodys").start()


def test_anothers_folder_is_not_taken_over(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scratch / "anothers"
    folder.mkdir(mode=0o755)
    stranger = pwd.struct_passwd(("stranger", "x", 2_000_000_011, 2_000_000_011, "", "/", "/bin/sh"))
    monkeypatch.setattr(os, "geteuid", lambda: stranger.pw_uid)
    monkeypatch.setattr(pwd, "getpwuid", lambda number: stranger)
    with pytest.raises(DatabaseUnavailableError, match="anothers belongs to another user"):
        Cluster(folder).start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
