"""Work for a client that may go away: then its query is stopped in the database, and not only forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import anyio
import psycopg
from anyio.to_thread import run_sync
from sqlalchemy import Connection
from starlette.types import Receive

from gis_core.db import reading

Answer = TypeVar("Answer")


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Stopper:
    """Stops the query that a thread is running, and lets none begin afterwards."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped = False
        self._running: psycopg.Connection[object] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for a client's query, which ``stop`` reaches.

        Raises:
            ClientGoneError: it was stopped already.
        """
        with reading() as connection:
            # One statement at a time that only reads needs no transaction around it.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with self._lock:
                if self._stopped:
                    raise ClientGoneError
                driver = connection.connection.driver_connection
                self._running = driver if isinstance(driver, psycopg.Connection) else None
            try:
                yield connection
            finally:
                # Held while a cancellation is on its way, so that it never meets the next user's query.
                with self._lock:
                    self._running = None

    def stop(self) -> None:
        """Cancel what runs, from any thread."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.cancel_safe()


async def unless_gone(
    receive: Receive, work: Callable[[Stopper], Answer], limiter: anyio.CapacityLimiter | None = None
) -> Answer:
    """What ``work`` gives back, done in a thread while watching whether the client is still there.

    Raises:
        ClientGoneError: it went away; what ``work`` was doing in the database has been cancelled.
    """
    stopper = Stopper()
    gone = False
    answers: list[Answer] = []
    errors: list[Exception] = []

    async def watch() -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        await run_sync(stopper.stop)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            answers.append(await run_sync(work, stopper, limiter=limiter))
        except Exception as error:  # noqa: BLE001 - raised below, outside the group that would wrap it
            errors.append(error)
        group.cancel_scope.cancel()
    if gone:
        raise ClientGoneError
    if errors:
        raise errors[0]
    return answers[0]
