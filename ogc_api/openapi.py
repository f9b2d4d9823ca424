"""The OpenAPI 3.0 document: every path of every part, with what they share.

It refers to nothing outside itself, so that no reader has to ask another host.
"""

from __future__ import annotations

from gis_core import __version__
from gis_core.config import Settings
from gis_core.crs import served_crs_uris
from gis_core.serving_settings import OgcApi
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from ogc_api.asking import Language, said
from ogc_api.config import DESCRIPTION, TITLE
from ogc_api.described import Document
from ogc_api.editing.documents import SECURITY_SCHEMES
from ogc_api.openapi_blocks import document, query
from ogc_api.parts import PARTS
from ogc_api.schema import SCHEMA_TYPE

OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
_DOCUMENT_TYPES = {"Document": "application/json", "OpenApi": OPENAPI_TYPE, "Schema": SCHEMA_TYPE}

_GENERAL = "capabilities"
_ABOUT_THE_SERVICE = Text("Mô tả dịch vụ", "About the service")

_TIME_HELP = Text(
    "Thời điểm hoặc khoảng thời gian RFC 3339, hai đầu cách nhau bằng '/', '..' là để mở. "
    "Chỉ ghi ngày nghĩa là cả ngày đó; không ghi múi giờ là giờ Huế (UTC+7).",
    "RFC 3339 instant, or interval with '/' between its ends, '..' for an open one. A date alone means "
    "that whole day; without a zone it is Huế's time (UTC+7).",
)


def openapi_document(base: str, spoken: Language, settings: Settings) -> Document:
    """The document for one address and one language."""
    collections: list[Layer | RasterLayer] = [*LAYERS.values(), *SURFACES.values()]
    paths = _general_paths(spoken)
    for part in PARTS:
        paths |= part.paths(spoken, settings)
    for declared in collections:
        paths |= _collection_paths(spoken, settings, declared)
    parameters, responses = _parameters(spoken, settings.ogc_api), _responses(spoken)
    for part in PARTS:
        parameters |= part.parameters(spoken)
        responses |= part.responses(spoken)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": said(TITLE, spoken),
            "description": said(DESCRIPTION, spoken),
            "version": __version__,
            "license": {"name": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "tags": [
            {"name": _GENERAL, "description": said(_ABOUT_THE_SERVICE, spoken)},
            *({"name": tag, "description": said(what, spoken)} for part in PARTS for tag, what in part.tags),
            *(
                {"name": declared.name, "description": said(declared.description, spoken)}
                for declared in collections
            ),
        ],
        "paths": paths,
        "components": {
            "parameters": parameters,
            "responses": responses,
            "schemas": _SCHEMAS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _general_paths(spoken: Language) -> Document:
    return {
        "/": document("getLandingPage", Text("Trang chủ của API", "Landing page"), _GENERAL, spoken),
        "/conformance": document(
            "getConformance", Text("Các lớp tuân thủ", "Conformance classes"), _GENERAL, spoken
        ),
        "/openapi": document(
            "getOpenApi", Text("Tài liệu này", "This document"), _GENERAL, spoken, answer="OpenApi"
        ),
        "/collections": document(
            "getCollections", Text("Danh sách bộ dữ liệu", "The collections"), _GENERAL, spoken
        ),
    }


def _collection_paths(spoken: Language, settings: Settings, declared: Layer | RasterLayer) -> Document:
    # A layer may well be called as a surface is: operations need names of their own.
    name = declared.name.title().replace("_", "").replace("-", "")
    operation = name if isinstance(declared, Layer) else f"{name}Surface"
    title = Text(f"Mô tả: {declared.title.vi}", f"About: {declared.title.en}")
    path, schema = f"/collections/{declared.name}", Text("Lược đồ", "Schema")
    paths = {
        path: document(f"describe{operation}", title, declared.name, spoken),
        f"{path}/schema": document(f"schema{operation}", schema, declared.name, spoken, answer="Schema"),
    }
    for part in PARTS:
        paths |= part.collection_paths(spoken, settings, declared, operation)
    return paths


def _parameters(spoken: Language, limits: OgcApi) -> Document:
    crs = {"type": "string", "format": "uri", "enum": served_crs_uris(), "default": served_crs_uris()[0]}
    box = {
        "type": "array", "items": {"type": "number"},
        "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    }  # fmt: skip
    limit = {
        "type": "integer", "minimum": 1, "maximum": limits.max_limit,
        "default": limits.default_limit,
    }  # fmt: skip

    def say(vi: str, en: str) -> str:
        return said(Text(vi, en), spoken)

    return {
        "f": query("f", {"type": "string", "enum": ["json", "html"]}, say("Định dạng.", "Format.")),
        "lang": query("lang", {"type": "string", "enum": ["vi", "en"]}, say("Ngôn ngữ.", "Language.")),
        "bbox": {
            **query("bbox", box, say("Khung giới hạn, theo bbox-crs.", "Bounding box, in bbox-crs.")),
            "style": "form",
            "explode": False,
        },
        "bbox-crs": query("bbox-crs", crs, say("Hệ tọa độ của bbox.", "CRS of bbox.")),
        "datetime": query("datetime", {"type": "string"}, said(_TIME_HELP, spoken)),
        "limit": query("limit", limit, say("Số đối tượng mỗi trang.", "Features on a page.")),
        "cursor": query(
            "cursor",
            {"type": "string"},
            say("Lấy từ liên kết 'next' của trang trước.", "From the link 'next' of the page before."),
        ),
        "crs": query("crs", crs, say("Hệ tọa độ của kết quả.", "CRS of the answer.")),
        "featureId": {
            "name": "featureId", "in": "path", "required": True, "schema": {"type": "string"},
            "description": say("Mã đối tượng.", "Identifier of the feature."),
        },
    }  # fmt: skip


def _responses(spoken: Language) -> Document:
    page = {"text/html": {"schema": {"type": "string"}}}
    wrong = {"$ref": "#/components/schemas/Exception"}
    described = {
        "Error": (Text("Lỗi, trong một câu.", "What is wrong, in a sentence."), "application/json", wrong),
        **{
            name: (Text("Tài liệu.", "The document."), kind, {"type": "object"})
            for name, kind in _DOCUMENT_TYPES.items()
        },
    }
    return {
        name: {"description": said(what, spoken), "content": {kind: {"schema": schema}, **page}}
        for name, (what, kind, schema) in described.items()
    }


_SCHEMAS: Document = {
    "Exception": {
        "type": "object",
        "required": ["code", "description"],
        "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
    },
    "Link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
    },
    "Feature": {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
        },
    },
    "FeatureCollection": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberMatchedIsEstimate": {"type": "boolean"},
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/Feature"}},
        },
    },
}
