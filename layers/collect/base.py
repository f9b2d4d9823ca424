"""The seam of the connectors: what brings rows from elsewhere, a delivery at a time.

A connector says where rows are; ``run`` takes them in and tells it what became of them. It may
be killed at any moment: a delivery that was not settled is brought again, and what went in
already is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from layers.ingest.source import Request, Source


@dataclass(frozen=True)
class Delivery:
    """One file or message.

    ``title`` names it for people. ``open`` gives its rows, and raises IngestError or
    CRSMismatchError where it is no good as a whole. Without ``keep_good`` one bad row refuses
    it. ``settle`` is called after the commit with None, or with the sentence that it was
    refused with; it may be called again after a crash.
    """

    title: str
    request: Request
    open: Callable[[], Source]
    settle: Callable[[str | None], None]
    keep_good: bool = True


class Connector(Protocol):
    """One source of deliveries."""

    @property
    def name(self) -> str:
        """Its name in the quarantine, in the status, and as ``origin`` of its rows."""
        ...

    def poll(self) -> Iterable[Delivery]:
        """What is there now; never waits for more. Raises GisError where the source is out of reach."""
        ...
