"""Subscribing over MQTT: stations send their values to a broker, which keeps them until they are in.

A message is acknowledged after the commit of its rows. Whoever is killed before that gets it
again, and knows what went in already by what the rows say of themselves.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import Connection

from gis_core.collect_settings import MqttSource
from gis_core.config import Settings
from gis_core.db import writing
from gis_core.errors import ConfigError, CRSMismatchError, GisError, IngestError
from layers.collect.base import Connector, Delivery
from layers.collect.broker import Line
from layers.collect.claims import Claims
from layers.collect.intake import Receipt, take_in_rows
from layers.collect.messages import Message, Topic, rows_of
from layers.collect.schedule import back_off_s
from layers.collect.shape import layer_of, rules_of
from layers.collect.status import record_success
from layers.ingest.load import refusals
from layers.ingest.names import columns_of
from layers.ingest.source import Request

_OTHERS_PAUSE = timedelta(seconds=10)
"""How soon to look again at a source that another collector listens to."""

_FIRST_WITHIN_S = 1.0
"""How long a broker may take to begin with what it has kept."""


def connectors(settings: Settings, claims: Claims) -> list[MqttConnector]:
    """One for each subscription of the settings."""
    return [MqttConnector(source, claims) for source in settings.collect.mqtt]


class MqttConnector(Connector):
    """Listens to one topic, for as long as the source is this process's own.

    Raises:
        ConfigError: the settings do not fit the layer.
        LayerNotFoundError: there is no such layer.
    """

    def __init__(self, source: MqttSource, claims: Claims) -> None:
        self._source = source
        self._claims = claims
        self._layer = layer_of(source)
        self._topic = Topic(source.topic)
        unknown = sorted(set(self._topic.names) - set(columns_of(self._layer)))
        if unknown:
            raise ConfigError(
                f"Source {source.name}: layer {self._layer.name} has no column '{unknown[0]}' for its topic."
            )
        if self._layer.time_column is None:
            raise ConfigError(f"Source {source.name}: layer {self._layer.name} is not of events.")
        self._line: Line | None = None
        self._link: int | None = None
        self._next_at = datetime.now(UTC)

    @property
    def name(self) -> str:
        """As the settings name the source."""
        return self._source.name

    def next_at(self) -> datetime:
        """Soon: the broker sends as it likes."""
        return self._next_at

    def retry_at(self, failures: int, error: GisError) -> datetime | None:
        """After a growing pause; the line itself goes on trying meanwhile."""
        pause_s = back_off_s(failures, 1.0, self._source.retry_most_s)
        self._next_at = datetime.now(UTC) + timedelta(seconds=pause_s)
        return self._next_at

    def check(self, stop: Event) -> str:
        """Subscribe under another name, so that no message of the real session is touched."""
        line = Line(self._source, self._topic.subscription, trial=True)
        line.open()
        try:
            line.wait_until_subscribed(stop)
        finally:
            line.close()
        return f"lets '{self._topic.subscription}' be subscribed to"

    def poll(self, stop: Event, *, due_only: bool = True) -> Generator[Delivery, None, None]:
        """The messages that have come, a batch at a time."""
        if not self._claims.hold(self.name):
            self._hang_up()
            self._next_at = datetime.now(UTC) + _OTHERS_PAUSE
            return
        if self._line is None:
            self._line = Line(self._source, self._topic.subscription)
            self._line.open()
        line = self._line
        link = line.wait_until_subscribed(stop)
        is_new = link != self._link
        if is_new:
            with writing() as connection:
                record_success(connection, self.name, rows_in=0, rows_refused=0, latest_at=None)
            self._link = link
        while messages := line.take(stop, _FIRST_WITHIN_S if is_new else self._source.quiet_s):
            yield from self._deliver(line, messages)
        self._next_at = datetime.now(UTC) + timedelta(seconds=self._source.batch_s)

    def close(self) -> None:
        """Leave the broker, which keeps what comes meanwhile."""
        self._hang_up()
        self._claims.release(self.name)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._link = None

    def _deliver(self, line: Line, messages: list[Message]) -> Generator[Delivery, None, None]:
        settled = False

        def settle(refused: str | None) -> None:
            nonlocal settled
            settled = refused is None
            if settled:
                line.acknowledge(messages)

        try:
            yield Delivery(
                title=f"{len(messages):,} messages",
                layer=self._layer,
                take=partial(self._take, messages=messages),
                settle=settle,
                keep_bad=True,
                journalled=False,
            )
        finally:
            if not settled:
                line.put_back(messages)

    def _take(self, connection: Connection, messages: Sequence[Message]) -> Receipt:
        """Messages into the caller's transaction; one that others suffer from goes in quarantine alone."""
        try:
            return self._take_together(connection, messages)
        except (IngestError, CRSMismatchError) as error:
            if len(messages) == 1:
                return self._take_together(connection, messages, str(error))
        total = Receipt()
        for message in messages:
            total += self._take(connection, [message])
        return total

    def _take_together(
        self, connection: Connection, messages: Sequence[Message], fault: str | None = None
    ) -> Receipt:
        """The rows of messages; all of them are bad where a ``fault`` is known."""
        rows: list[Any] = []
        faults: dict[int, str] = {}
        for message in messages:
            read = rows_of(message, self._topic, self._source, self._layer)
            why = fault or read.fault
            if why is not None:
                faults |= {len(rows) + number: why for number in range(1, len(read.rows) + 1)}
            rows += read.rows
        request, rules = Request(self._layer), rules_of(self._source)
        with refusals(self.name), connection.begin_nested():
            return take_in_rows(connection, self.name, rows, request, rules=rules, faults=faults)
