"""Building surfaces beside the running service: ``huegis surfaces watch`` as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gis_core.beside import kept_running
from gis_core.config import Settings


@contextmanager
def beside(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """Keep the surfaces up to date for the length of the block, where the settings ask for it."""
    if settings.surfaces.rebuild_every is None:
        yield
        return
    with kept_running("builder of surfaces", ("surfaces", "watch"), say):
        yield
