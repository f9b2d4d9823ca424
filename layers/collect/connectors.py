"""What ``huegis collect run`` polls. A new kind is one file beside this and one line in ``KINDS``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from gis_core.config import Settings
from gis_core.errors import ConfigError
from layers.collect import folder, http, mqtt
from layers.collect.base import Connector
from layers.collect.claims import Claims

KINDS: tuple[Callable[[Settings, Claims], Sequence[Connector]], ...] = (
    folder.connectors,
    http.connectors,
    mqtt.connectors,
)
"""Each makes the connectors that the settings ask for."""


def connectors(settings: Settings, claims: Claims) -> list[Connector]:
    """Every connector of the settings; none of them has reached for anything yet.

    Raises:
        ConfigError: two have the same name, or the settings of one do not fit together.
        LayerNotFoundError: one is for a layer that is none.
    """
    made = [connector for kind in KINDS for connector in kind(settings, claims)]
    _refuse_twice("Two collectors have the same name", [connector.name for connector in made])
    sessions = [f"{one.client_id} at {one.host}:{one.port}" for one in settings.collect.mqtt]
    # A broker lets go of the one when the other comes.
    _refuse_twice("Two MQTT sources have the same client_id", sessions)
    return made


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ConfigError(f"{what}: {', '.join(twice)}.")
