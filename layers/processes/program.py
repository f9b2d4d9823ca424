"""A program of ``layers.processes.child``, from the side of the worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import Pipe
from typing import Any

_WITH_ITS_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
_ENDS_WITHIN_S = 5.0


class ProgramEndedError(Exception):
    """It ended without an answer."""


class Program:
    """One running program; it is used by the thread that made it, and ends with that."""

    def __init__(self, memory_mib: int) -> None:
        self._pipe, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [
                    *_WITH_ITS_PARENT, sys.executable, "-m", "layers.processes.child",
                    str(theirs.fileno()), str(memory_mib),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Whatever a library prints is no answer.
                stdout=sys.stderr.fileno(),
                start_new_session=True,
            )  # fmt: skip

    def begin(self, process: str, inputs: Mapping[str, Any], outputs: Sequence[str], max_mib: float) -> None:
        """Have it compute.

        Raises:
            ProgramEndedError: it is not there any more.
        """
        try:
            self._pipe.send((process, dict(inputs), list(outputs), max_mib))
        except OSError as error:
            raise ProgramEndedError from error

    def said(self, within_s: float) -> tuple[Any, ...] | None:
        """The next thing that it says, None where it says nothing for so long.

        Raises:
            ProgramEndedError: it is not there any more.
        """
        try:
            if not self._pipe.poll(within_s):
                return None
            answer: tuple[Any, ...] = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise ProgramEndedError from error
        return answer

    def close(self) -> None:
        """End it, which it does by itself when it waits for work."""
        self._pipe.close()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()
