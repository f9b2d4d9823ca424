"""The paths of coverages in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from ogc_api.asking import Language, said
from ogc_api.coverages.encodings import COVERAGE_JSON_TYPE, GEOTIFF, GEOTIFF_TYPE
from ogc_api.coverages.query import HELP
from ogc_api.described import Document
from ogc_api.openapi_blocks import errors, form, get, query, shared


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """The cells of one surface."""
    if not isinstance(declared, RasterLayer):
        return {}
    bands = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": _bands(declared)}}
    wanted = said(Text("Các kênh cần lấy.", "The bands wanted."), spoken)
    parameters = [
        *shared("bbox", "bbox-crs", "datetime", "crs", "lang"),
        query("properties", bands, wanted) | {"style": "form", "explode": False},
        *(query(name, {"type": "string"}, said(what, spoken)) for name, what in HELP.items()),
        form(GEOTIFF, "json", default=GEOTIFF),
    ]
    answers = {"200": {"$ref": "#/components/responses/Coverage"}, **errors("400", "404", "503")}
    title = said(declared.title, spoken)
    path = f"/collections/{declared.name}/coverage"
    return {path: get(f"getCoverage{operation}", title, declared.name, parameters, answers)}


def responses(spoken: Language) -> Document:
    """The answer to which the paths refer."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "Coverage": {
            "description": said(Text("Các ô lưới.", "The cells."), spoken),
            "content": {GEOTIFF_TYPE: binary, COVERAGE_JSON_TYPE: {"schema": {"type": "object"}}},
        }
    }


def _bands(surface: RasterLayer) -> list[str]:
    return [band.name for band in surface.bands]
