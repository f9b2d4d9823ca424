"""Styled Layer Descriptor 1.1 (OGC 05-078r4) with Symbology Encoding 1.1 (OGC 05-077r4)."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from layers.base import Layer
from layers.styles.catalogue import REST, BandStyle, LayerStyle, Say
from layers.styles.xml import document, node

_NAMESPACES = {
    "version": "1.1.0",
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:se": "http://www.opengis.net/se",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
}
_NOTHING = "#00000000"
"""Symbology Encoding has no word for cells that are not drawn; readers take the last two digits for it."""


def sld(style: LayerStyle | BandStyle, say: Say) -> bytes:
    """A style as an SLD 1.1 document."""
    rules = _vector_rules(style.layer, say) if isinstance(style, LayerStyle) else [_raster_rule(style, say)]
    drawn = node(
        "UserStyle",
        node("se:Name", text=style.name),
        _titled(say(style.title)),
        node("IsDefault", text="1"),
        node("se:FeatureTypeStyle", *rules),
    )
    named = node("NamedLayer", node("se:Name", text=style.collection), drawn)
    return document(node("StyledLayerDescriptor", named, **_NAMESPACES))


def _vector_rules(layer: Layer, say: Say) -> list[Element]:
    style = layer.style
    if style.column is None:
        return [_rule(layer.name, say(layer.title), [], _symbolizer(layer, style.color))]
    rules = [
        _rule(
            entry.value,
            say(entry.label),
            [_equal(style.column, entry.value)],
            _symbolizer(layer, entry.color),
        )
        for entry in style.classes
    ]
    rest = _rule("rest", say(REST), [node("se:ElseFilter")], _symbolizer(layer, style.color))
    return [*rules, rest]


def _rule(name: str, title: str, condition: list[Element], symbolizer: Element) -> Element:
    return node("se:Rule", node("se:Name", text=name), _titled(title), *condition, symbolizer)


def _titled(title: str) -> Element:
    return node("se:Description", node("se:Title", text=title))


def _equal(column: str, value: str) -> Element:
    return node(
        "ogc:Filter",
        node(
            "ogc:PropertyIsEqualTo",
            node("ogc:PropertyName", text=column),
            node("ogc:Literal", text=value),
        ),
    )


def _symbolizer(layer: Layer, color: str) -> Element:
    style = layer.style
    if layer.geometry_type == "POINT":
        mark = node(
            "se:Mark",
            node("se:WellKnownName", text="circle"),
            _fill(color, 1.0),
            _stroke("#ffffff", 1.0),
        )
        size = node("se:Size", text=f"{2 * style.size_px:g}")
        return node("se:PointSymbolizer", node("se:Graphic", mark, size))
    if layer.geometry_type.endswith("LINESTRING"):
        return node("se:LineSymbolizer", _stroke(color, style.size_px))
    return node("se:PolygonSymbolizer", _fill(color, style.fill_opacity), _stroke(color, style.size_px))


def _fill(color: str, opacity: float) -> Element:
    return node("se:Fill", _parameter("fill", color), _parameter("fill-opacity", f"{opacity:g}"))


def _stroke(color: str, width_px: float) -> Element:
    return node("se:Stroke", _parameter("stroke", color), _parameter("stroke-width", f"{width_px:g}"))


def _parameter(name: str, value: str) -> Element:
    return node("se:SvgParameter", text=value, name=name)


def _raster_rule(style: BandStyle, say: Say) -> Element:
    # A threshold belongs to the class above it, as our stops do.
    steps = [node("se:LookupValue", text="Rasterdata"), node("se:Value", text=_NOTHING)]
    for stop in style.band.stops:
        steps += [node("se:Threshold", text=f"{stop.value:g}"), node("se:Value", text=stop.color)]
    colors = node("se:Categorize", *steps, fallbackValue=_NOTHING, thresholdsBelongTo="succeeding")
    channel = node("se:GrayChannel", node("se:SourceChannelName", text=str(style.index)))
    symbolizer = node(
        "se:RasterSymbolizer",
        node("se:Opacity", text="1"),
        node("se:ChannelSelection", channel),
        node("se:ColorMap", colors),
    )
    return _rule(style.band.name, say(style.band.title), [], symbolizer)
