"""The STAC API as a part of the whole; it has a landing page and a conformance declaration of its own."""

from __future__ import annotations

from ogc_api.part import Part
from ogc_api.stac import documents, openapi
from ogc_api.stac.routes import routes

PART = Part(
    routes=routes,
    landing_links=documents.landing_links,
    collection_links=documents.collection_links,
    tags=((openapi.TAG, documents.TITLE),),
    paths=openapi.paths,
    responses=openapi.responses,
)
