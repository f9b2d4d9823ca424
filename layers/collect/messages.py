"""Messages of a broker become rows: what their topic says, and a payload of JSON or a plain number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from gis_core.collect_settings import MqttSource
from layers.base import Layer
from layers.collect.shape import shaped

_KIB = 1 << 10


class Message(NamedTuple):
    """One message as it came. ``again`` says that it was sent before, ``retained`` that it is the
    broker's memory of its topic; ``link`` is the number of the connection that brought it."""

    topic: str
    payload: bytes
    arrived_at: datetime
    again: bool = False
    retained: bool = False
    mid: int = 0
    qos: int = 0
    link: int = 0


class Rows(NamedTuple):
    """The rows of a message, and why they are bad where it is no good as a whole."""

    rows: list[Any]
    fault: str | None = None


class Topic:
    """A topic with names in braces for what its levels say: ``hue/{station_code}/{observed_property}``."""

    def __init__(self, template: str) -> None:
        self._levels = template.split("/")
        self.names = tuple(level[1:-1] for level in self._levels if level.startswith("{"))
        self.subscription = "/".join("+" if level.startswith("{") else level for level in self._levels)

    def values(self, topic: str) -> dict[str, str] | None:
        """What a topic says, or None where it is another one."""
        levels = topic.split("/")
        wanted = self._levels
        if wanted[-1] == "#":
            wanted = wanted[:-1]
            levels = levels[: len(wanted)]
        if len(levels) != len(wanted):
            return None
        values: dict[str, str] = {}
        for want, level in zip(wanted, levels, strict=True):
            if want.startswith("{"):
                values[want[1:-1]] = level
            elif want not in ("+", level):
                return None
        return values


def rows_of(message: Message, topic: Topic, source: MqttSource, layer: Layer) -> Rows:
    """The rows that a message stands for; one that is no good is a single bad row with the reason.

    A number alone is a value at the time of its arrival. Nobody knows that time of one that is
    retained, which stands for nothing then, or that comes a second time.
    """
    if not message.payload.strip():
        return Rows([])
    said = topic.values(message.topic)
    if said is None:
        return _poison(message, f"its topic does not fit '{source.topic}'")
    if len(message.payload) > source.max_payload_kib * _KIB:
        return _poison(message, f"its payload is larger than {source.max_payload_kib:g} KiB")
    try:
        value = json.loads(message.payload.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _poison(message, "its payload is neither JSON nor a number")
    if isinstance(value, dict | list):
        records = value if isinstance(value, list) else [value]
        return Rows(_with_topic(shaped(records, source), said, source))
    return _row_of_number(message, value, said, source, layer)


def _row_of_number(
    message: Message, value: object, said: dict[str, str], source: MqttSource, layer: Layer
) -> Rows:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return _poison(message, "its payload is neither an object, nor a list of them, nor a number")
    if message.retained:
        return Rows([])
    if message.again:
        return _poison(message, "it has no time of its own and was sent before, so its time is not known")
    moment = message.arrived_at.replace(microsecond=0)
    row = {"value": value, **source.constants, layer.event_time.name: moment.isoformat()}
    return Rows(_with_topic([row], said, source))


def _with_topic(rows: Iterable[Any], said: dict[str, str], source: MqttSource) -> list[Any]:
    """Rows with what their topic says: brokers let stations write to their own topic only."""
    named = said.get("observed_property")
    if named is not None:
        said = {**said, "observed_property": source.measures.get(named, named)}
    return [_told(row, said) for row in rows]


def _told(row: Any, said: dict[str, str]) -> Any:
    if not isinstance(row, dict):
        return row
    if row.get("type") != "Feature":
        return {**row, **said}
    properties = row.get("properties")
    if not isinstance(properties, dict | None):
        return row
    return {**row, "properties": {**(properties or {}), **said}}


def _poison(message: Message, fault: str) -> Rows:
    # Cut to a little over what the quarantine keeps; the rest says nothing more.
    text = message.payload[: 128 * _KIB].decode("utf-8", "backslashreplace")
    return Rows([{"topic": message.topic, "payload": text}], fault)
