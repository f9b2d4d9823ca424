"""Working on jobs beside a service that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gis_core.config import Settings
from layers.processes.worker import Worker


@contextmanager
def beside(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """Take jobs for the length of the block, as many at a time as the settings say."""
    if not settings.processes.workers:
        yield
        return
    with working(settings, settings.processes.workers):
        yield


@contextmanager
def working(settings: Settings, slots: int) -> Iterator[None]:
    """Take jobs for the length of the block; those that are not done by its end wait again."""
    worker = Worker(settings, slots)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
