"""The queue as workers see it: jobs taken, given back where a worker died, and ended.

A worker holds a job by a session advisory lock of PostgreSQL, taken before the job is marked as
running and let go when it has ended. When the worker dies, however it does, its session ends and
the lock with it; a running job whose lock is free belongs to nobody, and is begun again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select, update

from layers.processes.jobs import COLUMNS, Job, Stored, as_job
from layers.processes.tables import ProcessJob, ProcessOutput

_JOB: Table = ProcessJob.__table__  # type: ignore[assignment]
_OUTPUT: Table = ProcessOutput.__table__  # type: ignore[assignment]
_NOW = func.clock_timestamp()


def take(connection: Connection) -> Job | None:
    """The next job that waits, now running and locked by this session; None where none waits.

    Those that a client waits for come first, then the oldest. ``connection`` is in no transaction.
    """
    with connection.begin():
        waiting = (
            select(_JOB.c.id)
            .where(_JOB.c.status == "accepted")
            .order_by(_JOB.c.waited_for.desc(), _JOB.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job_id = connection.execute(waiting).scalar()
        # Its last holder may not have let go yet, having only just given it back.
        if job_id is None or not connection.execute(select(func.pg_try_advisory_lock(_key(job_id)))).scalar():
            return None
        row = connection.execute(
            update(_JOB)
            .where(_JOB.c.id == job_id)
            .values(
                status="running",
                progress=0,
                message=None,
                attempts=_JOB.c.attempts + 1,
                started_at=_NOW,
                updated_at=_NOW,
            )
            .returning(*COLUMNS)
        ).one()
    return as_job(row)


def let_go(connection: Connection, job_id: UUID) -> None:
    """Give up the lock of a job that has ended or was given back."""
    with connection.begin():
        connection.execute(select(func.pg_advisory_unlock(_key(job_id))))


def status_of(connection: Connection, job_id: UUID) -> str | None:
    """The status of a job, None where it was forgotten."""
    with connection.begin():
        return connection.execute(select(_JOB.c.status).where(_JOB.c.id == job_id)).scalar()


def tell_progress(connection: Connection, job_id: UUID, percent: float, message: str) -> None:
    """Note how far a running job is."""
    _change(connection, job_id, progress=min(99, max(0, int(percent))), message=message)


def succeed(connection: Connection, job_id: UUID, outputs: Iterable[Stored]) -> bool:
    """Keep what came out of a running job; False where it was dismissed meanwhile."""
    with connection.begin():
        ended = connection.execute(
            update(_JOB)
            .where(_JOB.c.id == job_id, _JOB.c.status == "running")
            .values(status="successful", progress=100, message=None, updated_at=_NOW, finished_at=_NOW)
        )
        if ended.rowcount == 0:
            return False
        rows = [{"job_id": job_id, **one._asdict()} for one in outputs]
        if rows:
            connection.execute(insert(_OUTPUT), rows)
    return True


def fail(connection: Connection, job_id: UUID, error: str, reason: str) -> bool:
    """End a running job with a class of error and a sentence; False where it was dismissed meanwhile."""
    return _change(connection, job_id, status="failed", error=error, message=reason, finished_at=_NOW)


def give_back(connection: Connection, job: Job, attempts: int) -> None:
    """Let a running job that its worker could not end wait again, or fail after so many attempts."""
    if job.attempts < attempts:
        _change(
            connection, job.id, status="accepted", progress=0, message="It is begun again.", started_at=None
        )
        return
    fail(
        connection,
        job.id,
        "GisError",
        f"The program that computed it ended {job.attempts} times without an answer; perhaps it takes "
        "more memory than there is.",
    )


def put_back(connection: Connection, job_id: UUID) -> None:
    """Let a running job wait again that was interrupted by our own end, which is no fault of the job's."""
    _change(
        connection,
        job_id,
        status="accepted",
        progress=0,
        message=None,
        started_at=None,
        attempts=_JOB.c.attempts - 1,
    )


def take_up_abandoned(connection: Connection, attempts: int) -> int:
    """Give back the running jobs that no worker holds; gives back how many they were."""
    with connection.begin():
        running = [
            as_job(row) for row in connection.execute(select(*COLUMNS).where(_JOB.c.status == "running"))
        ]
    found = 0
    for job in running:
        with connection.begin():
            free = connection.execute(select(func.pg_try_advisory_lock(_key(job.id)))).scalar()
        if not free:
            continue
        try:
            # Under the lock nobody else changes its mind; it may have ended since it was read.
            if status_of(connection, job.id) == "running":
                give_back(connection, job, attempts)
                found += 1
        finally:
            let_go(connection, job.id)
    return found


def _change(connection: Connection, job_id: UUID, **values: Any) -> bool:
    with connection.begin():
        changed = connection.execute(
            update(_JOB)
            .where(_JOB.c.id == job_id, _JOB.c.status == "running")
            .values(updated_at=_NOW, **values)
        )
    return changed.rowcount > 0


def _key(job_id: UUID) -> ColumnElement[int]:
    return func.hashtextextended(str(job_id), 0)
