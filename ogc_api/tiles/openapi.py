"""The paths of vector tiles in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.tiles.matrix_sets import MATRIX_SETS, MAX_ZOOM
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.features.openapi import selecting_parameters
from ogc_api.openapi_blocks import documented, errors, form, get, in_path, shared
from ogc_api.tiles.documents import MVT_TYPE, TILEJSON_TYPE

_SHARED = ("datetime", "filter", "filter-lang", "filter-crs")
"""Parameters that tiles have in common with items."""

TAG = "tiles"


def paths(spoken: Language, settings: Settings) -> Document:
    """The paths of the tile matrix sets."""
    one = said(Text("Một lưới ô bản đồ", "A tile matrix set"), spoken)
    every = said(Text("Các lưới ô bản đồ", "Tile matrix sets"), spoken)
    return {
        "/tileMatrixSets": get("getTileMatrixSetsList", every, TAG, shared("f", "lang"), documented("400")),
        "/tileMatrixSets/{tileMatrixSetId}": get(
            "getTileMatrixSet",
            one,
            TAG,
            [matrix_set_parameter(spoken), *shared("f", "lang")],
            documented("400", "404"),
        ),
    }


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """The paths of one layer's tiles."""
    if not isinstance(declared, Layer):
        return {}
    path, title, name = f"/collections/{declared.name}/tiles", said(declared.title, spoken), operation
    words = said(Text("Ô vectơ", "Vector tiles"), spoken)
    tileset = documented("400", "404")
    tileset["200"] = {
        "description": said(Text("Tài liệu.", "The document."), spoken),
        "content": {
            "application/json": {"schema": {"type": "object"}},
            TILEJSON_TYPE: {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    return {
        path: get(
            f"getTilesetsList{name}",
            f"{words}: {title}",
            declared.name,
            shared("f", "lang"),
            documented("400"),
        ),
        f"{path}/{{tileMatrixSetId}}": get(
            f"getTileset{name}", f"{words}: {title}", declared.name,
            [matrix_set_parameter(spoken), form("json", "html", "tilejson"), *shared("lang")], tileset,
        ),
        f"{path}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": get(
            f"getTile{name}", f"{words}: {title}", declared.name,
            [
                matrix_set_parameter(spoken),
                *place_parameters(spoken),
                form("mvt"),
                *shared("lang", *_SHARED),
                *selecting_parameters(spoken, declared),
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
        **errors("400", "404", "503"),
    }


def matrix_set_parameter(spoken: Language) -> Document:
    """The tile matrix set in a path."""
    schema = {"type": "string", "enum": list(MATRIX_SETS)}
    return in_path("tileMatrixSetId", schema, Text("Lưới ô bản đồ.", "The tile matrix set."), spoken)


def place_parameters(spoken: Language) -> list[Document]:
    """Level, row and column in a path."""
    whole: Document = {"type": "integer", "minimum": 0}
    return [
        in_path("tileMatrix", whole | {"maximum": MAX_ZOOM}, Text("Mức phóng.", "Level."), spoken),
        in_path("tileRow", whole, Text("Hàng, từ bắc xuống.", "Row, from the north."), spoken),
        in_path("tileCol", whole, Text("Cột, từ tây sang.", "Column, from the west."), spoken),
    ]
