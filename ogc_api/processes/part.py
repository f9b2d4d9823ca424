"""Processes as a part of the API."""

from __future__ import annotations

from gis_core.types import Text
from ogc_api.part import Part
from ogc_api.processes import documents, openapi
from ogc_api.processes.routes import routes

PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    landing_links=documents.landing_links,
    tags=((openapi.TAG, Text("Xử lý dữ liệu và tác vụ", "Processes and jobs")),),
    paths=openapi.paths,
    responses=openapi.responses,
)
