"""The paths of the catalogue in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.openapi_blocks import document, documented, get, in_path, query, shared
from ogc_api.records.documents import NAME, TITLE
from ogc_api.records.entries import KINDS
from ogc_api.records.searching import DEFAULT_LIMIT, MOST_OFFSET, MOST_RECORDS, MOST_TERMS

_Q = Text(
    "Từ cần tìm, có dấu hay không dấu; dấu phẩy nghĩa là hoặc, các từ không có dấu phẩy phải liền nhau.",
    "What to look for, with or without accents; a comma means or, words with spaces must stand together.",
)
_BOX = Text("Khung giới hạn theo độ (CRS84).", "Bounding box in degrees (CRS84).")
_TYPE = Text("Loại bản ghi.", "Types of records.")
_IDS = Text("Mã bản ghi.", "Identifiers of records.")
_EXTERNAL = Text(
    "Mã ở hệ thống khác, như postgis:gis.cameras.", "Identifiers elsewhere, such as postgis:gis.cameras."
)
_LIMIT = Text("Số bản ghi mỗi trang.", "Records on a page.")
_OFFSET = Text("Bỏ qua ngần này bản ghi.", "So many records are passed over.")
_SCHEMA = Text("Lược đồ", "Schema")
_ID = Text("Mã bản ghi.", "Identifier of the record.")


def paths(spoken: Language, settings: Settings) -> Document:
    """The catalogue, its records and one of them."""
    path, title, forms = f"/collections/{NAME}", said(TITLE, spoken), shared("f", "lang")
    limit = {"type": "integer", "minimum": 1, "maximum": MOST_RECORDS, "default": DEFAULT_LIMIT}
    offset = {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET, "default": 0}
    sides = [{"minItems": side, "maxItems": side} for side in (4, 6)]
    box = {"type": "array", "items": {"type": "number"}, "oneOf": sides}
    names = {"type": "array", "items": {"type": "string"}}
    parameters = [
        _listed("q", names | {"maxItems": MOST_TERMS}, _Q, spoken),
        _listed("bbox", box, _BOX, spoken),
        *shared("datetime"),
        _listed("type", {"type": "array", "items": {"type": "string", "enum": list(KINDS)}}, _TYPE, spoken),
        _listed("ids", names, _IDS, spoken),
        _listed("externalIds", names, _EXTERNAL, spoken),
        query("limit", limit, said(_LIMIT, spoken)),
        query("offset", offset, said(_OFFSET, spoken)),
        *forms,
    ]
    one = in_path("recordId", {"type": "string"}, _ID, spoken)
    return {
        path: document("describeCatalogue", TITLE, NAME, spoken),
        f"{path}/schema": document("schemaCatalogue", _SCHEMA, NAME, spoken, answer="Schema"),
        f"{path}/items": get(
            "getRecords", title, NAME, parameters, documented("400", "503", answer="Features")
        ),
        f"{path}/items/{{recordId}}": get(
            "getRecord", title, NAME, [one, *forms], documented("400", "404", "503", answer="Feature")
        ),
    }


def _listed(name: str, schema: Document, what: Text, spoken: Language) -> Document:
    return query(name, schema, said(what, spoken)) | {"style": "form", "explode": False}
