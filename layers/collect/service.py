"""Collecting beside the running service: ``huegis collect run`` as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gis_core.beside import kept_running
from gis_core.config import Settings


@contextmanager
def beside(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """Collect for the length of the block, where the settings name a source and ask for it."""
    count = len(settings.collect.sources)
    if not settings.collect.with_service or not count:
        yield
        return
    say(f"Collecting from {count} source{'s' if count > 1 else ''}.")
    with kept_running("collector", ("collect", "run", "--quiet"), say):
        yield
