"""Vector tiles as a part of the API."""

from __future__ import annotations

from gis_core.types import Text
from ogc_api.part import Part
from ogc_api.tiles import documents, openapi
from ogc_api.tiles.routes import routes

PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    landing_links=documents.landing_links,
    collection_links=documents.collection_links,
    tags=((openapi.TAG, Text("Ô bản đồ vectơ", "Vector tiles")),),
    paths=openapi.paths,
    collection_paths=openapi.collection_paths,
)
