"""The paths of features in the OpenAPI document, with each layer's own parameters."""

from __future__ import annotations

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
from ogc_api.openapi_blocks import document, errors, get, query, shared
from ogc_api.schema import column_schema

_ON_ITEMS = (
    "bbox", "bbox-crs", "datetime", "limit", "cursor", "crs", "filter", "filter-lang", "filter-crs",
)  # fmt: skip


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
    on_items = [
        *shared(*_ON_ITEMS, "f", "lang"),
        filtering.sortby_parameter(spoken, layer),
        *selecting_parameters(spoken, layer),
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
            f"getItem{operation}", title, layer.name, shared("featureId", "crs", "f", "lang"), one
        )
        | operations_on_one(spoken, layer, operation),
    }


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
