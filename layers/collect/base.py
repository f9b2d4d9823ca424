"""The seam of the connectors: what brings rows from elsewhere, a delivery at a time.

A connector says where rows are; ``run`` takes them in and tells it what became of them. It may
be killed at any moment: a delivery that was not settled is brought again, and what went in
already is known.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from sqlalchemy import Connection

from gis_core.errors import GisError
from layers.base import Layer
from layers.collect.intake import Receipt


@dataclass(frozen=True)
class Delivery:
    """One file, answer or batch of messages.

    ``title`` names it for people. ``take`` puts its rows, and whatever the connector must
    remember with them, into the transaction that it is given, and raises IngestError or
    CRSMismatchError where it is no good as a whole. ``settle`` is called after the commit with
    None, or with the sentence that it was refused with; it may be called again after a crash.

    Without ``keep_good`` one bad row refuses it; without ``keep_bad`` it is refused where no row
    fits, and else its bad rows all go into the quarantine. ``journalled`` enters it in the
    journal of loads.
    """

    title: str
    layer: Layer
    take: Callable[[Connection], Receipt]
    settle: Callable[[str | None], None]
    keep_good: bool = True
    keep_bad: bool = False
    journalled: bool = True


class Connector(ABC):
    """One source of deliveries, polled by one thread at a time."""

    looks = 1
    """How many polls in a row bring all that is there now."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in the quarantine, in the status, and as ``origin`` of its rows."""

    @abstractmethod
    def poll(self, stop: Event, *, due_only: bool = True) -> Generator[Delivery, None, None]:
        """What is there now; whoever does not go on to the end closes it.

        Args:
            stop: ends whatever waits for the source.
            due_only: leave alone a source that is not due yet; without it, only one that has
                asked to be left alone, or fails.

        Raises:
            GisError: the source is out of reach.
        """

    @abstractmethod
    def next_at(self) -> datetime:
        """When another poll is worth while, asked after each."""

    def retry_at(self, failures: int, error: GisError) -> datetime | None:
        """When to try again after so many failures in a row; None where the usual time will do."""
        return None

    @abstractmethod
    def check(self, stop: Event) -> str:
        """Reach the source without taking anything, and say in a few words what was found.

        Raises:
            GisError: it is out of reach, or is not what the settings say.
        """

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let go of what is held between polls."""
