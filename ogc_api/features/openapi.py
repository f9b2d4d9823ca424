"""The paths of features in the OpenAPI document, with each layer's own parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, Column

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.editing.documents import credentials_errors, operations_on_all, operations_on_one
from ogc_api.features import filtering
from ogc_api.features.formats.base import Format
from ogc_api.features.formats.jsonfg import PROFILES
from ogc_api.features.formats.listed import FOR_ALL, FORMATS
from ogc_api.features.query import page_limits
from ogc_api.openapi_blocks import document, errors, form, get, query, shared
from ogc_api.schema import column_schema

_ON_ITEMS = (
    "bbox", "bbox-crs", "datetime", "crs", "filter", "filter-lang", "filter-crs",
)  # fmt: skip
_BINARY = {"type": "string", "format": "binary"}

_PROFILE = Text(
    "Mức JSON-FG có trong kết quả: rfc7946 là GeoJSON thuần; chỉ dùng với f=json và f=jsonfg.",
    "How much of JSON-FG the answer holds, rfc7946 is plain GeoJSON; for f=json and f=jsonfg only.",
)
_DOWNLOAD = Text(
    "Tải về mọi đối tượng thỏa điều kiện, không chia trang", "Download all features that match, in one piece"
)


def paths(spoken: Language, settings: Settings) -> Document:
    """The functions that filters may call."""
    title = Text("Các hàm của bộ lọc", "Functions for filters")
    return {"/functions": document("getFunctions", title, "capabilities", spoken)}


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """Items, one item, and what they can be filtered and sorted by."""
    if not isinstance(declared, Layer):
        return {}
    layer, path, title = declared, f"/collections/{declared.name}", said(declared.title, spoken)
    selecting = selecting_parameters(spoken, layer)
    profile = query("profile", {"type": "string", "enum": list(PROFILES)}, said(_PROFILE, spoken))
    on_items = [
        *shared(*_ON_ITEMS, "cursor", "lang"),
        _limit(spoken, layer, settings),
        form(*FORMATS),
        profile,
        filtering.sortby_parameter(spoken, layer),
        *selecting,
    ]
    wrong = errors("400", "404", "503") | credentials_errors()
    every = {"200": {"$ref": "#/components/responses/Features"}, **wrong}
    one = {"200": {"$ref": "#/components/responses/Feature"}, **wrong}
    queryables = Text("Các thuộc tính lọc được", "Queryables")
    sortables = Text("Các thuộc tính sắp xếp được", "Sortables")
    return {
        f"{path}/queryables": document(
            f"queryables{operation}", queryables, layer.name, spoken, answer="Schema"
        ),
        f"{path}/sortables": document(
            f"sortables{operation}", sortables, layer.name, spoken, answer="Schema"
        ),
        f"{path}/items": get(f"getItems{operation}", title, layer.name, on_items, every)
        | operations_on_all(spoken, layer, operation),
        f"{path}/items/{{featureId}}": get(
            f"getItem{operation}", title, layer.name,
            [*shared("featureId", "crs", "lang"), form(*FORMATS), profile], one,
        )
        | operations_on_one(spoken, layer, operation),
        f"{path}/download": get(
            f"download{operation}", f"{said(_DOWNLOAD, spoken)}: {title}", layer.name,
            [*shared(*_ON_ITEMS, "lang"), form(*FOR_ALL), profile, *selecting],
            {"200": {"$ref": "#/components/responses/Download"}, **errors("400", "404", "503")},
        ),
    }  # fmt: skip


def responses(spoken: Language) -> Document:
    """The answers of features: one for each format, and that nothing has changed."""
    return {
        "Features": _answer(Text("Một trang đối tượng.", "A page of features."), "FeatureCollection", spoken),
        "Feature": _answer(Text("Một đối tượng.", "A feature."), "Feature", spoken),
        "Download": _answer(_DOWNLOAD, "FeatureCollection", spoken, FOR_ALL),
        "NotModified": {
            "description": said(Text("Chưa có gì thay đổi.", "Nothing has changed."), spoken),
            "headers": {"ETag": {"schema": {"type": "string"}}},
        },
    }


def _answer(what: Text, schema: str, spoken: Language, formats: Mapping[str, Format] = FORMATS) -> Document:
    content: Document = {}
    for wanted in formats.values():
        if wanted.is_object:
            content[wanted.media_type] = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
        else:
            content[wanted.media_type] = {"schema": _BINARY if wanted.write else {"type": "string"}}
    return {"description": said(what, spoken), "content": content}


def _limit(spoken: Language, layer: Layer, settings: Settings) -> Document:
    default, most = page_limits(layer, settings.ogc_api)
    # More may be asked for; a page holds no more than this.
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return query("limit", schema, said(Text("Số đối tượng mỗi trang.", "Features on a page."), spoken))


def selecting_parameters(spoken: Language, layer: Layer) -> list[Document]:
    """``properties``, and one parameter for each column."""
    columns = (layer.id_column, *layer.properties)
    return [_selection(spoken, layer), *(_column(spoken, column) for column in columns)]


def _column(spoken: Language, column: Column[Any]) -> Document:
    schema = column_schema(column, spoken)
    description = schema.pop("title")
    if isinstance(column.type, ARRAY):
        schema = schema["items"]
        description = said(Text(f"{description} (có chứa)", f"{description} (contains)"), spoken)
    # A filter may name a value that no row can have; the limits bind the data.
    schema = {key: value for key, value in schema.items() if key in ("type", "format", "enum")}
    return query(column.name, schema, description)


def _selection(spoken: Language, layer: Layer) -> Document:
    names = [column.name for column in layer.properties]
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": names}}
    wanted = said(Text("Các thuộc tính cần lấy.", "The properties wanted."), spoken)
    return query("properties", schema, wanted) | {"style": "form", "explode": False}
