"""The program in which jobs are computed, one after the other, for one slot of a worker.

It is one of its own so that a job can be stopped at any moment, takes no more memory than it may,
and holds up nobody who waits for a page. It ends with its worker.
"""

from __future__ import annotations

import logging
import os
import resource
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any

from gis_core.db import dispose
from gis_core.errors import GisError
from layers.processes.outputs import encoded
from layers.processes.registry import find_process

_log = logging.getLogger(__name__)
_NICER = 5
_TELLS_EVERY_S = 0.5


def serve(pipe: Pipe) -> None:
    """Compute what comes in, as (process, inputs, names of outputs, MiB of them), until the pipe closes.

    Sends ("progress", percent, message) at times, and at the end ("done", list of ``Stored``) or
    ("failed", class of the error, sentence).
    """
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        pipe.send(_answer(pipe, *asked))


def _answer(
    pipe: Pipe, name: str, inputs: dict[str, Any], outputs: Sequence[str], max_mib: float
) -> tuple[Any, ...]:
    told_at = -_TELLS_EVERY_S

    def progress(percent: float, said: str) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELLS_EVERY_S:
            told_at = time.monotonic()
            pipe.send(("progress", percent, said))

    try:
        process = find_process(name)
        return "done", encoded(process, process.run(inputs, progress), outputs, max_mib)
    except GisError as error:
        return "failed", type(error).__name__, str(error)
    except MemoryError:
        return "failed", "GisError", "It takes more memory than processes.memory_mib allows; ask for less."
    except Exception:  # noqa: BLE001 - told to the log with its traceback, and to the client
        _log.exception("unexpected error in process %s", name)
        return "failed", "Exception", "Something unexpected went wrong here; the server's log says what."


def main() -> None:
    """``python -m layers.processes.child FD MEMORY_MIB``."""
    descriptor, memory_mib = (int(argument) for argument in sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mib << 20, memory_mib << 20))
    os.nice(_NICER)
    try:
        serve(Pipe(descriptor))
    finally:
        dispose()


if __name__ == "__main__":
    main()
