"""A command of ours as a process of its own beside the running service.

A process, because what computes would hold up whoever waits for a page; and one that the system
itself ends when the service is killed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

_PAUSE_S = 10.0
_ENDS_WITHIN_S = 60.0
_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


@contextmanager
def kept_running(name: str, arguments: tuple[str, ...], say: Callable[[str], None]) -> Iterator[None]:
    """``huegis`` with these arguments for the length of the block, started again where it ends by itself.

    An exit status of 1 means that it has said why it cannot go on: then it is left at that.
    """
    kept = _Kept(name, (sys.executable, "-m", "gis_core", *arguments), say)
    kept.start()
    try:
        yield
    finally:
        kept.stop()


class _Kept:
    def __init__(self, name: str, command: tuple[str, ...], say: Callable[[str], None]) -> None:
        self._name = name
        self._command = command
        self._say = say
        self._stopping = Event()
        # The system ends the process with the thread that started it, so that is this one to its end.
        self._thread = Thread(target=self._keep, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            # Ctrl-C in a terminal is for the service, which then stops this in its turn.
            process = subprocess.Popen(
                [*_WITH_ITS_PARENT, *self._command], stdin=subprocess.DEVNULL, start_new_session=True
            )
            ended = self._wait(process)
            if self._stopping.is_set():
                return
            if ended == 1:
                self._say(f"The {self._name} has ended, for the reason above; the service goes on.")
                return
            self._say(f"The {self._name} ended unexpectedly; it starts again in {_PAUSE_S:g} s.")
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
