"""The paths of the STAC API in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from layers.registry import SURFACES
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.openapi_blocks import document, documented, errors, get, in_path, query, shared
from ogc_api.stac.documents import COG_TYPE, GEOJSON_TYPE, TITLE
from ogc_api.stac.searching import DEFAULT_LIMIT, MOST_ITEMS, MOST_NAMES

TAG = "stac"
_BOX = Text("Khung giới hạn theo độ (CRS84).", "Bounding box in degrees (CRS84).")
_SHAPE = Text("Hình GeoJSON mà bề mặt phải chạm tới.", "GeoJSON geometry that surfaces must meet.")
_LIMIT = Text("Số bản ghi mỗi trang.", "Items on a page.")
_TOKEN = Text("Lấy từ liên kết 'next' của trang trước.", "From the link 'next' of the page before.")
_SURFACE = Text("Bề mặt.", "The surface.")
_SURFACES = Text("Các bề mặt.", "The surfaces.")
_IDS = Text("Các mã bản ghi.", "Identifiers of items.")
_ITEM = Text("Mã bản ghi.", "Identifier of the item.")
_FILE = Text("Tệp COG; có thể đọc từng khoảng byte.", "The COG; any range of its bytes may be asked for.")


def paths(spoken: Language, settings: Settings) -> Document:
    """The catalogue, its collections, their items and the search."""
    one = "/stac/collections/{surfaceId}"
    known = {"type": "string", "enum": list(SURFACES)}
    surface = in_path("surfaceId", known, _SURFACE, spoken)
    item = in_path("itemId", {"type": "string"}, _ITEM, spoken)
    forms, title = shared("f", "lang"), said(TITLE, spoken)
    paged = [
        _box(spoken), *shared("datetime"), query("limit", _limit(), said(_LIMIT, spoken)),
        query("token", {"type": "string"}, said(_TOKEN, spoken)),
        _names("collections", _SURFACES, spoken),
    ]  # fmt: skip
    found = documented("400", "404", "503", answer="StacItems")
    anywhere = [
        *paged,
        query("intersects", {"type": "string"}, said(_SHAPE, spoken)),
        _names("ids", _IDS, spoken),
    ]
    return {
        "/stac": document("getStacCatalogue", TITLE, TAG, spoken),
        "/stac/conformance": document("getStacConformance", TITLE, TAG, spoken),
        "/stac/collections": get("getStacCollections", title, TAG, forms, documented("400", "503")),
        one: get("getStacCollection", title, TAG, [surface, *forms], documented("400", "404", "503")),
        f"{one}/items": get("getStacItems", title, TAG, [surface, *paged, *forms], found),
        f"{one}/items/{{itemId}}": get(
            "getStacItem",
            title,
            TAG,
            [surface, item, *forms],
            documented("400", "404", "503", answer="StacItem"),
        ),
        f"{one}/items/{{itemId}}/surface.tif": get(
            "getStacCog", said(_FILE, spoken), TAG, [surface, item, *shared("lang")], _file(spoken)
        ),
        "/stac/search": get(
            "getStacSearch", title, TAG, [*anywhere, *forms], documented("400", "503", answer="StacItems")
        )
        | _posted(title),
    }


def responses(spoken: Language) -> Document:
    """The answers to which the paths refer."""
    page = {"text/html": {"schema": {"type": "string"}}}
    described = {
        "StacItems": (Text("Một trang bản ghi STAC.", "A page of STAC items."), "FeatureCollection"),
        "StacItem": (Text("Một bản ghi STAC.", "A STAC item."), "Feature"),
    }
    return {
        name: {
            "description": said(what, spoken),
            "content": {GEOJSON_TYPE: {"schema": {"$ref": f"#/components/schemas/{schema}"}}, **page},
        }
        for name, (what, schema) in described.items()
    }


def _names(name: str, what: Text, spoken: Language) -> Document:
    schema = {"type": "array", "maxItems": MOST_NAMES, "items": {"type": "string"}}
    return query(name, schema, said(what, spoken)) | {"style": "form", "explode": False}


def _limit() -> Document:
    return {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_LIMIT}


def _numbers() -> Document:
    sides = [{"minItems": side, "maxItems": side} for side in (4, 6)]
    return {"type": "array", "items": {"type": "number"}, "oneOf": sides}


def _box(spoken: Language) -> Document:
    return query("bbox", _numbers(), said(_BOX, spoken)) | {"style": "form", "explode": False}


def _file(spoken: Language) -> Document:
    binary = {COG_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    part = said(Text("Một phần của tệp.", "A part of the file."), spoken)
    return {
        "200": {"description": said(_FILE, spoken), "content": binary},
        "206": {"description": part, "content": binary},
        **errors("400", "404", "416"),
    }


def _posted(title: str) -> Document:
    names = {"type": "array", "maxItems": MOST_NAMES, "items": {"type": "string"}}
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "bbox": _numbers(),
            "intersects": {"type": "object"},
            "datetime": {"type": "string"},
            "ids": names,
            "collections": names,
            "limit": _limit(),
            "token": {"type": "string"},
        },
    }
    return {
        "post": {
            "operationId": "postStacSearch",
            "summary": title,
            "tags": [TAG],
            "parameters": shared("f", "lang"),
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": documented("400", "413", "415", "503", answer="StacItems"),
        }
    }
