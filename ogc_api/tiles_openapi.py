"""The paths of vector tiles in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from gis_core.types import Text
from layers.base import Layer
from layers.tiles.matrix_sets import MATRIX_SETS, MAX_ZOOM
from ogc_api.asking import Language, said
from ogc_api.tiles_documents import MVT_TYPE, TILEJSON_TYPE

Document = dict[str, Any]

SHARED = ("datetime", "filter", "filter-lang", "filter-crs")
"""Parameters that tiles have in common with items."""

_TAG = "tiles"
_ERROR = {"$ref": "#/components/responses/Error"}
_FORM = {"$ref": "#/components/parameters/f"}
_SPOKEN = {"$ref": "#/components/parameters/lang"}


def tag(spoken: Language) -> Document:
    """The heading under which the paths stand."""
    return {"name": _TAG, "description": said(Text("Ô bản đồ vectơ", "Vector tiles"), spoken)}


def general_paths(spoken: Language) -> Document:
    """The paths of the tile matrix sets."""
    one = said(Text("Một lưới ô bản đồ", "A tile matrix set"), spoken)
    every = said(Text("Các lưới ô bản đồ", "Tile matrix sets"), spoken)
    return {
        "/tileMatrixSets": _get("getTileMatrixSetsList", every, _TAG, [_FORM, _SPOKEN], _documents("400")),
        "/tileMatrixSets/{tileMatrixSetId}": _get(
            "getTileMatrixSet", one, _TAG, [_matrix_set(spoken), _FORM, _SPOKEN], _documents("400", "404")
        ),
    }


def layer_paths(spoken: Language, layer: Layer, name: str, filters: list[Document]) -> Document:
    """The paths of one layer's tiles; ``filters`` are the parameters that select features."""
    path, title = f"/collections/{layer.name}/tiles", said(layer.title, spoken)
    words = said(Text("Ô vectơ", "Vector tiles"), spoken)
    forms = {"name": "f", "in": "query", "required": False,
             "schema": {"type": "string", "enum": ["json", "html", "tilejson"]}}  # fmt: skip
    tileset = _documents("400", "404")
    tileset["200"] = {
        "description": said(Text("Tài liệu.", "The document."), spoken),
        "content": {
            "application/json": {"schema": {"type": "object"}},
            TILEJSON_TYPE: {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    return {
        path: _get(
            f"getTilesetsList{name}", f"{words}: {title}", layer.name, [_FORM, _SPOKEN], _documents("400")
        ),
        f"{path}/{{tileMatrixSetId}}": _get(
            f"getTileset{name}", f"{words}: {title}", layer.name,
            [_matrix_set(spoken), forms, _SPOKEN], tileset,
        ),
        f"{path}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"getTile{name}", f"{words}: {title}", layer.name,
            [
                _matrix_set(spoken),
                _place(spoken, "tileMatrix", Text("Mức phóng", "Level"), MAX_ZOOM),
                _place(spoken, "tileRow", Text("Hàng, từ bắc xuống", "Row, from the north"), None),
                _place(spoken, "tileCol", Text("Cột, từ tây sang", "Column, from the west"), None),
                {"name": "f", "in": "query", "required": False, "schema": {"enum": ["mvt"]}},
                _SPOKEN,
                *filters,
            ],
            _tile(spoken),
        ),
    }  # fmt: skip


def _tile(spoken: Language) -> Document:
    headers = {"ETag": {"schema": {"type": "string"}}}
    return {
        "200": {
            "description": said(Text("Ô bản đồ.", "The tile."), spoken),
            "headers": headers,
            "content": {MVT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        "204": {
            "description": said(Text("Ô không có đối tượng nào.", "The tile holds no feature."), spoken),
            "headers": headers,
        },
        "304": {
            "description": said(Text("Ô chưa thay đổi.", "The tile has not changed."), spoken),
            "headers": headers,
        },
        **dict.fromkeys(("400", "404", "503"), _ERROR),
    }


def _documents(*errors: str) -> Document:
    return {"200": {"$ref": "#/components/responses/Document"}, **dict.fromkeys(errors, _ERROR)}


def _matrix_set(spoken: Language) -> Document:
    return {
        "name": "tileMatrixSetId", "in": "path", "required": True,
        "description": said(Text("Lưới ô bản đồ.", "The tile matrix set."), spoken),
        "schema": {"type": "string", "enum": list(MATRIX_SETS)},
    }  # fmt: skip


def _place(spoken: Language, name: str, what: Text, maximum: int | None) -> Document:
    schema: Document = {"type": "integer", "minimum": 0}
    if maximum is not None:
        schema["maximum"] = maximum
    return {"name": name, "in": "path", "required": True, "description": said(what, spoken), "schema": schema}


def _get(operation: str, summary: str, tag_: str, parameters: list[Any], responses: Document) -> Document:
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "tags": [tag_],
            "parameters": parameters,
            "responses": responses,
        }
    }
