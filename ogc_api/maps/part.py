"""Maps as a part of the API."""

from __future__ import annotations

from ogc_api.maps import documents, openapi
from ogc_api.maps.routes import routes
from ogc_api.part import Part

PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    collection_links=documents.collection_links,
    collection_paths=openapi.collection_paths,
)
