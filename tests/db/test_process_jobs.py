"""Jobs in PostgreSQL: shared by workers, through their death, stopped in the middle, and bounded."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from gis_core.config import Settings, get_settings
from gis_core.db import make_engine, writing
from gis_core.errors import JobNotFoundError, QueueFullError
from layers.processes import queue
from layers.processes.commands import group
from layers.processes.jobs import (
    Asked,
    Job,
    Stored,
    Wanted,
    dismiss,
    find_job,
    find_jobs,
    forget_old,
    outputs_of,
    submit,
)
from layers.processes.service import working

pytestmark = pytest.mark.usefixtures("database")

ANSWER = Stored("echo", "application/json", b"{}")


def put(message: str = "a", *, waited_for: bool = False, asker: str = "", **inputs: Any) -> UUID:
    given = {"message": message, "pause_s": 0, "fail": False} | inputs
    asked = Asked("echo", given, {"echo": "value"}, waited_for=waited_for, asker=asker)
    with writing() as connection:
        return submit(connection, asked)


def job_of(job_id: UUID) -> Job:
    with writing() as connection:
        return find_job(connection, job_id, None)


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; never is a failure."""
    deadline = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


def until(job_id: UUID, status: str) -> Job:
    eventually(lambda: job_of(job_id).status == status)
    return job_of(job_id)


def limited(**limits: Any) -> Settings:
    settings = get_settings()
    return settings.model_copy(update={"processes": settings.processes.model_copy(update=limits)})


@contextmanager
def session(url: str) -> Iterator[Connection]:
    """A session of a worker's own, which really ends with the block."""
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def computing() -> list[int]:
    """The programs that compute for this process."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            stat, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue  # no process, or one that has just ended
        if b"layers.processes.child" in command and int(stat.rpartition(")")[2].split()[1]) == os.getpid():
            found.append(int(folder.name))
    return found


def test_two_workers_never_take_the_same_job(database: str) -> None:
    jobs = {put(), put()}
    with session(database) as one, session(database) as other:
        taken = [queue.take(one), queue.take(other), queue.take(one)]
    assert {job.id for job in taken if job is not None} == jobs
    assert taken[2] is None


def test_who_waits_comes_first_and_then_the_oldest(database: str) -> None:
    first, second, waited = put(), put(), put(waited_for=True)
    with session(database) as worker:
        taken = [queue.take(worker) for _ in range(3)]
    assert [job.id for job in taken if job is not None] == [waited, first, second]


def test_a_job_whose_worker_died_is_taken_up_by_another(database: str) -> None:
    job_id = put()
    with session(database) as alive:
        with session(database) as dying:
            assert queue.take(dying) is not None
            assert queue.take_up_abandoned(alive, 3) == 0, "its worker is alive"
        eventually(lambda: queue.take_up_abandoned(alive, 3) == 1)
        again = queue.take(alive)
        assert again is not None
        assert (again.id, again.attempts) == (job_id, 2)


def test_a_job_that_kills_its_workers_fails_in_the_end(database: str) -> None:
    job_id = put()
    with session(database) as alive:
        for _ in range(2):
            with session(database) as dying:
                assert queue.take(dying) is not None
            eventually(lambda: queue.take_up_abandoned(alive, 2) == 1)
        assert queue.take(alive) is None
    failed = job_of(job_id)
    assert failed.status == "failed"
    assert failed.message is not None
    assert "ended 2 times without an answer" in failed.message


def test_a_dismissed_job_keeps_nothing_that_comes_late(database: str) -> None:
    job_id = put()
    with session(database) as worker:
        assert queue.take(worker) is not None
        with writing() as connection:
            assert dismiss(connection, job_id, None).status == "dismissed"
        assert not queue.succeed(worker, job_id, [ANSWER])
        assert not queue.fail(worker, job_id, "GisError", "late")
    assert job_of(job_id).status == "dismissed"
    with writing() as connection:
        assert outputs_of(connection, job_id) == {}


def test_dismissing_what_has_ended_forgets_it(database: str) -> None:
    job_id = put()
    with session(database) as worker:
        assert queue.take(worker) is not None
        assert queue.succeed(worker, job_id, [ANSWER])
    with writing() as connection:
        assert set(outputs_of(connection, job_id)) == {"echo"}
        dismiss(connection, job_id, None)
        assert outputs_of(connection, job_id) == {}
        with pytest.raises(JobNotFoundError):
            find_job(connection, job_id, None)


def test_old_jobs_are_forgotten_with_their_results(database: str) -> None:
    old, fresh, waiting = put(), put(), put()
    with session(database) as worker:
        for job_id in (old, fresh):
            assert queue.take(worker) is not None
            queue.succeed(worker, job_id, [ANSWER])
    with writing() as connection:
        past = text("UPDATE gis.process_jobs SET finished_at = now() - interval '8 days' WHERE id = :id")
        connection.execute(past, {"id": old})
        assert forget_old(connection, timedelta(days=7)) == 1
        assert {job.id for job in find_jobs(connection, Wanted(), None, 10)} == {fresh, waiting}
        assert outputs_of(connection, old) == {}


def test_the_queue_is_bounded_for_all_and_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUEGIS_PROCESSES__QUEUE", "3")
    monkeypatch.setenv("HUEGIS_PROCESSES__QUEUE_PER_CLIENT", "2")
    get_settings.cache_clear()
    put(asker="a")
    put(asker="a")
    with pytest.raises(QueueFullError, match="2 jobs of yours") as full:
        put(asker="a")
    assert full.value.retry_after_s > 0
    put(asker="b")
    with pytest.raises(QueueFullError, match="3 jobs wait"):
        put(asker="c")


def test_jobs_of_an_account_are_its_own() -> None:
    asked = Asked("echo", {}, {"echo": "value"}, account="kiem-lam")
    with writing() as connection:
        job_id = submit(connection, asked)
        for other in (None, "csgt"):
            assert find_jobs(connection, Wanted(), other, 10) == []
            with pytest.raises(JobNotFoundError):
                find_job(connection, job_id, other)
            with pytest.raises(JobNotFoundError):
                dismiss(connection, job_id, other)
        assert find_job(connection, job_id, "kiem-lam").status == "accepted"


def test_jobs_are_listed_by_what_is_asked(database: str) -> None:
    failed, waiting = put(), put()
    with session(database) as worker:
        assert queue.take(worker) is not None
        queue.fail(worker, failed, "GisError", "because")
    now = job_of(waiting).created_at

    def listed(**wanted: Any) -> list[UUID]:
        with writing() as connection:
            return [job.id for job in find_jobs(connection, Wanted(**wanted), None, 10)]

    assert listed() == [waiting, failed]
    assert listed(statuses=("failed",)) == [failed]
    assert listed(processes=("viewshed",)) == []
    assert listed(since=now) == [waiting]
    assert listed(until=now - timedelta(hours=1)) == []
    assert listed(min_duration_s=0) == [failed], "what never began has no duration"
    assert listed(max_duration_s=0) == []
    assert listed(before=job_of(waiting).number) == [failed]


def test_a_worker_does_jobs_and_says_why_one_failed() -> None:
    good, bad = put("xin chào"), put(fail=True)
    with working(get_settings(), 1):
        done, failed = until(good, "successful"), until(bad, "failed")
    assert done.progress == 100
    assert done.started_at is not None
    assert done.finished_at is not None
    assert failed.message == "This process failed because the input 'fail' asked for it."
    with writing() as connection:
        kept = outputs_of(connection, good)["echo"]
    assert kept.media_type == "application/json"
    assert "xin chào".encode() in kept.content
    assert computing() == []


def test_a_job_that_runs_is_really_stopped() -> None:
    job_id = put(pause_s=60)
    with working(get_settings(), 1):
        eventually(lambda: job_of(job_id).progress > 0)
        (program,) = computing()
        with writing() as connection:
            dismiss(connection, job_id, None)
        eventually(lambda: not Path(f"/proc/{program}").exists())
        # The slot goes on with the next job.
        until(put(), "successful")
    assert job_of(job_id).status == "dismissed"


def test_a_service_that_ends_leaves_its_jobs_to_the_next() -> None:
    job_id = put(pause_s=3)
    with working(get_settings(), 1):
        until(job_id, "running")
    assert (job_of(job_id).status, job_of(job_id).attempts) == ("accepted", 0)
    with working(get_settings(), 1):
        assert until(job_id, "successful").attempts == 1


def test_a_program_that_is_killed_is_begun_again() -> None:
    job_id = put(pause_s=3)
    with working(get_settings(), 1):
        eventually(lambda: job_of(job_id).progress > 0)
        os.kill(computing()[0], signal.SIGKILL)
        assert until(job_id, "successful").attempts == 2


def test_a_job_that_takes_too_long_is_stopped_and_says_so() -> None:
    job_id = put(pause_s=60)
    with working(limited(timeout_s=0.5), 1):
        failed = until(job_id, "failed")
    assert failed.message == "It ran longer than 0.5 s and was stopped; ask for less."
    assert failed.error == "QueryTimeoutError"


def test_the_commands_list_run_and_show(tmp_path: Path) -> None:
    put()
    inputs = tmp_path / "inputs.json"
    inputs.write_text('{"message": "Huế"}', encoding="utf-8")
    told = CliRunner().invoke(group, ["list"])
    assert "flood-scenario 1.0.0: Kịch bản ngập lụt / Flood scenario" in told.output
    ran = CliRunner().invoke(group, ["run", "echo", "--inputs", str(inputs), "--output", str(tmp_path / "o")])
    assert ran.exit_code == 0, ran.output
    assert '"message":"Huế"' in (tmp_path / "o" / "echo.json").read_text(encoding="utf-8")
    assert "accepted" in CliRunner().invoke(group, ["jobs"]).output
