"""What OGC API - Maps (OGC 20-058) and Tiles say of the pictures of surfaces."""

from __future__ import annotations

from gis_core.crs import CRS84_URI
from gis_core.types import Bounds, Text
from layers.registry import SURFACES
from layers.styles.catalogue import BandStyle
from layers.tiles.matrix_sets import MATRIX_SETS, TileMatrixSet
from ogc_api.asking import Language, said
from ogc_api.described import Document, Link, both_forms, link
from ogc_api.tiles.places import limits

PNG_TYPE = "image/png"

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-maps-1/1.0/conf/{name}"
    for name in (
        "core", "collection-map", "styled-map", "tilesets", "background", "scaling", "display-resolution",
        "spatial-subsetting", "crs", "datetime", "png",
    )
)  # fmt: skip
"""The conformance classes that maps add."""

_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
_MAP = Text("Bản đồ dạng ảnh PNG", "Map as a PNG picture")
_TILESETS = Text("Ô bản đồ dạng ảnh PNG", "Map tiles as PNG pictures")
_SCHEME = Text("Định nghĩa lưới ô bản đồ", "Definition of the tile matrix set")


def collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    """What a surface says of its maps; layers have none."""
    if name not in SURFACES:
        return []
    address = f"{base}/collections/{name}/map"
    return [
        link(f"{_OGC}/map", PNG_TYPE, said(_MAP, spoken), address),
        link(f"{_OGC}/tilesets-map", "application/json", said(_TILESETS, spoken), f"{address}/tiles"),
    ]


def tilesets(base: str, spoken: Language, style: BandStyle) -> Document:
    """The tilesets of a surface's map, one for each tile matrix set."""
    address = _address(base, style)
    return {
        "title": f"{said(_TILESETS, spoken)}: {said(style.title, spoken)}",
        "tilesets": [
            _heading(spoken, style, of) | {"links": _links(base, spoken, style, of)} for of in _SETS
        ],
        "links": both_forms(address, spoken),
    }


def tileset(base: str, spoken: Language, style: BandStyle, of: TileMatrixSet, area: Bounds) -> Document:
    """The metadata of a tileset (OGC 17-083r4, 7.3); ``area`` is that of the data, EPSG:4326."""
    return {
        **_heading(spoken, style, of),
        "description": said(style.surface.description, spoken),
        "attribution": said(style.surface.steward, spoken),
        "boundingBox": {
            "lowerLeft": [area.west, area.south],
            "upperRight": [area.east, area.north],
            "crs": CRS84_URI,
        },
        "tileMatrixSetLimits": limits(of, area),
        "layers": [
            {"id": style.collection, "title": said(style.surface.title, spoken), "dataType": "coverage"}
        ],
        "style": {"id": style.name, "title": said(style.title, spoken)},
        "links": _links(base, spoken, style, of),
    }


_SETS = tuple(MATRIX_SETS.values())


def _address(base: str, style: BandStyle) -> str:
    return f"{base}/collections/{style.collection}/styles/{style.name}/map/tiles"


def _heading(spoken: Language, style: BandStyle, of: TileMatrixSet) -> Document:
    return {
        "title": f"{said(style.title, spoken)} – {of.name}",
        "dataType": "map",
        "crs": of.crs_uri,
        "tileMatrixSetURI": of.uri,
    }


def _links(base: str, spoken: Language, style: BandStyle, of: TileMatrixSet) -> list[Link]:
    address = f"{_address(base, style)}/{of.name}"
    tile = link(
        "item", PNG_TYPE, said(_TILESETS, spoken), f"{address}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    )
    scheme = f"{base}/tileMatrixSets/{of.name}?f=json"
    return [
        *both_forms(address, spoken),
        link(f"{_OGC}/tiling-scheme", "application/json", said(_SCHEME, spoken), scheme),
        tile | {"templated": True},
    ]
