"""What a record holds, as OGC API - Features Part 5 has schemas."""

from __future__ import annotations

from gis_core.types import Text
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.records.documents import NAME, TITLE
from ogc_api.records.entries import KINDS

_TEXT: Document = {"type": "string"}
_OBJECTS: Document = {"type": "array", "items": {"type": "object"}}
_PROPERTIES: tuple[tuple[str, Document, Text], ...] = (
    ("id", {**_TEXT, "x-ogc-role": "id"}, Text("Mã bản ghi", "Identifier")),
    ("type", {**_TEXT, "enum": list(KINDS)}, Text("Loại", "Type")),
    ("title", _TEXT, Text("Tên", "Title")),
    ("description", _TEXT, Text("Mô tả", "Description")),
    ("keywords", {"type": "array", "items": _TEXT}, Text("Từ khóa", "Keywords")),
    ("language", {"type": "object"}, Text("Ngôn ngữ của bản ghi", "Language of the record")),
    ("languages", _OBJECTS, Text("Các ngôn ngữ", "Languages")),
    ("themes", _OBJECTS, Text("Chủ đề", "Themes")),
    ("formats", _OBJECTS, Text("Định dạng", "Formats")),
    ("contacts", _OBJECTS, Text("Liên hệ", "Contacts")),
    ("externalIds", _OBJECTS, Text("Mã ở hệ thống khác", "Identifiers elsewhere")),
)


def schema(base: str, spoken: Language) -> Document:
    """The schema of the records; the geometry is the box of what a record is about."""
    geometry = {"format": "geometry-polygon", "x-ogc-role": "primary-geometry"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/collections/{NAME}/schema",
        "type": "object",
        "title": said(TITLE, spoken),
        "properties": {
            "geometry": geometry,
            **{name: {"title": said(title, spoken), **facts} for name, facts, title in _PROPERTIES},
        },
    }
