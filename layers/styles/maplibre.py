"""MapLibre styles, version 8 (https://maplibre.org/maplibre-style-spec), over the service's own tiles."""

from __future__ import annotations

from typing import Any

from gis_core.types import Bounds
from layers.base import Layer
from layers.styles.catalogue import BandStyle, LayerStyle, Say
from layers.tiles.matrix_sets import MAX_ZOOM, TILE_PX

_BEGINS_AT_ZOOM = 9
"""Where the whole province fits a screen."""


def maplibre(style: LayerStyle | BandStyle, say: Say, tiles: str, area: Bounds) -> dict[str, Any]:
    """A style that draws one collection alone.

    Args:
        style: of a layer or a band.
        say: gives a text in the reader's language.
        tiles: the address of a tile with ``{z}``, ``{x}`` and ``{y}``.
        area: limits of the data in degrees.
    """
    kind = "vector" if isinstance(style, LayerStyle) else "raster"
    source: dict[str, Any] = {
        "type": kind, "tiles": [tiles], "minzoom": 0, "maxzoom": MAX_ZOOM, "bounds": list(area),
        "attribution": say(style.layer.steward if isinstance(style, LayerStyle) else style.surface.steward),
    }  # fmt: skip
    if isinstance(style, LayerStyle):
        drawn = _drawn(style.layer)
    else:
        source["tileSize"] = TILE_PX
        drawn = [{"type": "raster", "paint": {"raster-resampling": "nearest"}}]
    return {
        "version": 8,
        "name": say(style.title),
        "metadata": {"legend": [{"color": color, "label": say(label)} for color, label in style.legend()]},
        "center": [(area.west + area.east) / 2, (area.south + area.north) / 2],
        "zoom": _BEGINS_AT_ZOOM,
        "sources": {style.collection: source},
        "layers": [
            {"id": f"{style.name}-{entry['type']}", "source": style.collection} | entry for entry in drawn
        ],
    }


def _drawn(layer: Layer) -> list[dict[str, Any]]:
    style, color = layer.style, _color(layer)
    from_layer = {"source-layer": layer.name}
    outline: dict[str, Any] = {"line-color": color, "line-width": style.size_px}
    if layer.geometry_type == "POINT":
        paint = {
            "circle-color": color, "circle-radius": style.size_px,
            "circle-stroke-color": "#ffffff", "circle-stroke-width": 1,
        }  # fmt: skip
        return [{"type": "circle", **from_layer, "paint": paint}]
    line = {"type": "line", **from_layer, "layout": {"line-join": "round"}, "paint": outline}
    if layer.geometry_type.endswith("LINESTRING"):
        return [line]
    paint = {"fill-color": color, "fill-opacity": style.fill_opacity}
    return [{"type": "fill", **from_layer, "paint": paint}, line]


def _color(layer: Layer) -> Any:
    style = layer.style
    if style.column is None:
        return style.color
    pairs = [part for entry in style.classes for part in (entry.value, entry.color)]
    return ["match", ["get", style.column], *pairs, style.color]
