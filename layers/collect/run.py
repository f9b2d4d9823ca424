"""A poll of a connector: each delivery into the database in one transaction, then settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from threading import Event, Lock

from gis_core.db import writing
from gis_core.errors import DatabaseUnavailableError, GisError, IngestError
from layers.collect.base import Connector, Delivery
from layers.collect.intake import Receipt
from layers.collect.status import record_failure
from layers.ingest.load import refusals
from layers.journal import record_load
from layers.store import refresh_statistics


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery: a receipt, or the sentence that it was refused with."""

    source: str
    title: str
    receipt: Receipt | None
    refused: str | None


Tell = Callable[[Outcome], None]
"""Hears of every delivery."""

Complain = Callable[[str, str], None]
"""Hears the name of a source that is out of reach, and a sentence; so too where the database is."""


class Fared(Enum):
    """How a poll went."""

    WELL = "well"
    FAILED = "failed"
    NO_DATABASE = "no database"


_one_at_a_time = Lock()
"""Sources are asked side by side; what they bring goes in one after the other, over the few connections
that there are for work."""


def attempt(
    connector: Connector, tell: Tell, complain: Complain, stop: Event, *, due_only: bool = True
) -> Fared:
    """Poll a connector once, and note what fails."""
    fared = Fared.WELL
    try:
        with closing(connector.poll(stop, due_only=due_only)) as deliveries:
            for delivery in deliveries:
                if not _take(connector, delivery, tell):
                    fared = Fared.FAILED
                if stop.is_set():
                    break
    except DatabaseUnavailableError as error:
        complain(connector.name, str(error))
        return Fared.NO_DATABASE
    except GisError as error:
        if not stop.is_set():
            complain(connector.name, str(error))
            _note_failure(connector, str(error), error)
        return Fared.FAILED
    return fared


def run_once(
    connectors: Iterable[Connector], tell: Tell, complain: Complain, stop: Event, pause_s: float
) -> None:
    """Poll every connector until what is there now has been taken; two looks are so long apart."""
    polled = list(connectors)
    for look in range(max((connector.looks for connector in polled), default=0)):
        if look:
            stop.wait(pause_s)
        for connector in polled:
            if look < connector.looks and not stop.is_set():
                attempt(connector, tell, complain, stop, due_only=False)


def receive(source: str, delivery: Delivery) -> Receipt:
    """Take a delivery in: all of it is committed, or nothing.

    Raises:
        GisError: it is refused.
        DatabaseUnavailableError: the database does not answer; nothing is said of the delivery.
    """
    with _one_at_a_time, refusals(delivery.title), writing() as connection:
        receipt = delivery.take(connection)
        _refuse_if_bad(delivery, receipt)
        refresh_statistics(connection, delivery.layer, receipt.rows)
        if delivery.journalled:
            record_load(connection, f"{source}/{delivery.title}", delivery.layer.name, receipt.rows)
    return receipt


def _take(connector: Connector, delivery: Delivery, tell: Tell) -> bool:
    """Whether a delivery went in; one that is refused is settled too."""
    try:
        receipt = receive(connector.name, delivery)
    except DatabaseUnavailableError:
        raise
    except GisError as error:
        _note_failure(connector, f"{delivery.title}: {error}", error)
        delivery.settle(str(error))
        tell(Outcome(connector.name, delivery.title, None, str(error)))
        return False
    delivery.settle(None)
    tell(Outcome(connector.name, delivery.title, receipt, None))
    return True


def _note_failure(connector: Connector, sentence: str, error: GisError) -> None:
    # A database that is gone is found again by the next poll, and complained of there.
    with suppress(DatabaseUnavailableError):
        record_failure(connector.name, sentence, lambda failures: connector.retry_at(failures, error))


def _refuse_if_bad(delivery: Delivery, receipt: Receipt) -> None:
    """A file of which no row fits is not for this layer; it is refused whole, as one that wants none lost."""
    if not receipt.quarantined:
        return
    if delivery.keep_good and (delivery.keep_bad or receipt.quarantined < receipt.offered):
        return
    number, reason = receipt.errors[0]
    raise IngestError(
        delivery.title,
        number,
        f"{reason}; {receipt.quarantined:,} of {receipt.offered:,} rows cannot be loaded, "
        "and nothing was written.",
    )
