"""QGIS's own style format, for QGIS 3.22 and later.

What stands in a QML file stands word for word in a layer of a project, too.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from sqlalchemy import Column

from gis_core.types import Text
from layers.base import Layer, Style
from layers.styles.catalogue import REST, BandStyle, LayerStyle, Say
from layers.styles.xml import document, node, options

QGIS_VERSION = "3.22.0"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_GEOMETRY = {"POINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1, "POLYGON": 2, "MULTIPOLYGON": 2}
_KINDS = ("Point", "Line", "Polygon")
_OPAQUE = 255
_RING_PX = 1
"""The white line around a disc, of which half lies within the size that QGIS is told."""
_INSTANT_FROM_FIELD = "1"
"""QGIS's number for features that happen at the instant which a field holds."""


def qml(style: LayerStyle | BandStyle, say: Say) -> bytes:
    """A style as a QML file."""
    parts = vector_parts(style.layer, say) if isinstance(style, LayerStyle) else raster_parts(style, say)
    return document(
        node("qgis", *parts, version=QGIS_VERSION, styleCategories="AllStyleCategories"), _DOCTYPE
    )


def geometry_kind(layer: Layer) -> str:
    """``Point``, ``Line`` or ``Polygon``."""
    return _KINDS[_GEOMETRY[layer.geometry_type]]


def vector_parts(layer: Layer, say: Say) -> list[Element]:
    """How QGIS draws, names and dates the features of a layer."""
    parts = [_renderer(layer, say), _aliases(layer, say)]
    if layer.label_column is not None:
        parts.append(node("previewExpression", text=f'"{layer.label_column}"'))
    parts.append(node("layerGeometryType", text=str(_GEOMETRY[layer.geometry_type])))
    if layer.time_column is not None:
        parts.append(_temporal(layer.time_column))
    return parts


def raster_parts(style: BandStyle, say: Say) -> list[Element]:
    """How QGIS draws one band of a surface."""
    stops = style.band.stops
    # QGIS's intervals end with their value and belong to it; ours begin with theirs.
    ends = [*(_just_below(stop.value) for stop in stops), "inf"]
    colors = [("#000000", "0", ""), *((stop.color, str(_OPAQUE), say(stop.label)) for stop in stops)]
    items = [
        node("item", value=end, color=color, alpha=alpha, label=label)
        for end, (color, alpha, label) in zip(ends, colors, strict=True)
    ]
    shader = node(
        "colorrampshader", *items, colorRampType="DISCRETE", classificationMode="1", clip="0",
        minimumValue=str(stops[0].value), maximumValue=str(stops[-1].value),
    )  # fmt: skip
    renderer = node(
        "rasterrenderer",
        node("rasterTransparency"),
        node("rastershader", shader),
        type="singlebandpseudocolor", band=str(style.index), opacity="1", alphaBand="-1", nodataColor="",
        classificationMin=str(stops[0].value), classificationMax=str(stops[-1].value),
    )  # fmt: skip
    return [node("pipe", renderer), node("blendMode", text="0")]


def _just_below(value: float) -> str:
    """The largest float32, which is what the cells are, below a value."""
    return repr(float(np.nextafter(np.float32(value), np.float32(-np.inf))))


def _renderer(layer: Layer, say: Say) -> Element:
    style = layer.style
    colors = [*(entry.color for entry in style.classes), style.color]
    symbols = node("symbols", *(_symbol(str(n), layer, color) for n, color in enumerate(colors)))
    if style.column is None:
        return node("renderer-v2", symbols, type="singleSymbol", symbollevels="0", enableorderby="0")
    entries = [*((entry.value, say(entry.label)) for entry in style.classes), ("", say(REST))]
    categories = node(
        "categories",
        *(
            node("category", value=value, label=label, symbol=str(n), render="true", type="string")
            for n, (value, label) in enumerate(entries)
        ),
    )
    return node(
        "renderer-v2", categories, symbols,
        type="categorizedSymbol", attr=style.column, symbollevels="0", enableorderby="0",
    )  # fmt: skip


def _symbol(name: str, layer: Layer, color: str) -> Element:
    kind = geometry_kind(layer)
    class_name, values = _SYMBOL_LAYERS[kind](layer.style, color)
    drawn = node(
        "layer", options(values), **{"class": class_name, "enabled": "1", "pass": "0", "locked": "0"}
    )
    types = {"Point": "marker", "Line": "line", "Polygon": "fill"}
    return node("symbol", drawn, type=types[kind], name=name, alpha="1", clip_to_extent="1", force_rhr="0")


def _marker(style: Style, color: str) -> tuple[str, dict[str, str]]:
    return "SimpleMarker", {
        "name": "circle", "color": _rgba(color), "size": _number(2 * style.size_px + _RING_PX),
        "size_unit": "Pixel", "outline_color": _rgba("#ffffff"), "outline_width": _number(_RING_PX),
        "outline_width_unit": "Pixel", "outline_style": "solid",
    }  # fmt: skip


def _line(style: Style, color: str) -> tuple[str, dict[str, str]]:
    return "SimpleLine", {
        "line_color": _rgba(color), "line_width": _number(style.size_px), "line_width_unit": "Pixel",
        "line_style": "solid", "capstyle": "round", "joinstyle": "round",
    }  # fmt: skip


def _fill(style: Style, color: str) -> tuple[str, dict[str, str]]:
    return "SimpleFill", {
        "color": _rgba(color, style.fill_opacity), "style": "solid", "outline_color": _rgba(color),
        "outline_width": _number(style.size_px), "outline_width_unit": "Pixel", "outline_style": "solid",
        "joinstyle": "round",
    }  # fmt: skip


_SYMBOL_LAYERS = {"Point": _marker, "Line": _line, "Polygon": _fill}


def _aliases(layer: Layer, say: Say) -> Element:
    """The columns by their meaning, as QGIS heads its tables."""
    columns = (layer.id_column, *layer.properties)
    return node(
        "aliases",
        *(
            node("alias", field=column.name, index=str(index), name=say(_meaning(column)))
            for index, column in enumerate(columns)
        ),
    )


def _meaning(column: Column[Any]) -> Text:
    unit = f" [{column.info['unit']}]" if column.info["unit"] else ""
    return Text(f"{column.info['vi']}{unit}", f"{column.comment or column.name}{unit}")


def _temporal(column: str) -> Element:
    return node(
        "temporal",
        node("fixedRange", node("start"), node("end")),
        enabled="1", mode=_INSTANT_FROM_FIELD, startField=column, endField="", durationField="",
        startExpression="", endExpression="", fixedDuration="0", durationUnit="min", accumulate="0",
        limitMode="0",
    )  # fmt: skip


def _rgba(color: str, opacity: float = 1.0) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * _OPAQUE)}"


def _number(value: float) -> str:
    return f"{value:g}"
