"""Work for a client that may go away: then its query is stopped in the database, and not only forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import TypeVar

import anyio
import psycopg
from anyio.to_thread import run_sync
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Receive

from gis_core.errors import GisError

Answer = TypeVar("Answer")


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Stopper:
    """Stops the queries that a piece of work is running, and lets none begin afterwards."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped = False
        self._running: list[psycopg.Connection[object]] = []

    @contextmanager
    def reaching(self, connection: Connection) -> Iterator[None]:
        """Let ``stop`` reach what runs on this connection.

        Raises:
            ClientGoneError: it was stopped already.
        """
        driver = connection.connection.driver_connection
        with self._lock:
            if self._stopped:
                raise ClientGoneError
            if isinstance(driver, psycopg.Connection):
                self._running.append(driver)
        try:
            yield
        finally:
            # Held while a cancellation is on its way, so that it never meets the next user's query.
            with self._lock:
                if isinstance(driver, psycopg.Connection):
                    self._running.remove(driver)

    def stop(self) -> None:
        """Cancel what runs, from any thread."""
        with self._lock:
            self._stopped = True
            for driver in self._running:
                driver.cancel_safe()


_STOPPER: ContextVar[Stopper | None] = ContextVar("stopper", default=None)
_STOPPING = anyio.CapacityLimiter(4)
"""Threads of their own: those of the requests may all be at the work that is to be stopped."""


@contextmanager
def stoppable(connection: Connection) -> Iterator[None]:
    """Let what runs on this connection be stopped with the work that it is for, if that can be."""
    stopper = _STOPPER.get()
    if stopper is None:
        yield
    else:
        with stopper.reaching(connection):
            yield


_OF_A_STOPPED_QUERY = (ClientGoneError, GisError, SQLAlchemyError, psycopg.Error)
"""What a cancellation can be told as; anything else is a bug, and is told whoever has gone."""
_WATCHED_AFTER_S = 0.05
"""What is answered sooner needs nobody to watch for the client: watching would cost a good part of it."""


async def unless_gone(
    receive: Receive, work: Callable[[], Answer], limiter: anyio.CapacityLimiter | None = None
) -> Answer:
    """What ``work`` gives back, done in a thread while watching whether the client is still there.

    Raises:
        ClientGoneError: it went away; what ``work`` was doing in the database has been cancelled.
    """
    stopper = Stopper()
    gone = False
    watching: list[asyncio.Task[None]] = []

    async def watch(scope: anyio.CancelScope) -> None:
        nonlocal gone
        while (await receive())["type"] != "http.disconnect":
            pass
        gone = True
        await run_sync(stopper.stop, limiter=_STOPPING)
        scope.cancel()

    loop = asyncio.get_running_loop()
    token = _STOPPER.set(stopper)
    with anyio.CancelScope() as scope:
        begin = loop.call_later(_WATCHED_AFTER_S, lambda: watching.append(loop.create_task(watch(scope))))
        try:
            answer = await run_sync(work, limiter=limiter)
            if not gone:
                return answer
        except _OF_A_STOPPED_QUERY:
            # What the stopped query raises is no news to anybody.
            if not gone:
                raise
        finally:
            begin.cancel()
            _STOPPER.reset(token)
            for task in watching:
                task.cancel()
    raise ClientGoneError
