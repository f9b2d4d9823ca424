"""The explicit list of sources: a new one is one file beside this one and one line here.

Every surface of the registry is a source too, without a line of its own.
"""

from __future__ import annotations

from importlib import import_module

from layers.edr.base import Source
from layers.edr.surfaces import surface_source
from layers.registry import SURFACES

_FILES = ("rain", "stage", "climate", "counts", "traffic")

_OF_LAYERS: dict[str, Source] = {
    source.collection: source for source in (import_module(f"layers.edr.{name}").SOURCE for name in _FILES)
}
_OF_SURFACES: dict[str, Source] = {}


def source_of(collection: str) -> Source | None:
    """The source that extends a collection, None where there is none."""
    if collection in _OF_LAYERS:
        return _OF_LAYERS[collection]
    if collection not in _OF_SURFACES and collection in SURFACES:
        _OF_SURFACES[collection] = surface_source(SURFACES[collection])
    return _OF_SURFACES.get(collection)


def collections() -> tuple[str, ...]:
    """The names of all collections that a source extends."""
    return (*_OF_LAYERS, *SURFACES)
