"""What ``huegis collect run`` polls. A new kind is one file beside this and one line in ``KINDS``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gis_core.config import Settings
from gis_core.errors import ConfigError
from layers.collect import folder
from layers.collect.base import Connector

KINDS: tuple[Callable[[Settings], Sequence[Connector]], ...] = (folder.connectors,)
"""Each makes the connectors that the settings ask for."""


def connectors(settings: Settings) -> list[Connector]:
    """Every connector of the settings.

    Raises:
        ConfigError: two have the same name.
        LayerNotFoundError: one is for a layer that is none.
    """
    made = [connector for kind in KINDS for connector in kind(settings)]
    names = [connector.name for connector in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"Two collectors have the same name: {', '.join(twice)}.")
    return made
