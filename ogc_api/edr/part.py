"""Environmental data retrieval as a part of the API."""

from __future__ import annotations

from ogc_api.edr import documents, openapi
from ogc_api.edr.routes import routes
from ogc_api.part import Part

PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    collection_links=documents.collection_links,
    describe=documents.describe,
    collection_paths=openapi.collection_paths,
    responses=openapi.responses,
)
