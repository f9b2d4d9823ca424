"""Collecting beside the running service: ``huegis collect run`` as a process of its own.

A process, because reading and checking rows would hold up whoever waits for a page; and one that
the system itself ends when the service is killed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from gis_core.config import Settings

_PAUSE_S = 10.0
_ENDS_WITHIN_S = 60.0
_COMMAND = (sys.executable, "-m", "gis_core", "collect", "run", "--quiet")
_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


@contextmanager
def beside(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """Collect for the length of the block, where the settings name a source and ask for it."""
    count = len(settings.collect.sources)
    if not settings.collect.with_service or not count:
        yield
        return
    say(f"Collecting from {count} source{'s' if count > 1 else ''}.")
    collector = _Kept(say)
    collector.start()
    try:
        yield
    finally:
        collector.stop()


class _Kept:
    """The collector's process, started again where it ends by itself."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._stopping = Event()
        # The system ends the process with the thread that started it, so that is this one to its end.
        self._thread = Thread(target=self._keep, name="collector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            # Ctrl-C in a terminal is for the service, which then stops this in its turn.
            process = subprocess.Popen(
                [*_WITH_ITS_PARENT, *_COMMAND], stdin=subprocess.DEVNULL, start_new_session=True
            )
            ended = self._wait(process)
            if self._stopping.is_set():
                return
            if ended == 1:
                self._say("Collecting has ended, for the reason above; the service goes on.")
                return
            self._say(f"The collector ended unexpectedly; it starts again in {_PAUSE_S:g} s.")
            self._stopping.wait(_PAUSE_S)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status of the process; it is asked to end when the service stops."""
        while process.poll() is None and not self._stopping.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
        return process.wait()
