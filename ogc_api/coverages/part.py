"""Coverages as a part of the API."""

from __future__ import annotations

from ogc_api.coverages import openapi
from ogc_api.coverages.query import CONFORMANCE
from ogc_api.coverages.routes import routes
from ogc_api.part import Part

PART = Part(
    routes=routes,
    conformance=lambda: CONFORMANCE,
    collection_paths=openapi.collection_paths,
    responses=openapi.responses,
)
