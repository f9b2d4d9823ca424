"""The paths of styles and legends in the OpenAPI document."""

from __future__ import annotations

from gis_core.config import Settings
from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from layers.styles.catalogue import STYLES
from ogc_api.asking import Language, said
from ogc_api.described import Document
from ogc_api.openapi_blocks import ERROR, documented, errors, form, get, in_path, shared
from ogc_api.styles.documents import FORMATS

TAG = "styles"
_STYLES = Text("Kiểu hiển thị", "Styles")
_LEGEND = Text("Chú giải dạng ảnh PNG", "Legend as a PNG picture")


def paths(spoken: Language, settings: Settings) -> Document:
    """The paths of every style."""
    known = {"type": "string", "enum": list(STYLES)}
    style = in_path("styleId", known, Text("Kiểu hiển thị.", "The style."), spoken)
    words, spoken_form = said(_STYLES, spoken), shared("f", "lang")
    formats = form(*FORMATS, "html", default=next(iter(FORMATS)))
    return {
        "/styles": get("getStyles", words, TAG, spoken_form, documented("400")),
        "/styles/{styleId}": get(
            "getStyle", words, TAG, [style, formats, *shared("lang")], _stylesheet(spoken)
        ),
        "/styles/{styleId}/metadata": get(
            "getStyleMetadata", words, TAG, [style, *spoken_form], documented("400", "404")
        ),
        "/styles/{styleId}/legend": get(
            "getStyleLegend",
            said(_LEGEND, spoken),
            TAG,
            [style, form("png"), *shared("lang")],
            pictures("400", "404"),
        ),
    }


def collection_paths(
    spoken: Language, settings: Settings, declared: Layer | RasterLayer, operation: str
) -> Document:
    """The paths of one collection's styles and legend."""
    path, tag = f"/collections/{declared.name}", declared.name
    words, legend = said(_STYLES, spoken), said(_LEGEND, spoken)
    drawn = [form("png"), *shared("lang")]
    return {
        f"{path}/styles": get(f"getStyles{operation}", words, tag, shared("f", "lang"), documented("400")),
        f"{path}/legend": get(f"getLegend{operation}", legend, tag, drawn, pictures("400")),
    }


def _stylesheet(spoken: Language) -> Document:
    kinds = {kind: {"schema": {"type": "string"}} for kind in (*FORMATS.values(), "text/html")}
    kinds[next(iter(FORMATS.values()))] = {"schema": {"type": "object"}}
    described = said(Text("Kiểu hiển thị.", "The style."), spoken)
    return {"200": {"description": described, "content": kinds}, **errors("400", "404")}


def responses(spoken: Language) -> Document:
    """The answers to which the paths refer."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    picture = said(Text("Ảnh.", "The picture."), spoken)
    same = said(Text("Ảnh chưa thay đổi.", "The picture has not changed."), spoken)
    return {
        "Picture": {"description": picture, "content": {"image/png": binary}},
        "SamePicture": {"description": same},
    }


def pictures(*others: str) -> Document:
    """The answers of a picture; 304 says that it has not changed, the other statuses are errors."""
    picture, same = ({"$ref": f"#/components/responses/{name}"} for name in ("Picture", "SamePicture"))
    return {"200": picture, **{status: same if status == "304" else ERROR for status in others}}
