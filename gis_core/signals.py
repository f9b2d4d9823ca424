"""What Ctrl-C, SIGTERM and a closed terminal do to a command that runs on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType


def on_signals(stop: Callable[[], None]) -> None:
    """Have ``stop`` called at Ctrl-C and at SIGTERM, in place of an end in the middle of something."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop())


def unwind_on_signals() -> None:
    """Let SIGTERM, and a terminal that is closed, unwind the stack as Ctrl-C does.

    So what was started is stopped, and what is half written is removed.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Under nohup it is ignored, and stays so. As SIGTERM it also reaches a server that has taken that over.
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))
