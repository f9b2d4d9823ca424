"""The paths of styles, legends and maps in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from gis_core.crs import served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.styles.catalogue import STYLES, styles_of
from layers.tiles.matrix_sets import MATRIX_SETS, MAX_ZOOM
from ogc_api.asking import Language, said
from ogc_api.maps import LONGER_SIDE_PX, MOST_PX
from ogc_api.styles_documents import FORMATS

Document = dict[str, Any]

_TAG = "styles"
_ERROR = {"$ref": "#/components/responses/Error"}
_FORM = {"$ref": "#/components/parameters/f"}
_SPOKEN = {"$ref": "#/components/parameters/lang"}
_PLACES = ("bbox", "bbox-crs", "datetime", "crs")
_PNG_FORM = {"name": "f", "in": "query", "required": False, "schema": {"type": "string", "enum": ["png"]}}


def tag(spoken: Language) -> Document:
    """The heading under which the paths stand."""
    return {
        "name": _TAG,
        "description": said(Text("Kiểu hiển thị và chú giải", "Styles and legends"), spoken),
    }


def general_paths(spoken: Language) -> Document:
    """The paths of every style."""
    style = _path("styleId", Text("Kiểu hiển thị.", "The style."), list(STYLES), spoken)
    words = said(Text("Kiểu hiển thị", "Styles"), spoken)
    return {
        "/styles": _get("getStyles", words, _TAG, [_FORM, _SPOKEN], _documents("400")),
        "/styles/{styleId}": _get("getStyle", words, _TAG, [style, _formats(), _SPOKEN], _stylesheet(spoken)),
        "/styles/{styleId}/metadata": _get(
            "getStyleMetadata", words, _TAG, [style, _FORM, _SPOKEN], _documents("400", "404")
        ),
        "/styles/{styleId}/legend": _get(
            "getStyleLegend",
            _legend(spoken),
            _TAG,
            [style, _PNG_FORM, _SPOKEN],
            _pictures("400", "404"),
        ),
    }


def collection_paths(spoken: Language, declared: Layer | RasterLayer, name: str) -> Document:
    """The paths of one collection's styles, legend and, of a surface, maps."""
    path, tag_ = f"/collections/{declared.name}", declared.name
    words = said(Text("Kiểu hiển thị", "Styles"), spoken)
    paths = {
        f"{path}/styles": _get(f"getStyles{name}", words, tag_, [_FORM, _SPOKEN], _documents("400")),
        f"{path}/legend": _get(
            f"getLegend{name}", _legend(spoken), tag_, [_PNG_FORM, _SPOKEN], _pictures("400")
        ),
    }
    if isinstance(declared, RasterLayer):
        styles = [style.name for style in styles_of(declared.name)]
        style = _path("styleId", Text("Kiểu hiển thị.", "The style."), styles, spoken)
        paths |= _map_paths(spoken, path, tag_, f"Map{name}", [])
        paths |= _map_paths(spoken, f"{path}/styles/{{styleId}}", tag_, f"StyledMap{name}", [style])
    return paths


def _map_paths(spoken: Language, place: str, tag_: str, name: str, chosen: list[Any]) -> Document:
    title = said(Text("Bản đồ dạng ảnh PNG", "Map as a PNG picture"), spoken)
    tiles = said(Text("Ô bản đồ dạng ảnh PNG", "Map tiles as PNG pictures"), spoken)
    grid = _path("tileMatrixSetId", Text("Lưới ô bản đồ.", "The tile matrix set."), list(MATRIX_SETS), spoken)
    where = [
        _place("tileMatrix", Text("Mức phóng.", "Level."), spoken),
        _place("tileRow", Text("Hàng, từ bắc xuống.", "Row, from the north."), spoken),
        _place("tileCol", Text("Cột, từ tây sang.", "Column, from the west."), spoken),
    ]
    frame = [{"$ref": f"#/components/parameters/{one}"} for one in _PLACES] + [
        *_subset(spoken),
        _size("width", spoken),
        _size("height", spoken),
    ]
    datetime = {"$ref": "#/components/parameters/datetime"}
    one = f"{place}/map/tiles/{{tileMatrixSetId}}"
    drawn = [_PNG_FORM, _SPOKEN]
    missing = _documents("400", *(["404"] if chosen else []))
    answers = _pictures("304", "400", "404", "503")
    return {
        f"{place}/map": _get(
            f"get{name}", title, tag_, [*chosen, *frame, *drawn], answers
        ),
        f"{place}/map/tiles": _get(f"getTilesets{name}", tiles, tag_, [*chosen, _FORM, _SPOKEN], missing),
        one: _get(
            f"getTileset{name}", tiles, tag_, [*chosen, grid, _FORM, _SPOKEN], _documents("400", "404")
        ),
        f"{one}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"getTile{name}", tiles, tag_, [*chosen, grid, *where, datetime, *drawn], answers,
        ),
    }  # fmt: skip


_SIZE = Text(
    f"Cỡ ảnh, pixel; nếu không ghi, cạnh dài là {LONGER_SIDE_PX}.",
    f"Size in pixels; without it the longer side has {LONGER_SIDE_PX}.",
)


def _subset(spoken: Language) -> list[Document]:
    what = Text("Phần cần lấy theo trục, như Lon(107.5:107.6),Lat(16.4:16.5).",
                "The part wanted by axis, such as Lon(107.5:107.6),Lat(16.4:16.5).")  # fmt: skip
    crs = {"type": "string", "format": "uri", "enum": served_crs_uris()}
    return [
        {"name": "subset", "in": "query", "required": False, "description": said(what, spoken),
         "schema": {"type": "string"}},
        {"name": "subset-crs", "in": "query", "required": False, "schema": crs},
    ]  # fmt: skip


def _legend(spoken: Language) -> str:
    return said(Text("Chú giải dạng ảnh PNG", "Legend as a PNG picture"), spoken)


def _formats() -> Document:
    schema = {"type": "string", "enum": [*FORMATS, "html"], "default": next(iter(FORMATS))}
    return {"name": "f", "in": "query", "required": False, "schema": schema}


def _stylesheet(spoken: Language) -> Document:
    kinds = {kind: {"schema": {"type": "string"}} for kind in (*FORMATS.values(), "text/html")}
    kinds[next(iter(FORMATS.values()))] = {"schema": {"type": "object"}}
    described = said(Text("Kiểu hiển thị.", "The style."), spoken)
    return {"200": {"description": described, "content": kinds}, "400": _ERROR, "404": _ERROR}


def shared_responses(spoken: Language) -> Document:
    """The answers to which the paths refer."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    picture = said(Text("Ảnh.", "The picture."), spoken)
    same = said(Text("Ảnh chưa thay đổi.", "The picture has not changed."), spoken)
    return {
        "Picture": {"description": picture, "content": {"image/png": binary}},
        "SamePicture": {"description": same},
    }


def _pictures(*others: str) -> Document:
    picture, same = ({"$ref": f"#/components/responses/{name}"} for name in ("Picture", "SamePicture"))
    return {"200": picture, **{status: same if status == "304" else _ERROR for status in others}}


def _documents(*errors: str) -> Document:
    return {"200": {"$ref": "#/components/responses/Document"}, **dict.fromkeys(errors, _ERROR)}


def _path(name: str, what: Text, values: list[str], spoken: Language) -> Document:
    schema = {"type": "string", "enum": values}
    return {"name": name, "in": "path", "required": True, "description": said(what, spoken), "schema": schema}


def _place(name: str, what: Text, spoken: Language) -> Document:
    schema = {"type": "integer", "minimum": 0} | ({"maximum": MAX_ZOOM} if name == "tileMatrix" else {})
    return {"name": name, "in": "path", "required": True, "description": said(what, spoken), "schema": schema}


def _size(name: str, spoken: Language) -> Document:
    schema = {"type": "integer", "minimum": 1, "maximum": MOST_PX}
    return {
        "name": name, "in": "query", "required": False, "description": said(_SIZE, spoken), "schema": schema,
    }  # fmt: skip


def _get(operation: str, summary: str, tag_: str, parameters: list[Any], responses: Document) -> Document:
    return {
        "get": {
            "operationId": operation, "summary": summary, "tags": [tag_], "parameters": parameters,
            "responses": responses,
        }
    }  # fmt: skip
