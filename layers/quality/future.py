"""Events that have not happened yet: a clock that runs ahead, or local time that was taken for UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection

from gis_core.time import local_text
from layers.quality.base import Check, Finding, Scope, said
from layers.quality.suspects import Suspects, read_suspects
from layers.registry import LAYERS

EVENTS = frozenset(name for name, layer in LAYERS.items() if layer.time_column is not None)


def read_future(connection: Connection, scope: Scope) -> Suspects:
    """Events after the present."""
    events = Scope(scope.layers & EVENTS, scope.bounds, scope.now, scope.window, scope.rules)
    return read_suspects(connection, events, lambda layer: layer.event_time > scope.now)


def find_future(suspects: Suspects, scope: Scope) -> Iterator[Finding]:
    """One finding for each event that lies further ahead than a clock may be off."""
    allowed = timedelta(minutes=scope.rules.clock.future_min)
    for layer, features in suspects.items():
        for row in features.itertuples(index=False):
            ahead = row.at - scope.now
            if ahead <= allowed:
                continue
            sentence = said(
                "Thời điểm {at} nằm trong tương lai.",
                "Its time, {at}, lies in the future.",
                at=local_text(row.at),
            )
            yield Finding(layer, row.feature_id, sentence, row.geometry, bool(row.simulated))


FUTURE = Check("future_time", "error", EVENTS, read_future, find_future)
