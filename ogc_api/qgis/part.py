"""The files for QGIS as a part of the API."""

from __future__ import annotations

from ogc_api.part import Part
from ogc_api.qgis.routes import routes

PART = Part(
    routes=routes,
)
