"""The explicit list of layers and surfaces, and nothing else.

A new layer is one file beside this one and one line in ``LAYERS``; a new surface one
file in ``surfaces/`` and one line in ``SURFACES``. The order is that of lists and of
drawing, areas below lines below points. Layers that people add while the service runs
(``layers.added``) stand behind the declared ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Protocol, TypeVar

from gis_core.errors import ConfigError, LayerNotFoundError
from layers.base import Layer
from layers.raster import RasterLayer


class Named(Protocol):
    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=Named)


class Registry(Mapping[str, Entry]):
    """Declarations by name, in their declared order; fixed once made, without duplicates."""

    def __init__(self, *entries: Entry) -> None:
        self._entries: Mapping[str, Entry] = {entry.name: entry for entry in entries}
        if len(self._entries) != len(entries):
            names = [entry.name for entry in entries]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ConfigError(f"Declared more than once: {', '.join(twice)}.")

    @property
    def edition(self) -> Mapping[str, Entry]:
        """All entries as they are now; the same object for as long as none of them changes."""
        return self._entries

    def __getitem__(self, name: str) -> Entry:
        edition = self.edition
        try:
            return edition[name]
        except KeyError:
            raise LayerNotFoundError(name, tuple(edition)) from None

    def __contains__(self, name: object) -> bool:
        return name in self.edition

    def __iter__(self) -> Iterator[str]:
        return iter(self.edition)

    def __len__(self) -> int:
        return len(self.edition)


class LayerList(Registry[Layer]):
    """The declared layers, and behind them those that were added.

    The added ones may change at any moment, in any thread. Whoever answers a request holds the
    edition that it began with, so that one answer never tells of two.
    """

    def __init__(self, *declared: Layer) -> None:
        super().__init__(*declared)
        self.declared = self._entries
        self._held: ContextVar[Mapping[str, Layer] | None] = ContextVar("held_layers", default=None)

    @property
    def edition(self) -> Mapping[str, Layer]:
        """The edition that is held here, else the newest."""
        held = self._held.get()
        return self._entries if held is None else held

    def show(self, added: Mapping[str, Layer]) -> None:
        """Let these be all that were added; a declared layer stands before one of its name."""
        self._entries = {**self.declared, **{k: v for k, v in added.items() if k not in self.declared}}

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep to the edition of this moment, here and in what is begun from here."""
        token = self._held.set(self._entries)
        try:
            yield
        finally:
            self._held.reset(token)


def _declared(package: str, attribute: str, *modules: str) -> list[Any]:
    """What each module of a package declares; by name, so that one line here is enough."""
    return [getattr(import_module(f"{package}.{module}"), attribute) for module in modules]


LAYERS = LayerList(
    *_declared(
        "layers",
        "LAYER",
        "wards",
        "forest_zones",
        "buildings",
        "fire_danger",
        "rivers",
        "road_segments",
        "segment_views",
        "camera_views",
        "cameras",
        "calibrations",
        "rain_stations",
        "river_gauges",
        "climate_stations",
        "count_stations",
        "flood_spots",
        "flood_scores",
        "observations",
        "fire_events",
        "detection_ellipses",
        "detections",
        "bearings",
        "status_history",
        "quality_findings",
    )
)

SURFACES: Registry[RasterLayer] = Registry(
    *_declared(
        "layers.surfaces",
        "SURFACE",
        "vehicle_density",
        "network_density",
        "flood_risk",
        "fire_danger",
        "rain",
    )
)
