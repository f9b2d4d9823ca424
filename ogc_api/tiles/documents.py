"""What OGC API - Tiles says of vector tiles: tile matrix sets, lists of tilesets, tilesets, TileJSON."""

from __future__ import annotations

from gis_core.crs import CRS84_URI, STORAGE_SRID
from gis_core.types import Bounds, Text
from layers.base import Layer
from layers.registry import LAYERS
from layers.tiles.matrix_sets import MATRIX_SETS, MAX_ZOOM, TILE_PX, WEB_MERCATOR_QUAD, TileMatrixSet
from layers.tiles.query import shown_properties, shows_identifier
from ogc_api.asking import Language, said
from ogc_api.described import Document, Link, both_forms, link
from ogc_api.schema import geometry_format, layer_schema
from ogc_api.tiles.places import limits

MVT_TYPE = "application/vnd.mapbox-vector-tile"
TILEJSON_TYPE = "application/vnd.mapbox.tile+json"

_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf"
_TMS = "http://www.opengis.net/spec/tms/2.0/conf"
CONFORMANCE = (
    *(
        f"{_TILES}/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "datetime", "mvt", "oas30")
    ),
    *(
        f"{_TMS}/{name}"
        for name in (
            "tilematrixset",
            "json-tilematrixset",
            "tilematrixsetlimits",
            "json-tilematrixsetlimits",
            "tilesetmetadata",
            "json-tilesetmetadata",
        )
    ),
)
"""The conformance classes that vector tiles add."""

_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
_TILESETS = Text("Ô bản đồ vectơ", "Vector tiles")
_SCHEMES = Text("Các lưới ô bản đồ", "Tile matrix sets")
_ITEM = Text("Một ô bản đồ (Mapbox Vector Tile)", "One tile (Mapbox Vector Tile)")
_SCHEME = Text("Định nghĩa lưới ô bản đồ", "Definition of the tile matrix set")
_COLLECTION = Text("Bộ dữ liệu", "The collection")
_DIMENSION = {"POINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1, "POLYGON": 2, "MULTIPOLYGON": 2}
_AXES = {True: ["X", "Y"], False: ["Lon", "Lat"]}


def landing_links(base: str, spoken: Language) -> list[Link]:
    """What the landing page says of tiles."""
    return [
        link(f"{_OGC}/tiling-schemes", "application/json", said(_SCHEMES, spoken), f"{base}/tileMatrixSets")
    ]


def collection_links(base: str, spoken: Language, name: str) -> list[Link]:
    """What a collection says of its tiles; surfaces have none of this kind."""
    if name not in LAYERS:
        return []
    address = f"{base}/collections/{name}/tiles"
    return [link(f"{_OGC}/tilesets-vector", "application/json", said(_TILESETS, spoken), address)]


def matrix_sets(base: str, spoken: Language) -> Document:
    """The list of tile matrix sets."""
    return {
        "title": said(_SCHEMES, spoken),
        "tileMatrixSets": [
            {
                "id": one.name,
                "title": said(one.title, spoken),
                "uri": one.uri,
                "crs": one.crs_uri,
                "links": both_forms(f"{base}/tileMatrixSets/{one.name}", spoken),
            }
            for one in MATRIX_SETS.values()
        ],
        "links": both_forms(f"{base}/tileMatrixSets", spoken),
    }


def matrix_set(spoken: Language, of: TileMatrixSet) -> Document:
    """The definition of a tile matrix set (OGC 17-083r4, 7.1)."""
    return {
        "id": of.name,
        "title": said(of.title, spoken),
        "uri": of.uri,
        "crs": of.crs_uri,
        "orderedAxes": _AXES[of.srid != STORAGE_SRID],
        "wellKnownScaleSet": of.well_known_scale_set,
        "tileMatrices": [
            {
                "id": str(level),
                "scaleDenominator": of.scale_denominator(level),
                "cellSize": of.cell_size(level),
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [of.bounds.west, of.bounds.north],
                "tileWidth": TILE_PX,
                "tileHeight": TILE_PX,
                "matrixWidth": of.columns << level,
                "matrixHeight": of.rows << level,
            }
            for level in range(of.levels)
        ],
    }


def tilesets(base: str, spoken: Language, layer: Layer) -> Document:
    """The tilesets of a layer, one for each tile matrix set."""
    address = f"{base}/collections/{layer.name}/tiles"
    return {
        "title": said(layer.title, spoken),
        "tilesets": [
            {
                **_heading(spoken, layer, one),
                "links": [
                    *both_forms(f"{address}/{one.name}", spoken),
                    _scheme_link(base, spoken, one),
                    _item_link(address, spoken, one),
                ],
            }
            for one in MATRIX_SETS.values()
        ],
        "links": [*both_forms(address, spoken), _collection_link(base, spoken, layer)],
    }


def tileset(base: str, spoken: Language, layer: Layer, of: TileMatrixSet, area: Bounds) -> Document:
    """The metadata of a tileset (OGC 17-083r4, 7.3); ``area`` is that of the data, EPSG:4326."""
    address = f"{base}/collections/{layer.name}/tiles"
    links = [
        *both_forms(f"{address}/{of.name}", spoken),
        _scheme_link(base, spoken, of),
        _item_link(address, spoken, of),
        _collection_link(base, spoken, layer),
    ]
    if of is WEB_MERCATOR_QUAD:
        links.append(link("describedby", TILEJSON_TYPE, "TileJSON", f"{address}/{of.name}?f=tilejson"))
    return {
        **_heading(spoken, layer, of),
        "description": said(layer.description, spoken),
        "attribution": said(layer.steward, spoken),
        "boundingBox": _box(area),
        "centerPoint": {
            "coordinates": _middle(area),
            "crs": CRS84_URI,
            "tileMatrix": str(_overview_level(of, area)),
        },
        "tileMatrixSetLimits": limits(of, area),
        "layers": [
            {
                "id": layer.name,
                "title": said(layer.title, spoken),
                "description": said(layer.description, spoken),
                "dataType": "vector",
                "geometryDimension": _DIMENSION[layer.geometry_type],
                "crs": CRS84_URI,
                "minTileMatrix": "0",
                "maxTileMatrix": str(of.finest_level),
                "boundingBox": _box(area),
                "propertiesSchema": {
                    "type": "object",
                    "properties": {
                        "geometry": {"format": geometry_format(layer), "x-ogc-role": "primary-geometry"},
                        **layer_schema(layer, spoken),
                    },
                },
            }
        ],
        "links": links,
    }


def tilejson(base: str, spoken: Language, layer: Layer, area: Bounds) -> Document:
    """TileJSON 3.0.0, which knows WebMercatorQuad only."""
    template = f"{base}/collections/{layer.name}/tiles/{WEB_MERCATOR_QUAD.name}/{{z}}/{{y}}/{{x}}?f=mvt"
    from_afar = {
        *shown_properties(layer, 0),
        *((layer.id_column.name,) if shows_identifier(layer, 0) else ()),
    }
    fields = {
        name: field["title"] + ("" if name in from_afar else said(_NEAR_ONLY, spoken))
        for name, field in layer_schema(layer, spoken).items()
    }
    return {
        "tilejson": "3.0.0",
        "name": said(layer.title, spoken),
        "description": said(layer.description, spoken),
        "attribution": said(layer.steward, spoken),
        "tiles": [template],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": list(area),
        "center": [*_middle(area), _overview_level(WEB_MERCATOR_QUAD, area)],
        "vector_layers": [
            {
                "id": layer.name,
                "description": said(layer.title, spoken),
                "minzoom": 0,
                "maxzoom": MAX_ZOOM,
                "fields": fields,
            }
        ],
    }


_NEAR_ONLY = Text(" (chỉ ở mức phóng lớn)", " (at large scales only)")


def _heading(spoken: Language, layer: Layer, of: TileMatrixSet) -> Document:
    return {
        "title": f"{said(layer.title, spoken)} – {of.name}",
        "dataType": "vector",
        "crs": of.crs_uri,
        "tileMatrixSetURI": of.uri,
    }


def _overview_level(of: TileMatrixSet, area: Bounds) -> int:
    """The finest level on which the whole area fits into two by two tiles."""

    def fits(level: int) -> bool:
        tiles = of.covering(area, level)
        return tiles.max_row - tiles.min_row <= 1 and tiles.max_col - tiles.min_col <= 1

    return max((level for level in range(of.finest_level + 1) if fits(level)), default=0)


def _middle(area: Bounds) -> list[float]:
    return [round((area.west + area.east) / 2, 6), round((area.south + area.north) / 2, 6)]


def _box(area: Bounds) -> Document:
    return {
        "lowerLeft": [area.west, area.south],
        "upperRight": [area.east, area.north],
        "crs": CRS84_URI,
        "orderedAxes": _AXES[False],
    }


def _scheme_link(base: str, spoken: Language, of: TileMatrixSet) -> Link:
    address = f"{base}/tileMatrixSets/{of.name}?f=json"
    return link(f"{_OGC}/tiling-scheme", "application/json", said(_SCHEME, spoken), address)


def _item_link(address: str, spoken: Language, of: TileMatrixSet) -> Link:
    template = f"{address}/{of.name}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt"
    return {**link("item", MVT_TYPE, said(_ITEM, spoken), template), "templated": True}


def _collection_link(base: str, spoken: Language, layer: Layer) -> Link:
    address = f"{base}/collections/{layer.name}"
    return link(f"{_OGC}/geodata", "application/json", said(_COLLECTION, spoken), address)
