"""Styles as a part of the API."""

from __future__ import annotations

from gis_core.types import Text
from ogc_api.part import Part
from ogc_api.styles import documents, openapi
from ogc_api.styles.routes import routes

PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    landing_links=documents.landing_links,
    collection_links=documents.collection_links,
    tags=((openapi.TAG, Text("Kiểu hiển thị và chú giải", "Styles and legends")),),
    paths=openapi.paths,
    collection_paths=openapi.collection_paths,
    responses=openapi.responses,
)
