"""Features as a part of the API."""

from __future__ import annotations

from starlette.routing import BaseRoute

from gis_core.config import Settings
from ogc_api.editing.routes import feature_routes
from ogc_api.features import filtering, openapi
from ogc_api.features.items import Items
from ogc_api.named import layer_of
from ogc_api.part import Part

_FEATURES = "http://www.opengis.net/spec/ogcapi-features"


def _routes(settings: Settings) -> list[BaseRoute]:
    items = Items(settings)
    return feature_routes(
        settings,
        lambda request: items.page(request, layer_of(request)),
        lambda request: items.feature(request, layer_of(request), request.path_params["feature_id"]),
    )


PART = Part(
    routes=_routes,
    conformance=lambda: (
        f"{_FEATURES}-1/1.0/conf/core",
        f"{_FEATURES}-1/1.0/conf/geojson",
        f"{_FEATURES}-1/1.0/conf/html",
        f"{_FEATURES}-1/1.0/conf/oas30",
        f"{_FEATURES}-2/1.0/conf/crs",
        *filtering.CONFORMANCE,
        f"{_FEATURES}-5/1.0/conf/schemas",
        f"{_FEATURES}-5/1.0/conf/core-roles-features",
    ),
    landing_links=filtering.landing_links,
    collection_links=filtering.collection_links,
    paths=openapi.paths,
    collection_paths=openapi.collection_paths,
    parameters=filtering.shared_parameters,
)
