"""Jobs as clients see them: accepted, listed, asked about, dismissed.

They are read and written in one database, never at a replica: whoever was told of a job a moment
ago asks about it now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    case,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from gis_core.config import get_settings
from gis_core.errors import JobNotFoundError, QueueFullError
from layers.processes.tables import ProcessJob, ProcessOutput

CHANNEL = "huegis_process_jobs"
"""Workers listen here for work and for dismissals."""

_JOB: Table = ProcessJob.__table__  # type: ignore[assignment]
_OUTPUT: Table = ProcessOutput.__table__  # type: ignore[assignment]
_OPEN = ("accepted", "running")
_RETRY_AFTER_S = 15.0


class Job(NamedTuple):
    """A job; times are aware, ``outputs`` are transmission modes by name, ``error`` names a class."""

    id: UUID
    number: int
    process: str
    status: str
    progress: int
    message: str | None
    error: str | None
    inputs: dict[str, Any]
    outputs: dict[str, str]
    response: str
    subscriber: dict[str, str] | None
    account: str | None
    attempts: int
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None


class Asked(NamedTuple):
    """What somebody asks for: a process with checked inputs, and how the results are wanted."""

    process: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, str]
    response: str = "raw"
    subscriber: Mapping[str, str] | None = None
    waited_for: bool = False
    asker: str = ""
    account: str | None = None


class Stored(NamedTuple):
    """One output of a job, encoded by its media type."""

    name: str
    media_type: str
    content: bytes


class Wanted(NamedTuple):
    """Which jobs to list; None does not restrict. ``before`` is the number of the last one seen."""

    processes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    before: int | None = None


COLUMNS = [_JOB.c[name] for name in Job._fields]


def as_job(row: Row[Any]) -> Job:
    """A row of ``COLUMNS``."""
    return Job._make(row)


def submit(connection: Connection, asked: Asked) -> UUID:
    """Accept a job, in the caller's transaction.

    Raises:
        QueueFullError: too many wait already, of all clients or of this one.
    """
    limits = get_settings().processes
    # Counting and adding is one step, or many at a time would all find a place.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(CHANNEL))))
    waiting, own = connection.execute(
        select(func.count(), func.count().filter(_JOB.c.asker == asked.asker)).where(_JOB.c.status.in_(_OPEN))
    ).one()
    if waiting >= limits.queue or own >= limits.queue_per_client:
        whose = f"{own} jobs of yours" if own >= limits.queue_per_client else f"{waiting} jobs"
        raise QueueFullError(f"{whose} wait or run already; try again when some are done.", _RETRY_AFTER_S)
    job_id = uuid4()
    connection.execute(insert(_JOB).values(id=job_id, status="accepted", **asked._asdict()))
    notify(connection)
    return job_id


def notify(connection: Connection) -> None:
    """Wake the workers when the transaction is committed."""
    connection.execute(select(func.pg_notify(CHANNEL, "")))


def find_job(connection: Connection, job_id: UUID, account: str | None) -> Job:
    """The job of an identifier.

    Raises:
        JobNotFoundError: there is none, or it belongs to another account.
    """
    row = connection.execute(select(*COLUMNS).where(_JOB.c.id == job_id, _visible(account))).first()
    if row is None:
        raise JobNotFoundError(f"There is no job '{job_id}'; jobs that ended are kept for a while only.")
    return as_job(row)


def find_jobs(connection: Connection, wanted: Wanted, account: str | None, limit: int) -> list[Job]:
    """Jobs that anybody or this account may see, the latest first."""
    conditions = [_visible(account), *_conditions(wanted)]
    rows = connection.execute(select(*COLUMNS).where(*conditions).order_by(_JOB.c.number.desc()).limit(limit))
    return [as_job(row) for row in rows]


def outputs_of(connection: Connection, job_id: UUID) -> dict[str, Stored]:
    """What came out of a job, by name."""
    query = select(*(_OUTPUT.c[name] for name in Stored._fields)).where(_OUTPUT.c.job_id == job_id)
    return {row.name: Stored(*row) for row in connection.execute(query)}


def dismiss(connection: Connection, job_id: UUID, account: str | None) -> Job:
    """Stop a job that waits or runs; one that has ended is forgotten with its results.

    Raises:
        JobNotFoundError: there is none, or it belongs to another account.
    """
    job = find_job(connection, job_id, account)
    now = func.clock_timestamp()
    stopped = connection.execute(
        update(_JOB)
        .where(_JOB.c.id == job_id, _JOB.c.status.in_(_OPEN))
        .values(status="dismissed", message="Dismissed.", updated_at=now, finished_at=now)
        .returning(*COLUMNS)
    ).first()
    notify(connection)
    if stopped is not None:
        return as_job(stopped)
    connection.execute(delete(_JOB).where(_JOB.c.id == job_id))
    return job._replace(status="dismissed", message="Dismissed.")


def forget_old(connection: Connection, keep: timedelta) -> int:
    """Forget the jobs that ended so long ago, with their results; gives back how many."""
    ended = delete(_JOB).where(_JOB.c.finished_at < func.clock_timestamp() - keep)
    return connection.execute(ended).rowcount


def _visible(account: str | None) -> ColumnElement[bool]:
    own = false() if account is None else _JOB.c.account == account
    return or_(_JOB.c.account.is_(None), own)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.processes:
        found.append(_JOB.c.process.in_(wanted.processes))
    if wanted.statuses:
        found.append(_JOB.c.status.in_(wanted.statuses))
    if wanted.since is not None:
        found.append(_JOB.c.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(_JOB.c.created_at <= wanted.until)
    if wanted.before is not None:
        found.append(_JOB.c.number < wanted.before)
    # How long it ran, up to now where it still does; one that never began has no duration.
    until = case((_JOB.c.status == "running", func.clock_timestamp()), else_=_JOB.c.finished_at)
    duration_s = func.extract("epoch", until - _JOB.c.started_at)
    if wanted.min_duration_s is not None:
        found.append(duration_s >= wanted.min_duration_s)
    if wanted.max_duration_s is not None:
        found.append(duration_s <= wanted.max_duration_s)
    return found
