"""The server of the service: in this process, or in several beside it that share one socket."""

from __future__ import annotations

import multiprocessing
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.synchronize import Semaphore
from threading import Thread

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import SIGNALS

from gis_core.config import Settings
from gis_core.connections import bounded_connections
from gis_core.errors import GisError
from gis_core.service import create_app

_STOPS_WITHIN_S = 5
_ANSWERS_WITHIN_S = 60
"""A process that says nothing for so long hangs, and another takes its place."""


def serve_with(settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
    """Answer on a socket until a signal says to stop, with as many processes as the settings say.

    Args:
        settings: ``base_url`` is where clients reach the socket.
        listener: bound, and listening.
        announce: called once, at the moment when the service answers.

    Raises:
        GisError: its processes cannot start.
    """
    if settings.service.workers == 1:
        _AnnouncingServer(_Config(settings), announce).run(sockets=[listener])
        return
    with _handlers_kept():
        workers = _Workers(settings, listener, announce)
        workers.run()
    if workers.failed:
        raise GisError("The service cannot start; its processes said why above.")


class _Config(uvicorn.Config):
    """Can be sent to another process, which makes the application and its connections by itself."""

    def __init__(self, settings: Settings, loaded: Semaphore | None = None) -> None:
        super().__init__(
            partial(create_app, settings),
            factory=True,
            workers=settings.service.workers,
            log_level=settings.log_level,
            access_log=settings.log_level in ("debug", "info"),
            timeout_graceful_shutdown=_STOPS_WITHIN_S,
            timeout_keep_alive=settings.limits.keep_alive_s,
            timeout_worker_healthcheck=_ANSWERS_WITHIN_S,
            ws="none",
        )
        self._limits = settings.limits
        self._loaded = loaded

    def load(self) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            Thread(target=_end_with, args=(parent,), name="end-with-parent", daemon=True).start()
        super().load()
        self.http_protocol_class = bounded_connections(self._limits)
        if self._loaded is not None:
            self._loaded.release()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """Stop this process when the one that started it is gone, even if that was killed."""
    parent.join()
    signal.raise_signal(signal.SIGTERM)


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


class _Workers(Multiprocess):
    def __init__(self, settings: Settings, listener: socket.socket, announce: Callable[[], None]) -> None:
        hang_up = signal.getsignal(signal.SIGHUP)
        # Uvicorn's own question whether a process has started may for ever be answered by a second
        # server in it, which its thread of answers makes where it is the first to ask for one.
        self._loaded = multiprocessing.get_context("spawn").Semaphore(0)
        self._loading = settings.service.workers
        super().__init__(_Config(settings, self._loaded), [listener])
        # To uvicorn it means to start all processes again; here it ends the service, as with one process.
        signal.signal(signal.SIGHUP, hang_up)
        self._announce = announce
        self._announced = False
        self.failed = False

    def keep_subprocess_alive(self) -> None:
        if self._announced or self.should_exit.is_set():
            super().keep_subprocess_alive()
            return
        if any(process.exitcode is not None for process in self.processes):
            # What ends before it ever answered would end again.
            self.failed = True
            self.should_exit.set()
            return
        while self._loading and self._loaded.acquire(block=False):
            self._loading -= 1
        if not self._loading:
            self._announced = True
            self._announce()


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """What signals do before is what they do again afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
