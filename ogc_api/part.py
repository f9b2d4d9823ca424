"""What one building block of the API adds to the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from ogc_api.asking import Language
from ogc_api.described import Document, Link


def _no_routes(settings: Settings) -> list[BaseRoute]:
    return []


def _no_landing_links(base: str, spoken: Language) -> list[Link]:
    return []


def _no_collections(base: str, spoken: Language) -> list[Document]:
    return []


def _no_collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    return []


def _nothing_more(entry: Document, base: str, spoken: Language) -> Document:
    return entry


def _no_paths(spoken: Language, settings: Settings) -> Document:
    return {}


def _no_collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    return {}


def _no_components(spoken: Language) -> Document:
    return {}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Routes, and what the API's own documents say of them.

    Whatever a part serves, it says here: the conformance page, the landing page, the collections
    and the OpenAPI document are put together from all parts, and hold nothing that no part says.
    """

    routes: Callable[[Settings], Sequence[BaseRoute]] = _no_routes
    """Every address, with its leading ``/ogc``."""
    conformance: Callable[[], Sequence[str]] = tuple
    """The addresses of the conformance classes that are true of it."""
    landing_links: Callable[[str, Language], list[Link]] = _no_landing_links
    """Links of the landing page, from the API's address and the language."""
    collections: Callable[[str, Language], list[Document]] = _no_collections
    """Collections that are neither layer nor surface, which the part's own routes answer."""
    collection_links: Callable[[str, Language, str], list[Link]] = _no_collection_links
    """Links of the collection of a name, which may be a layer's or a surface's."""
    describe: Callable[[Document, str, Language], Document] = _nothing_more
    """A collection's entry, whose ``id`` says which it is, with what the part knows of it besides."""
    tags: tuple[tuple[str, Text], ...] = ()
    """Headings of the OpenAPI document under which its general paths stand: name, and what they are."""
    paths: Callable[[Language, Settings], Document] = _no_paths
    """OpenAPI path items, without ``/ogc``, that belong to no collection."""
    collection_paths: Callable[[Language, Settings, Layer | RasterLayer, str], Document] = (
        _no_collection_paths
    )
    """OpenAPI path items of one collection; the last argument is unique to it, for operation names."""
    parameters: Callable[[Language], Document] = _no_components
    """Shared OpenAPI parameters by name."""
    responses: Callable[[Language], Document] = _no_components
    """Shared OpenAPI responses by name."""
