"""The line to a broker: subscribed with a session that outlasts it, and acknowledged by hand.

The broker keeps what was not acknowledged, and sends it again on the next connection; so an
acknowledgement counts only on the connection that brought its message.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from secrets import token_hex
from threading import Condition, Event
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gis_core.collect_settings import MqttSource
from gis_core.errors import ConfigError, SourceUnavailableError
from gis_core.time import parse_duration
from layers.collect.messages import Message
from layers.collect.template import secret_of

_ANSWERS_WITHIN_S = 10.0
_LOOK_S = 0.1
"""How soon a stop is noticed."""

_ONLY_TO_NEW_SUBSCRIPTIONS = 1
_LONGEST_SESSION_S = 0xFFFF_FFFE


class Line:
    """A connection that makes itself anew, and what has come over it and waits.

    Raises:
        ConfigError: the secret is missing, or the file of certificates is no good.
    """

    def __init__(self, source: MqttSource, subscription: str, *, trial: bool = False) -> None:
        self._source = source
        self._subscription = subscription
        self._changed = Condition()
        self._waiting: deque[Message] = deque()
        self._link = 0
        self._subscribed = False
        self._trouble = "the broker does not answer."
        self._refused = False
        self._client = self._make_client(trial=trial)

    def open(self) -> None:
        """Begin to connect, in a thread of its own that goes on trying."""
        self._client.loop_start()

    def close(self) -> None:
        """Disconnect, after what was acknowledged has been sent."""
        self._client.disconnect()
        self._client.loop_stop()

    def wait_until_subscribed(self, stop: Event) -> int:
        """The number of the connection that is subscribed.

        Raises:
            SourceUnavailableError: there is none within some seconds, and why.
        """
        deadline = time.monotonic() + _ANSWERS_WITHIN_S
        with self._changed:
            while not self._subscribed:
                if stop.is_set() or time.monotonic() >= deadline:
                    raise SourceUnavailableError(self._trouble)
                self._changed.wait(_LOOK_S)
            return self._link

    def take(self, stop: Event, first_within_s: float) -> list[Message]:
        """What has come: as much as makes a batch, or until nothing more comes for a while."""
        source = self._source
        with self._changed:
            if not self._waiting:
                self._changed.wait(first_within_s)
            deadline = time.monotonic() + source.batch_s
            while 0 < (before := len(self._waiting)) < source.max_batch and not stop.is_set():
                self._changed.wait_for(lambda: len(self._waiting) != before, source.quiet_s)
                if len(self._waiting) == before or time.monotonic() >= deadline:
                    break
            count = min(len(self._waiting), source.max_batch)
            return [] if stop.is_set() else [self._waiting.popleft() for _ in range(count)]

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Let the broker forget messages; those of an earlier connection come again in any case."""
        with self._changed:
            for message in messages:
                if message.link == self._link and message.qos:
                    self._client.ack(message.mid, message.qos)

    def put_back(self, messages: list[Message]) -> None:
        """Keep messages that could not be taken in for the next time, in their order."""
        with self._changed:
            self._waiting.extendleft(message for message in reversed(messages) if message.link == self._link)

    def _make_client(self, *, trial: bool) -> mqtt.Client:
        source = self._source
        is_new = source.protocol == "5"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"huegis-check-{token_hex(6)}" if trial else source.client_id,
            clean_session=None if is_new else trial,
            protocol=MQTTProtocolVersion.MQTTv5 if is_new else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        if source.username is not None:
            password = None if source.password is None else secret_of(source.name, source.password)
            client.username_pw_set(source.username, password)
        if source.tls:
            client.tls_set_context(_certificates(source))
        client.reconnect_delay_set(1, max(1, int(source.retry_most_s)))
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        if is_new:
            asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            asked.ReceiveMaximum = source.max_batch
            if not trial:
                session_s = int(parse_duration(source.session).total_seconds())
                asked.SessionExpiryInterval = min(session_s, _LONGEST_SESSION_S)
            client.connect_async(
                source.host, source.port, source.keepalive_s, clean_start=trial, properties=asked
            )
        else:
            client.connect_async(source.host, source.port, source.keepalive_s)
        return client

    def _on_connect(self, client: mqtt.Client, data: Any, flags: Any, code: ReasonCode, more: Any) -> None:
        if code.is_failure:
            self._lost(f"the broker refuses the connection: {code}.", refused=True)
            return
        with self._changed:
            self._link += 1
            self._waiting.clear()
        if self._source.protocol == "5":
            how = SubscribeOptions(qos=1, retainHandling=_ONLY_TO_NEW_SUBSCRIPTIONS)
            client.subscribe(self._subscription, options=how)
        else:
            client.subscribe(self._subscription, qos=1)

    def _on_subscribe(
        self, client: mqtt.Client, data: Any, mid: int, codes: list[ReasonCode], more: Any
    ) -> None:
        refused = next((code for code in codes if code.is_failure), None)
        if refused is not None:
            self._lost(f"the broker refuses the subscription: {refused}.", refused=True)
            return
        with self._changed:
            self._subscribed, self._refused = True, False
            self._changed.notify_all()

    def _on_message(self, client: mqtt.Client, data: Any, message: mqtt.MQTTMessage) -> None:
        came = datetime.now(UTC)
        with self._changed:
            self._waiting.append(
                Message(
                    message.topic, bytes(message.payload), came, message.dup, message.retain,
                    message.mid, message.qos, self._link,
                )
            )  # fmt: skip
            self._changed.notify_all()

    def _on_connect_fail(self, client: mqtt.Client, data: Any) -> None:
        self._lost("the broker cannot be reached.")

    def _on_disconnect(self, client: mqtt.Client, data: Any, flags: Any, code: ReasonCode, more: Any) -> None:
        if code.is_failure:
            self._lost(f"the broker closed the connection: {code}.")

    def _lost(self, trouble: str, *, refused: bool = False) -> None:
        with self._changed:
            self._subscribed = False
            # Whoever is refused is sent away as well, with a reason that says less.
            if refused or not self._refused:
                self._trouble = trouble
            self._refused = self._refused or refused
            # What waits is not acknowledged: it comes again.
            self._link += 1
            self._waiting.clear()
            self._changed.notify_all()


def _certificates(source: MqttSource) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=source.ca_file)
    except OSError as error:
        raise ConfigError(f"{source.ca_file} is no file of certificates: {error.strerror}.") from error
