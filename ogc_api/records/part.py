"""The catalogue as a part of the API."""

from __future__ import annotations

from gis_core.config import get_settings
from ogc_api.asking import Language
from ogc_api.described import Document
from ogc_api.part import Part
from ogc_api.records import documents, openapi
from ogc_api.records.routes import routes


def _collections(base: str, spoken: Language) -> list[Document]:
    return [documents.collection(base, spoken, get_settings())]


PART = Part(
    routes=routes,
    conformance=lambda: documents.CONFORMANCE,
    landing_links=documents.landing_links,
    collections=_collections,
    tags=((documents.NAME, documents.TITLE),),
    paths=openapi.paths,
)
