"""The round of the connectors: each delivery into the database in one transaction, then settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Event

from gis_core.db import writing
from gis_core.errors import DatabaseUnavailableError, GisError, IngestError
from layers.collect.base import Connector, Delivery
from layers.collect.intake import Receipt, take_in
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


def run(
    connectors: Iterable[Connector],
    tell: Callable[[Outcome], None],
    complain: Callable[[str], None],
    *,
    stop: Event,
    interval_s: float,
    rounds: int | None = None,
) -> None:
    """Poll every connector again and again.

    Args:
        connectors: what to poll.
        tell: hears of every delivery.
        complain: hears of a source or a database that is out of reach; both are tried again.
        stop: ends the rounds; a delivery that is under way is finished first.
        interval_s: pause between two rounds.
        rounds: how many; without end where None.
    """
    polled = list(connectors)
    done = 0
    while not stop.is_set():
        for connector in polled:
            try:
                _poll(connector, tell, stop)
            except DatabaseUnavailableError as error:
                complain(str(error))
            except GisError as error:
                complain(f"{connector.name}: {error}")
                record_failure(connector.name, str(error))
        done += 1
        if done == rounds:
            return
        stop.wait(interval_s)


def receive(source: str, delivery: Delivery) -> Receipt:
    """Take a delivery in: all of it is committed, or nothing.

    Raises:
        GisError: it is refused.
        DatabaseUnavailableError: the database does not answer; nothing is said of the delivery.
    """
    with refusals(delivery.title), writing() as connection:
        opened = delivery.open()
        document = None if opened.unit == "row" else delivery.title
        receipt = take_in(connection, source, opened, delivery.request, document=document)
        _refuse_if_bad(delivery, receipt)
        refresh_statistics(connection, delivery.request.layer, receipt.rows)
        record_load(connection, f"{source}/{delivery.title}", delivery.request.layer.name, receipt.rows)
    return receipt


def _poll(connector: Connector, tell: Callable[[Outcome], None], stop: Event) -> None:
    for delivery in connector.poll():
        try:
            receipt = receive(connector.name, delivery)
        except DatabaseUnavailableError:
            raise
        except GisError as error:
            record_failure(connector.name, f"{delivery.title}: {error}")
            delivery.settle(str(error))
            tell(Outcome(connector.name, delivery.title, None, str(error)))
        else:
            delivery.settle(None)
            tell(Outcome(connector.name, delivery.title, receipt, None))
        if stop.is_set():
            return


def _refuse_if_bad(delivery: Delivery, receipt: Receipt) -> None:
    """A file of which no row fits is not for this layer; it is refused whole, as one that wants none lost."""
    if not receipt.quarantined or (delivery.keep_good and receipt.quarantined < receipt.offered):
        return
    number, reason = receipt.errors[0]
    raise IngestError(
        delivery.title,
        number,
        f"{reason}; {receipt.quarantined:,} of {receipt.offered:,} rows cannot be loaded, "
        "and nothing was written.",
    )
