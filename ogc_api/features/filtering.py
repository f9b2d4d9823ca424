"""What the documents say of filtering and sorting: classes, links, sortables, functions, parameters."""

from __future__ import annotations

from typing import Any

from gis_core.crs import served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.cql2.functions import FUNCTIONS
from layers.cql2.parse import ENCODINGS
from layers.cql2.terms import Kind
from layers.order import sortables
from layers.registry import LAYERS
from ogc_api.asking import Language, said
from ogc_api.host import Document
from ogc_api.schema import SCHEMA_TYPE, column_schema

_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features"
CONFORMANCE = (
    f"{_FEATURES}-3/1.0/conf/queryables",
    f"{_FEATURES}-3/1.0/conf/queryables-query-parameters",
    f"{_FEATURES}-3/1.0/conf/filter",
    f"{_FEATURES}-3/1.0/conf/features-filter",
    f"{_FEATURES}-8/1.0/conf/sortables",
    f"{_FEATURES}-8/1.0/conf/sorting",
    f"{_FEATURES}-8/1.0/conf/features-sorting",
    f"{_CQL2}/cql2-text",
    f"{_CQL2}/cql2-json",
    f"{_CQL2}/basic-cql2",
    f"{_CQL2}/advanced-comparison-operators",
    f"{_CQL2}/case-insensitive-comparison",
    f"{_CQL2}/accent-insensitive-comparison",
    f"{_CQL2}/basic-spatial-functions",
    f"{_CQL2}/basic-spatial-functions-plus",
    f"{_CQL2}/spatial-functions",
    f"{_CQL2}/temporal-functions",
    f"{_CQL2}/array-functions",
    f"{_CQL2}/property-property",
    f"{_CQL2}/functions",
    f"{_CQL2}/arithmetic",
    # What the drafts called basic-spatial-functions; clients of that time look for no other name.
    f"{_CQL2}/basic-spatial-operators",
)
"""The conformance classes of filtering and sorting."""

_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_SORTABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
_FUNCTIONS_REL = "http://www.opengis.net/def/rel/ogc/1.0/functions"
_SORTABLES = Text("Các thuộc tính sắp xếp được", "Properties to sort by")
_FUNCTIONS = Text("Các hàm dùng trong bộ lọc", "Functions for filters")

_TYPES = {Kind.NUMBER: "number", Kind.TEXT: "string", Kind.GEOMETRY: "geometry", Kind.INSTANT: "datetime",
          Kind.ARRAY: "array"}  # fmt: skip


def landing_links(base: str, spoken: Language) -> list[dict[str, str]]:
    """The links of the landing page."""
    return [_link(_FUNCTIONS_REL, "application/json", said(_FUNCTIONS, spoken), f"{base}/functions")]


def collection_links(base: str, spoken: Language, name: str) -> list[dict[str, str]]:
    """The links of a collection; a surface's cells are not sorted."""
    if name not in LAYERS:
        return []
    href = f"{base}/collections/{name}/sortables"
    return [_link(_SORTABLES_REL, SCHEMA_TYPE, said(_SORTABLES, spoken), href)]


def default_order(layer: Layer) -> list[str]:
    """The names that features are sorted by where nothing is asked for."""
    return [layer.id_column.name]


def sortables_schema(base: str, spoken: Language, layer: Layer) -> Document:
    """What the features of a layer can be sorted by."""
    return {
        "$schema": _JSON_SCHEMA,
        "$id": f"{base}/collections/{layer.name}/sortables",
        "type": "object",
        "title": said(layer.title, spoken),
        "properties": {column.name: column_schema(column, spoken) for column in sortables(layer)},
        "additionalProperties": False,
    }


def functions_document(spoken: Language) -> Document:
    """The functions that filters may call, beside those that CQL2 itself names."""
    return {
        "functions": [
            {
                "name": name,
                "description": said(function.title, spoken),
                "arguments": [{"title": title, "type": [_TYPES[kind]]} for title, kind in function.arguments],
                "returns": [_TYPES[function.returns]],
            }
            for name, function in FUNCTIONS.items()
        ]
    }


def shared_parameters(spoken: Language) -> Document:
    """The parameters ``filter-lang``, ``filter-crs`` and ``filter`` for the OpenAPI document."""
    crs = {"type": "string", "format": "uri", "enum": served_crs_uris(), "default": served_crs_uris()[0]}
    language = {"type": "string", "enum": list(ENCODINGS), "default": ENCODINGS[0]}
    filtering = Text(
        "Bộ lọc CQL2; các tên dùng được ở 'queryables', các hàm ở '/functions'.",
        "A filter in CQL2; its names are at 'queryables', its functions at '/functions'.",
    )
    return {
        "filter": _parameter("filter", {"type": "string"}, said(filtering, spoken)),
        "filter-lang": _parameter(
            "filter-lang", language, said(Text("Cách viết bộ lọc.", "How the filter is written."), spoken)
        ),
        "filter-crs": _parameter(
            "filter-crs",
            crs,
            said(Text("Hệ tọa độ của hình trong bộ lọc.", "CRS of geometries in the filter."), spoken),
        ),
    }


def sortby_parameter(spoken: Language, layer: Layer) -> Document:
    """The parameter ``sortby`` of one layer."""
    names = [f"{sign}{column.name}" for column in sortables(layer) for sign in ("", "+", "-")]
    help_text = Text("Sắp xếp theo; dấu '-' là giảm dần.", "What to sort by; a minus before it descends.")
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": names}}
    return {**_parameter("sortby", schema, said(help_text, spoken)), "style": "form", "explode": False}


def _parameter(name: str, schema: dict[str, Any], description: str) -> Document:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _link(rel: str, kind: str, title: str, href: str) -> dict[str, str]:
    return {"rel": rel, "type": kind, "title": title, "href": href}
