"""The OpenAPI 3.0 document: every path, with each layer's own parameters.

It refers to nothing outside itself, so that no reader has to ask another host.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Column

from gis_core import __version__
from gis_core.config import OgcApi
from gis_core.crs import served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.registry import LAYERS, SURFACES
from ogc_api import editing_documents, filtering, styles_openapi, tiles_openapi
from ogc_api.asking import Language, said
from ogc_api.config import DESCRIPTION, TITLE
from ogc_api.coverage_query import HELP
from ogc_api.host import Document
from ogc_api.items import GEOJSON_TYPE
from ogc_api.providers.coverages import COVERAGE_JSON_TYPE, GEOTIFF, GEOTIFF_TYPE
from ogc_api.schema import SCHEMA_TYPE, column_schema

OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
_DOCUMENT_TYPES = {"Document": "application/json", "OpenApi": OPENAPI_TYPE, "Schema": SCHEMA_TYPE}

_ON_ITEMS = (
    "bbox", "bbox-crs", "datetime", "limit", "cursor", "crs", "filter", "filter-lang", "filter-crs",
)  # fmt: skip

_TIME_HELP = Text(
    "Thời điểm hoặc khoảng thời gian RFC 3339, hai đầu cách nhau bằng '/', '..' là để mở. "
    "Chỉ ghi ngày nghĩa là cả ngày đó; không ghi múi giờ là giờ Huế (UTC+7).",
    "RFC 3339 instant, or interval with '/' between its ends, '..' for an open one. A date alone means "
    "that whole day; without a zone it is Huế's time (UTC+7).",
)


def openapi_document(base: str, spoken: Language, limits: OgcApi) -> Document:
    """The document for one address and one language."""
    writer = _Writer(spoken, limits)
    collections: list[Layer | RasterLayer] = [*LAYERS.values(), *SURFACES.values()]
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
            {"name": "capabilities", "description": said(Text("Mô tả dịch vụ", "About the service"), spoken)},
            tiles_openapi.tag(spoken),
            styles_openapi.tag(spoken),
            *(
                {"name": declared.name, "description": said(declared.description, spoken)}
                for declared in collections
            ),
        ],
        "paths": writer.paths(),
        "components": {
            "parameters": writer.parameters(),
            "responses": writer.responses(),
            "schemas": _SCHEMAS,
            "securitySchemes": editing_documents.SECURITY_SCHEMES,
        },
    }


class _Writer:
    """Writes the parts of the document in one language."""

    def __init__(self, spoken: Language, limits: OgcApi) -> None:
        self._spoken = spoken
        self._limits = limits

    def _say(self, vi: str, en: str) -> str:
        return said(Text(vi, en), self._spoken)

    def paths(self) -> Document:
        paths = {
            "/": self._document("getLandingPage", "Trang chủ của API", "Landing page of the API"),
            "/conformance": self._document("getConformance", "Các lớp tuân thủ", "Conformance classes"),
            "/openapi": self._document("getOpenApi", "Tài liệu này", "This document", answer="OpenApi"),
            "/collections": self._document("getCollections", "Danh sách bộ dữ liệu", "The collections"),
            "/functions": self._document("getFunctions", "Các hàm của bộ lọc", "Functions for filters"),
        }
        paths |= tiles_openapi.general_paths(self._spoken)
        paths |= styles_openapi.general_paths(self._spoken)
        for layer in LAYERS.values():
            paths |= self._layer_paths(layer)
        for surface in SURFACES.values():
            paths |= self._surface_paths(surface)
        return paths

    def _document(
        self, operation: str, vi: str, en: str, tag: str = "capabilities", *, answer: str = "Document"
    ) -> Document:
        responses = {
            "200": {"$ref": f"#/components/responses/{answer}"},
            "400": {"$ref": "#/components/responses/Error"},
        }
        return self._get(operation, self._say(vi, en), tag, [_shared("f"), _shared("lang")], responses)

    def _layer_paths(self, layer: Layer) -> Document:
        name, path, tag = layer.name.title().replace("_", ""), f"/collections/{layer.name}", layer.name
        title = said(layer.title, self._spoken)
        common = [_shared(p) for p in (*_ON_ITEMS, "f", "lang")] + [
            filtering.sortby_parameter(self._spoken, layer)
        ]
        columns = [self._filter(column) for column in (layer.id_column, *layer.properties)]
        one = [_shared("featureId"), _shared("crs"), _shared("f"), _shared("lang")]
        features = {"200": {"$ref": "#/components/responses/Features"}, **_ERRORS}
        feature = {"200": {"$ref": "#/components/responses/Feature"}, **_ERRORS}
        features |= editing_documents.credentials_errors()
        feature |= editing_documents.credentials_errors()
        on_tiles = [*(_shared(p) for p in tiles_openapi.SHARED), self._selection(layer), *columns]
        return {
            **tiles_openapi.layer_paths(self._spoken, layer, name, on_tiles),
            **styles_openapi.collection_paths(self._spoken, layer, name),
            path: self._document(f"describe{name}", f"Mô tả: {title}", f"About: {title}", tag),
            f"{path}/schema": self._document(f"schema{name}", "Lược đồ", "Schema", tag, answer="Schema"),
            f"{path}/queryables": self._document(
                f"queryables{name}", "Các thuộc tính lọc được", "Queryables", tag, answer="Schema"
            ),
            f"{path}/sortables": self._document(
                f"sortables{name}", "Các thuộc tính sắp xếp được", "Sortables", tag, answer="Schema"
            ),
            f"{path}/items": self._get(
                f"getItems{name}", title, tag, [*common, self._selection(layer), *columns], features
            )
            | editing_documents.operations_on_all(self._spoken, layer, name),
            f"{path}/items/{{featureId}}": self._get(f"getItem{name}", title, tag, one, feature)
            | editing_documents.operations_on_one(self._spoken, layer, name),
        }

    def _surface_paths(self, surface: RasterLayer) -> Document:
        # A layer may well be called as a surface is: operations need names of their own.
        name = f"{surface.name.title().replace('-', '')}Surface"
        path, tag = f"/collections/{surface.name}", surface.name
        title = said(surface.title, self._spoken)
        bands = [band.name for band in surface.bands]
        chosen = {
            "name": "properties", "in": "query", "required": False, "style": "form", "explode": False,
            "description": self._say("Các kênh cần lấy.", "The bands wanted."),
            "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": bands}},
        }  # fmt: skip
        form = {
            "name": "f", "in": "query", "required": False,
            "schema": {"type": "string", "enum": [GEOTIFF, "json"], "default": GEOTIFF},
        }  # fmt: skip
        responses = {"200": {"$ref": "#/components/responses/Coverage"}, **_ERRORS}
        own = [_query(name, {"type": "string"}, said(what, self._spoken)) for name, what in HELP.items()]
        common = [_shared(one) for one in ("bbox", "bbox-crs", "datetime", "lang")]
        parameters = [*common, chosen, *own, form]
        return {
            **styles_openapi.collection_paths(self._spoken, surface, name),
            path: self._document(f"describe{name}", f"Mô tả: {title}", f"About: {title}", tag),
            f"{path}/schema": self._document(f"schema{name}", "Lược đồ", "Schema", tag, answer="Schema"),
            f"{path}/coverage": self._get(f"getCoverage{name}", title, tag, parameters, responses),
        }

    @staticmethod
    def _get(operation: str, summary: str, tag: str, parameters: list[Any], responses: Document) -> Document:
        return {
            "get": {
                "operationId": operation,
                "summary": summary,
                "tags": [tag],
                "parameters": parameters,
                "responses": responses,
            }
        }

    def _filter(self, column: Column[Any]) -> Document:
        schema = column_schema(column, self._spoken)
        description = schema.pop("title")
        if isinstance(column.type, ARRAY):
            schema = schema["items"]
            description = self._say(f"{description} (có chứa)", f"{description} (contains)")
        # A filter may name a value that no row can have; the limits bind the data.
        schema = {key: value for key, value in schema.items() if key in ("type", "format", "enum")}
        return _query(column.name, schema, description)

    def _selection(self, layer: Layer) -> Document:
        names = [column.name for column in layer.properties]
        return {
            "name": "properties", "in": "query", "required": False, "style": "form", "explode": False,
            "description": self._say("Các thuộc tính cần lấy.", "The properties wanted."),
            "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": names}},
        }  # fmt: skip

    def parameters(self) -> Document:
        crs = {"type": "string", "format": "uri", "enum": served_crs_uris(), "default": served_crs_uris()[0]}
        box = {
            "type": "array", "items": {"type": "number"},
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
        }  # fmt: skip
        limit = {
            "type": "integer", "minimum": 1, "maximum": self._limits.max_limit,
            "default": self._limits.default_limit,
        }  # fmt: skip
        say = self._say
        return {
            "f": _query("f", {"type": "string", "enum": ["json", "html"]}, say("Định dạng.", "Format.")),
            "lang": _query("lang", {"type": "string", "enum": ["vi", "en"]}, say("Ngôn ngữ.", "Language.")),
            "bbox": {
                **_query("bbox", box, say("Khung giới hạn, theo bbox-crs.", "Bounding box, in bbox-crs.")),
                "style": "form",
                "explode": False,
            },
            "bbox-crs": _query("bbox-crs", crs, say("Hệ tọa độ của bbox.", "CRS of bbox.")),
            "datetime": _query("datetime", {"type": "string"}, said(_TIME_HELP, self._spoken)),
            "limit": _query("limit", limit, say("Số đối tượng mỗi trang.", "Features on a page.")),
            "cursor": _query(
                "cursor",
                {"type": "string"},
                say("Lấy từ liên kết 'next' của trang trước.", "From the link 'next' of the page before."),
            ),
            "crs": _query("crs", crs, say("Hệ tọa độ của kết quả.", "CRS of the answer.")),
            **filtering.shared_parameters(self._spoken),
            "featureId": {
                "name": "featureId", "in": "path", "required": True, "schema": {"type": "string"},
                "description": say("Mã đối tượng.", "Identifier of the feature."),
            },
        }  # fmt: skip

    def responses(self) -> Document:
        say = self._say
        page = {"text/html": {"schema": {"type": "string"}}}
        collection = {"$ref": "#/components/schemas/FeatureCollection"}
        feature = {"$ref": "#/components/schemas/Feature"}
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {
            **{
                name: {
                    "description": say("Tài liệu.", "The document."),
                    "content": {kind: {"schema": {"type": "object"}}, **page},
                }
                for name, kind in _DOCUMENT_TYPES.items()
            },
            **styles_openapi.shared_responses(self._spoken),
            "Features": {
                "description": say("Một trang đối tượng.", "A page of features."),
                "content": {GEOJSON_TYPE: {"schema": collection}, **page},
            },
            "Feature": {
                "description": say("Một đối tượng.", "A feature."),
                "content": {GEOJSON_TYPE: {"schema": feature}, **page},
            },
            "Coverage": {
                "description": say("Các ô lưới.", "The cells."),
                "content": {GEOTIFF_TYPE: binary, COVERAGE_JSON_TYPE: {"schema": {"type": "object"}}},
            },
            "Error": {
                "description": say("Lỗi, trong một câu.", "What is wrong, in a sentence."),
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Exception"}}, **page
                },
            },
        }  # fmt: skip


def _query(name: str, schema: Document, description: str) -> Document:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _shared(name: str) -> Document:
    return {"$ref": f"#/components/parameters/{name}"}


_ERRORS = {status: {"$ref": "#/components/responses/Error"} for status in ("400", "404", "503")}

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
