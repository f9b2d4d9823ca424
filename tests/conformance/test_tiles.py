"""OGC API - Tiles, Part 1 (20-057, annex A) and Two Dimensional Tile Matrix Set 2.0 (17-083r4, annex A)."""

from __future__ import annotations

import itertools
import math

from tests.conformance.walk import CRS84, EVENTS, LAYER, REL, Api, Document, conf, is_error, links
from tests.tile_reading import features_of, layers_of

TILES, TMS = "ogcapi-tiles-1/1.0/conf", "tms/2.0/conf"
SETS = ("WebMercatorQuad", "WorldCRS84Quad")
TILESETS = f"/collections/{LAYER}/tiles"
TILE = f"{TILESETS}/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
PIXEL_M = 0.00028
METRES_A_DEGREE = 111_319.490_793_273_57
"""On the equator of WGS 84 (OGC 17-083r4, 6.1.1.1)."""


def tile_of(api: Api) -> str:
    """The address of a tile that has data: the last row and column of level 8's limits."""
    place = next(one for one in limits(api) if one["tileMatrix"] == "8")
    return f"{TILESETS}/WebMercatorQuad/8/{place['maxTileRow']}/{place['maxTileCol']}"


def limits(api: Api) -> list[Document]:
    found: list[Document] = api.json(f"{TILESETS}/WebMercatorQuad")["tileMatrixSetLimits"]
    return found


@conf(f"{TILES}/core", "conformance-success")
@conf(f"{TILES}/tileset", "conformance-success")
@conf(f"{TILES}/tilesets-list", "conformance-success")
@conf(f"{TILES}/geodata-tilesets", "conformance-success")
@conf(f"{TILES}/datetime", "conformance-success")
def test_declared(api: Api) -> None:
    """The classes are declared, with an encoding of tiles."""
    names = {name.rpartition("/")[2] for name in api.declared if "ogcapi-tiles-1" in name}
    assert {"core", "tileset", "tilesets-list", "geodata-tilesets", "datetime", "mvt"} <= names


@conf(f"{TILES}/core", "tc-tilematrix-definition", "tc-tilerow-definition", "tc-tilecol-definition")
def test_definition(api: Api) -> None:
    """The three parts of a tile's address are defined, required and in the path."""
    for name in ("tileMatrix", "tileRow", "tileCol"):
        given = api.parameter(
            "/collections/" + LAYER + "/tiles/{tileMatrixSetId}/" + TILE.split("Quad/")[1], name
        )
        assert (given["in"], given["required"]) == ("path", True)


@conf(f"{TILES}/core", "tc-op", "tc-success")
def test_tile(api: Api) -> None:
    """A tile is there, of the type asked for; one within the matrix without data has none."""
    answer = api.ask(tile_of(api), accept="application/vnd.mapbox-vector-tile")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.mapbox-vector-tile")
    assert api.status(f"{TILESETS}/WebMercatorQuad/8/0/0") in (200, 204)


@conf(f"{TILES}/core", "tc-error")
def test_no_tile(api: Api) -> None:
    """A tile outside its matrix, a matrix or a set that does not exist is 404; what is no number is a 4xx."""
    for place in ("8/256/0", "8/0/256", "99/0/0"):
        is_error(api.ask(f"{TILESETS}/WebMercatorQuad/{place}"), 404)
    is_error(api.ask(f"{TILESETS}/SurelyUnknown/0/0/0"), 404)
    is_error(api.ask(f"{TILESETS}/WebMercatorQuad/8/a/b"), 400, 404)


@conf(f"{TILES}/tileset", "tileset-description")
def test_tileset(api: Api) -> None:
    """A tileset says its kind, CRS, tile matrix set and where its tiles are."""
    for name in api.layers:
        for one in SETS:
            tileset = api.json(f"/collections/{name}/tiles/{one}")
            assert (tileset["dataType"], tileset["tileMatrixSetURI"].rpartition("/")[2]) == ("vector", one)
            assert tileset["crs"]
            item = links(tileset, "item")[0]
            assert item["templated"]
            assert all(f"{{{part}}}" in item["href"] for part in ("tileMatrix", "tileRow", "tileCol"))
            assert api.ask(links(tileset, f"{REL}/tiling-scheme")[0]["href"]).status_code == 200


@conf(f"{TILES}/tilesets-list", "tileset-links")
def test_tilesets(api: Api) -> None:
    """The list has every tileset with its kind, its CRS and a link to it and to its scheme."""
    for name in api.layers:
        listed = api.json(f"/collections/{name}/tiles")["tilesets"]
        assert {one["tileMatrixSetURI"].rpartition("/")[2] for one in listed} == set(SETS)
        for one in listed:
            assert one["dataType"]
            assert one["crs"]
            assert links(one, "self")[0]["href"].startswith(f"{api.base}/collections/{name}/tiles/")
            assert links(one, f"{REL}/tiling-scheme")


@conf(f"{TILES}/geodata-tilesets", "desc-links", "operation")
def test_collection_links(api: Api) -> None:
    """Every layer links to its tilesets."""
    for name in api.layers:
        link = links(api.collections[name], f"{REL}/tilesets-vector")[0]
        assert api.json(link["href"])["tilesets"]


@conf(f"{TILES}/datetime", "datetime-axis", "datetime-definition", "datetime-response")
def test_datetime(api: Api) -> None:
    """``datetime`` takes from a tile what lies at another time."""
    place = f"/collections/{EVENTS}/tiles/WebMercatorQuad/8/115/204"
    path = f"/collections/{EVENTS}/tiles/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    assert api.parameter(path, "datetime")["schema"]["type"] == "string"
    assert api.ask(place, datetime="1990-01-01/1990-01-02").content == b""
    is_error(api.ask(place, datetime="yesterday"), 400)


@conf(f"{TILES}/mvt", "content")
def test_mvt(api: Api) -> None:
    """A tile is a Mapbox Vector Tile with the layer in it, named as the collection."""
    assert layers_of(api.ask(tile_of(api)).content) == [LAYER]


@conf(f"{TILES}/oas30", "completeness", "operationids")
def test_openapi(api: Api) -> None:
    """Tiles and tilesets of every layer are in the definition, their operations named for what they are."""
    document = api.json("/openapi")["paths"]
    for name in api.layers:
        for ending in ("", "/{tileMatrixSetId}", "/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"):
            assert document[f"/collections/{name}/tiles{ending}"]["get"]["operationId"]


@conf(f"{TMS}/tilematrixset", "model", "tilematrixset_model")
@conf(f"{TMS}/json-tilematrixset", "model", "schema", "ietf", "media-type")
def test_tile_matrix_set(api: Api) -> None:
    """Each set's levels halve, their cells fit their scale, and level 0 covers the set."""
    listed = api.json("/tileMatrixSets")["tileMatrixSets"]
    assert {one["id"] for one in listed} >= set(SETS)
    for one in listed:
        answer = api.ask(links(one, "self")[0]["href"])
        assert answer.headers["content-type"].startswith("application/json")
        scheme = answer.json()
        unit_m = METRES_A_DEGREE if scheme["crs"] == CRS84 else 1.0
        cells = [matrix["cellSize"] for matrix in scheme["tileMatrices"]]
        assert all(math.isclose(a / b, 2) for a, b in itertools.pairwise(cells))
        for level, matrix in enumerate(scheme["tileMatrices"]):
            assert matrix["id"] == str(level)
            assert math.isclose(
                matrix["cellSize"] * unit_m / PIXEL_M, matrix["scaleDenominator"], rel_tol=1e-9
            )
            assert (matrix["tileWidth"], matrix["tileHeight"]) == (256, 256)
            assert matrix["matrixHeight"] == 2**level
            assert matrix["matrixWidth"] == 2**level * (2 if scheme["crs"] == CRS84 else 1)


@conf(f"{TMS}/tilematrixsetlimits", "model")
@conf(f"{TMS}/json-tilematrixsetlimits", "model", "schema", "ietf")
def test_limits(api: Api) -> None:
    """Limits lie within their matrices, which exist, and do not end before they begin."""
    sizes = {m["id"]: m for m in api.json("/tileMatrixSets/WebMercatorQuad")["tileMatrices"]}
    for one in limits(api):
        matrix = sizes[one["tileMatrix"]]
        assert 0 <= one["minTileRow"] <= one["maxTileRow"] < matrix["matrixHeight"]
        assert 0 <= one["minTileCol"] <= one["maxTileCol"] < matrix["matrixWidth"]


@conf(f"{TMS}/tilesetmetadata", "model", "identifier")
@conf(f"{TMS}/json-tilesetmetadata", "model", "schema", "ietf", "media-type")
def test_tileset_metadata(api: Api) -> None:
    """A tileset's metadata name what it is of: its layers, their geometry, fields, levels and place."""
    answer = api.ask(f"{TILESETS}/WebMercatorQuad", accept="application/json")
    assert answer.headers["content-type"].startswith("application/json")
    tileset = answer.json()
    (layer,) = tileset["layers"]
    assert (layer["id"], layer["dataType"], layer["geometryDimension"]) == (LAYER, "vector", 0)
    assert int(layer["minTileMatrix"]) < int(layer["maxTileMatrix"])
    for place in (tileset["boundingBox"], layer["boundingBox"]):
        assert all(low < high for low, high in zip(place["lowerLeft"], place["upperRight"], strict=True))
    row, col = map(int, tile_of(api).split("/")[-2:])
    drawn = features_of(api.ask(tile_of(api)).content, 8, row, col)
    told = layer["propertiesSchema"]["properties"]
    assert len(drawn) > 0
    assert set(drawn.columns) - {"geometry", "mvt_id"} <= set(told)
