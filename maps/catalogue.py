"""The maps by name: how each reads its data and draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from gis_core.config import Settings
from gis_core.db import reading
from layers.registry import Registry
from maps.fire import draw_fire, read_fire
from maps.flood import draw_flood, read_flood
from maps.overview import draw_overview, read_overview
from maps.page import MapPage
from maps.request import Ask
from maps.traffic import draw_traffic, read_traffic
from maps.words import Language

Data = TypeVar("Data")


@dataclass(frozen=True)
class Recipe(Generic[Data]):
    """One map: its name in addresses and files, and its two steps."""

    name: str
    read: Callable[[Connection, Settings, Ask], Data]
    draw: Callable[[Data, Settings, Language], MapPage]

    def make(self, settings: Settings, ask: Ask) -> MapPage:
        """Read and draw; the database is let go before the drawing begins."""
        with reading() as connection:
            data = self.read(connection, settings, ask)
        return self.draw(data, settings, ask.language)


MAPS: Registry[Recipe[Any]] = Registry(
    Recipe("fire", read_fire, draw_fire),
    Recipe("traffic", read_traffic, draw_traffic),
    Recipe("flood", read_flood, draw_flood),
    Recipe("all", read_overview, draw_overview),
)
