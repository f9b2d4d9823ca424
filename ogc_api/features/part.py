"""Features as a part of the API."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.types import Text
from layers.registry import LAYERS
from ogc_api.asking import Language, said
from ogc_api.described import Link, link
from ogc_api.editing.routes import feature_routes
from ogc_api.features import filtering, openapi
from ogc_api.features.download import DownloadEndpoint
from ogc_api.features.formats import jsonfg
from ogc_api.features.formats.listed import FOR_ALL, FORMATS
from ogc_api.features.items import Items
from ogc_api.named import layer_of
from ogc_api.part import Part

_AS = Text("Đối tượng dạng", "Features as")
_ALL_AS = Text("Toàn bộ lớp dạng", "The whole layer as")
_FEATURES = "http://www.opengis.net/spec/ogcapi-features"


def _routes(settings: Settings) -> list[BaseRoute]:
    items = Items(settings)
    features = feature_routes(
        settings,
        lambda request: items.page(request, layer_of(request)),
        lambda request: items.feature(request, layer_of(request), request.path_params["feature_id"]),
    )
    return [*features, Route("/ogc/collections/{name}/download", DownloadEndpoint(settings))]


def _collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    if name not in LAYERS:
        return []
    collection = f"{base}/collections/{name}"
    files = [
        link(rel, wanted.media_type, f"{said(words, spoken)} {said(wanted.title, spoken)}", f"{href}?f={f}")
        for rel, words, href, formats in (
            # GeoJSON and HTML are linked by the host.
            ("items", _AS, f"{collection}/items", [f for f in FORMATS if f not in ("json", "html")]),
            ("enclosure", _ALL_AS, f"{collection}/download", list(FOR_ALL)),
        )
        for f in formats
        for wanted in (FORMATS[f],)
    ]
    return [*files, *filtering.collection_links(base, spoken, name)]


PART = Part(
    routes=_routes,
    conformance=lambda: (
        f"{_FEATURES}-1/1.0/conf/core",
        f"{_FEATURES}-1/1.0/conf/geojson",
        f"{_FEATURES}-1/1.0/conf/html",
        f"{_FEATURES}-1/1.0/conf/oas30",
        f"{_FEATURES}-2/1.0/conf/crs",
        *filtering.CONFORMANCE,
        *jsonfg.CONFORMANCE,
        f"{_FEATURES}-5/1.0/conf/schemas",
        f"{_FEATURES}-5/1.0/conf/core-roles-features",
    ),
    landing_links=filtering.landing_links,
    collection_links=_collection_links,
    paths=openapi.paths,
    collection_paths=openapi.collection_paths,
    parameters=filtering.shared_parameters,
    responses=openapi.responses,
)
