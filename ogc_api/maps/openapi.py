"""The paths of maps in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.crs import served_crs_uris
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.styles.catalogue import styles_of
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.maps.frame import LONGER_SIDE_PX, MM_PER_PIXEL, MOST_PX, MOST_SCALE
from ogc_api.openapi_blocks import documented, form, get, in_path, query, shared
from ogc_api.styles.openapi import pictures
from ogc_api.tiles.openapi import matrix_set_parameter, place_parameters

_PLACES = ("bbox", "bbox-crs", "datetime", "crs")
_MAP = Text("Bản đồ dạng ảnh PNG", "Map as a PNG picture")
_TILES = Text("Ô bản đồ dạng ảnh PNG", "Map tiles as PNG pictures")
_SIZE = Text(
    f"Cỡ ảnh, pixel; nếu không ghi, cạnh dài là {LONGER_SIDE_PX}.",
    f"Size in pixels; without it the longer side has {LONGER_SIDE_PX}.",
)
_SUBSET = Text(
    "Phần cần lấy theo trục, như Lon(107.5:107.6),Lat(16.4:16.5).",
    "The part wanted by axis, such as Lon(107.5:107.6),Lat(16.4:16.5).",
)
_SCALE = Text(
    "Mẫu số tỉ lệ, như 50000; cùng khung thì không ghi cỡ ảnh.",
    "Denominator of the scale, such as 50000; with a box it takes the place of a size.",
)
_PIXEL = Text("Cỡ điểm ảnh của màn hình, mm.", "Size of a pixel of the display, in mm.")
_CENTER = Text(
    "Tâm bản đồ, thay cho khung: 107.58,16.46.", "Centre of the map in place of a box: 107.58,16.46."
)
_CENTER_CRS = Text("Hệ tọa độ của center.", "The CRS of center.")
_BEHIND = {
    "bgcolor": Text("Màu nền: 0xRRGGBB hoặc tên màu W3C.", "Background: 0xRRGGBB or a W3C colour name."),
    "transparent": Text("Nền có trong suốt không.", "Whether the background is transparent."),
    "void-color": Text("Màu ngoài phạm vi của hệ tọa độ.", "Colour beyond where the CRS is defined."),
    "void-transparent": Text(
        "Ngoài phạm vi của hệ tọa độ có trong suốt không.", "Whether it is transparent there."
    ),
}


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """The maps of one surface, in its default style and in each named one."""
    if not isinstance(declared, RasterLayer):
        return {}
    path, tag = f"/collections/{declared.name}", declared.name
    schema = {"type": "string", "enum": [style.name for style in styles_of(declared.name)]}
    style = in_path("styleId", schema, Text("Kiểu hiển thị.", "The style."), spoken)
    return {
        **_maps(spoken, path, tag, f"Map{operation}", []),
        **_maps(spoken, f"{path}/styles/{{styleId}}", tag, f"StyledMap{operation}", [style]),
    }


def _maps(spoken: Language, place: str, tag: str, name: str, chosen: list[Document]) -> Document:
    title, tiles = said(_MAP, spoken), said(_TILES, spoken)
    tileset = f"{place}/map/tiles/{{tileMatrixSetId}}"
    of_set = [*chosen, matrix_set_parameter(spoken)]
    on_tiles = [
        *of_set, *place_parameters(spoken), *shared("datetime", "lang"), *_behind(spoken), form("png"),
    ]  # fmt: skip
    answers = pictures("304", "400", "404", "503")
    missing = documented("400", *(["404"] if chosen else []))
    spoken_form = shared("f", "lang")
    return {
        f"{place}/map": get(
            f"get{name}", title, tag, [*chosen, *_frame(spoken), form("png"), *shared("lang")], answers
        ),
        f"{place}/map/tiles": get(f"getTilesets{name}", tiles, tag, [*chosen, *spoken_form], missing),
        tileset: get(f"getTileset{name}", tiles, tag, [*of_set, *spoken_form], documented("400", "404")),
        f"{tileset}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": get(
            f"getTile{name}", tiles, tag, on_tiles, answers
        ),
    }


def _frame(spoken: Language) -> list[Document]:
    side = {"type": "integer", "minimum": 1, "maximum": MOST_PX}
    crs = {"type": "string", "format": "uri", "enum": served_crs_uris()}
    subset_crs = Text("Hệ tọa độ của subset.", "The CRS of subset.")
    positive = {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": MOST_SCALE}
    center = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    return [
        *shared(*_PLACES),
        query("subset", {"type": "string"}, said(_SUBSET, spoken)),
        query("subset-crs", crs, said(subset_crs, spoken)),
        query("width", side, said(_SIZE, spoken)),
        query("height", side, said(_SIZE, spoken)),
        query("scale-denominator", positive, said(_SCALE, spoken)),
        query("mm-per-pixel", positive | {"default": MM_PER_PIXEL}, said(_PIXEL, spoken)),
        query("center", center, said(_CENTER, spoken)) | {"style": "form", "explode": False},
        query("center-crs", crs, said(_CENTER_CRS, spoken)),
        *_behind(spoken),
    ]


def _behind(spoken: Language) -> list[Document]:
    kinds = {"transparent": {"type": "boolean"}, "void-transparent": {"type": "boolean"}}
    return [
        query(name, kinds.get(name, {"type": "string"}), said(what, spoken)) for name, what in _BEHIND.items()
    ]
