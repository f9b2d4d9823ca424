"""The worker: slots that take jobs from the queue and have them computed, until it is stopped."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from gis_core.config import Settings
from gis_core.db import database_url, make_engine
from gis_core.errors import JobNotFoundError
from gis_core.time import parse_duration
from layers.processes import queue
from layers.processes.hosts import tell
from layers.processes.jobs import CHANNEL, Job, find_job, forget_old, outputs_of
from layers.processes.outputs import results_document, status_info
from layers.processes.program import Program, ProgramEndedError

_log = logging.getLogger(__name__)

_LISTENS_S = 1.0
_LOOKS_EVERY_S = 0.25
_TIDIES_EVERY_S = 10.0
_IDLE_PROGRAM_S = 300.0
_RECONNECTS_AFTER_S = 2.0
_TELLERS = 4
_TOLD_AT = {"running": "inProgressUri", "successful": "successUri", "failed": "failedUri"}


class Worker:
    """``slots`` threads, each with a session of the database and a program of its own."""

    def __init__(self, settings: Settings, slots: int) -> None:
        self._settings = settings
        self._stopping = Event()
        self._engine = make_engine(database_url(), pool_size=slots)
        self._tellers = ThreadPoolExecutor(_TELLERS, "told")
        self._threads = [
            Thread(target=self._keep_slot, name=f"processes-{number}", daemon=True) for number in range(slots)
        ]

    def start(self) -> None:
        """Begin to take jobs."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let go of everything: jobs that are being computed wait again."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._tellers.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _keep_slot(self) -> None:
        while not self._stopping.is_set():
            try:
                _Slot(self._settings, self._engine, self._stopping, self._tellers).run()
            except (SQLAlchemyError, psycopg.Error) as error:
                _log.warning("the database went away from a worker of processes: %s", error)
                self._stopping.wait(_RECONNECTS_AFTER_S)


class _Slot:
    """One job at a time."""

    def __init__(
        self, settings: Settings, engine: Engine, stopping: Event, tellers: ThreadPoolExecutor
    ) -> None:
        self._settings = settings
        self._limits = settings.processes
        self._engine = engine
        self._stopping = stopping
        self._tellers = tellers
        self._program: Program | None = None

    def run(self) -> None:
        """Take jobs until the worker stops, or the database goes away."""
        try:
            with self._engine.connect() as connection:
                self._take_jobs(connection)
        finally:
            self._end_program(at_once=True)

    def _take_jobs(self, connection: Connection) -> None:
        with connection.begin():
            connection.execute(text(f"LISTEN {CHANNEL}"))
        tidied_at = used_at = -_TIDIES_EVERY_S
        while not self._stopping.is_set():
            if time.monotonic() - tidied_at >= _TIDIES_EVERY_S:
                self._tidy(connection)
                tidied_at = time.monotonic()
            job = queue.take(connection)
            if job is not None:
                self._work(connection, job)
                used_at = time.monotonic()
                continue
            if time.monotonic() - used_at >= _IDLE_PROGRAM_S:
                self._end_program(at_once=False)
            self._listen(connection)

    def _tidy(self, connection: Connection) -> None:
        queue.take_up_abandoned(connection, self._limits.attempts)
        with connection.begin():
            forget_old(connection, parse_duration(self._limits.keep))

    def _listen(self, connection: Connection) -> None:
        """Wait until somebody says that there is work, or for a moment."""
        driver = connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the worker needs a connection of psycopg")
        # A block of SQLAlchemy's holds the session; outside of one the driver may end its transaction.
        driver.commit()
        for _ in driver.notifies(timeout=_LISTENS_S, stop_after=1):
            pass
        driver.commit()

    def _work(self, connection: Connection, job: Job) -> None:
        try:
            self._tell(connection, job, "inProgressUri")
            try:
                self._compute(connection, job)
            except ProgramEndedError:
                self._end_program(at_once=True)
                queue.give_back(connection, job, self._limits.attempts)
        finally:
            queue.let_go(connection, job.id)
        self._tell(connection, job, "successUri", "failedUri")

    def _compute(self, connection: Connection, job: Job) -> None:
        """Have the job computed, and end it by what comes of that; or stop it in the middle."""
        if self._program is None:
            self._program = Program(self._limits.memory_mib)
        self._program.begin(job.process, job.inputs, [*job.outputs], self._limits.max_result_mib)
        until = time.monotonic() + self._limits.timeout_s
        while True:
            said = self._program.said(_LOOKS_EVERY_S)
            if said is not None and said[0] != "progress":
                self._end(connection, job, said)
                return
            if said is not None:
                queue.tell_progress(connection, job.id, said[1], said[2])
            if self._stopping.is_set():
                self._end_program(at_once=True)
                queue.put_back(connection, job.id)
                return
            if queue.status_of(connection, job.id) != "running":
                self._end_program(at_once=True)
                return
            if time.monotonic() > until:
                self._end_program(at_once=True)
                reason = f"It ran longer than {self._limits.timeout_s:g} s and was stopped; ask for less."
                queue.fail(connection, job.id, "QueryTimeoutError", reason)
                return

    def _end(self, connection: Connection, job: Job, said: tuple[Any, ...]) -> None:
        if said[0] == "failed":
            queue.fail(connection, job.id, said[1], said[2])
            return
        queue.succeed(connection, job.id, said[1])

    def _tell(self, connection: Connection, taken: Job, *kinds: str) -> None:
        """Tell the subscriber what has become of a job, beside the work."""
        subscriber = taken.subscriber
        if subscriber is None:
            return
        with connection.begin():
            try:
                job = find_job(connection, taken.id, taken.account)
            except JobNotFoundError:
                return  # dismissed and forgotten meanwhile
            kind = _TOLD_AT.get(job.status)
            if kind not in kinds or kind not in subscriber:
                return
            base = subscriber["base"]
            document = (
                results_document(job, outputs_of(connection, job.id), base)
                if job.status == "successful"
                else status_info(job, base)
            )
        self._tellers.submit(tell, subscriber[kind], document, self._limits)

    def _end_program(self, *, at_once: bool) -> None:
        if self._program is not None:
            (self._program.kill if at_once else self._program.close)()
            self._program = None
