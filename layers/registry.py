"""The explicit list of layers and surfaces, and nothing else.

A new layer is one file beside this one and one line in ``LAYERS``; a new surface one
file in ``surfaces/`` and one line in ``SURFACES``. The order is that of lists and of
drawing, areas below lines below points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        self._entries = {entry.name: entry for entry in entries}
        if len(self._entries) != len(entries):
            names = [entry.name for entry in entries]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ConfigError(f"Declared more than once: {', '.join(twice)}.")

    def __getitem__(self, name: str) -> Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise LayerNotFoundError(name, tuple(self._entries)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _declared(package: str, attribute: str, *modules: str) -> list[Any]:
    """What each module of a package declares; by name, so that one line here is enough."""
    return [getattr(import_module(f"{package}.{module}"), attribute) for module in modules]


LAYERS: Registry[Layer] = Registry(
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
