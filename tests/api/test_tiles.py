"""Vector tiles over HTTP: what OGC API - Tiles asks for, and what maps and QGIS do with them."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pyogrio
import pytest

from gis_core.types import Bounds
from layers.registry import LAYERS
from layers.tiles.matrix_sets import MATRIX_SETS, WEB_MERCATOR_QUAD
from tests.conftest import Place, RunningService, serving
from tests.tile_reading import features_of, layers_of

MVT = "application/vnd.mapbox-vector-tile"
REL = "http://www.opengis.net/def/rel/ogc/1.0"
CITY = Bounds(107.58, 16.46, 107.58, 16.46)


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def get(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def links(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in document["links"] if link["rel"] == rel]


def tile_path(layer: str, level: int, matrix_set: str = "WebMercatorQuad") -> str:
    """The tile of the city on a level."""
    ((row, col),) = MATRIX_SETS[matrix_set].covering(CITY, level).tiles()
    return f"/ogc/collections/{layer}/tiles/{matrix_set}/{level}/{row}/{col}"


def test_every_layer_leads_from_its_collection_to_a_tile(client: httpx.Client) -> None:
    """The walk of the abstract tests: collection, list of tilesets, tileset, tile matrix set, tile."""
    collections = {one["id"]: one for one in get(client, "/ogc/collections")["collections"]}
    for name in LAYERS:
        (to_list,) = links(collections[name], f"{REL}/tilesets-vector")
        listed = get(client, to_list["href"])["tilesets"]
        assert [one["tileMatrixSetURI"].rsplit("/", 1)[-1] for one in listed] == list(MATRIX_SETS)
        for entry in listed:
            assert entry["dataType"] == "vector"
            assert entry["crs"]
            (to_tileset,) = links(entry, "self")
            tileset = get(client, to_tileset["href"])
            (to_scheme,) = links(tileset, f"{REL}/tiling-scheme")
            scheme = get(client, to_scheme["href"])
            assert scheme["uri"] == tileset["tileMatrixSetURI"] == entry["tileMatrixSetURI"]
            (item,) = links(tileset, "item")
            assert (item["type"], item["templated"]) == (MVT, True)
            limit = tileset["tileMatrixSetLimits"][6]
            address = item["href"].format(
                tileMatrix=limit["tileMatrix"], tileRow=limit["minTileRow"], tileCol=limit["minTileCol"]
            )
            assert client.get(address).status_code in (200, 204)
    assert not links(collections["flood-risk"], f"{REL}/tilesets-vector")


def test_a_tileset_says_where_its_data_lie_and_what_they_carry(client: httpx.Client) -> None:
    tileset = get(client, "/ogc/collections/road_segments/tiles/WebMercatorQuad", lang="vi")
    assert tileset["boundingBox"]["lowerLeft"] == [107.0, 15.95]
    assert tileset["boundingBox"]["upperRight"] == [108.25, 16.8]
    limits = {int(one["tileMatrix"]): one for one in tileset["tileMatrixSetLimits"]}
    assert sorted(limits) == list(range(17))
    # By the formula of the slippy maps for 107.0–108.25° E and 15.95–16.80° N on level 9.
    assert limits[9] == {
        "tileMatrix": "9", "minTileRow": 231, "maxTileRow": 233, "minTileCol": 408, "maxTileCol": 409,
    }  # fmt: skip
    (layer,) = tileset["layers"]
    assert (layer["id"], layer["geometryDimension"]) == ("road_segments", 1)
    assert layer["propertiesSchema"]["properties"]["lanes"]["type"] == "integer"
    assert tileset["title"].startswith("Đoạn đường") or "đường" in tileset["title"].lower()


def test_a_tile_matrix_set_is_that_of_the_standard(client: httpx.Client) -> None:
    listed = get(client, "/ogc/tileMatrixSets")["tileMatrixSets"]
    assert [one["id"] for one in listed] == ["WebMercatorQuad", "WorldCRS84Quad"]
    (to_list,) = links(get(client, "/ogc"), f"{REL}/tiling-schemes")
    assert get(client, to_list["href"])["tileMatrixSets"] == listed
    mercator = get(client, "/ogc/tileMatrixSets/WebMercatorQuad")
    first, second = mercator["tileMatrices"][:2]
    assert first["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-12)
    assert first["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892])
    assert (second["matrixWidth"], second["matrixHeight"], second["tileWidth"]) == (2, 2, 256)
    degrees = get(client, "/ogc/tileMatrixSets/WorldCRS84Quad")
    assert degrees["orderedAxes"] == ["Lon", "Lat"]
    assert (degrees["tileMatrices"][0]["matrixWidth"], degrees["tileMatrices"][0]["matrixHeight"]) == (2, 1)


def test_tilejson_leads_to_the_same_tiles(client: httpx.Client) -> None:
    tilejson = get(client, "/ogc/collections/cameras/tiles/WebMercatorQuad", f="tilejson", lang="en")
    assert tilejson["tilejson"] == "3.0.0"
    assert (tilejson["minzoom"], tilejson["maxzoom"]) == (0, 16)
    (vector_layer,) = tilejson["vector_layers"]
    assert vector_layer["id"] == "cameras"
    assert set(vector_layer["fields"]) >= {"code", "name", "purpose", "azimuth_deg"}
    ((row, col),) = WEB_MERCATOR_QUAD.covering(CITY, 12).tiles()
    answer = client.get(tilejson["tiles"][0].format(z=12, y=row, x=col))
    assert answer.content == client.get(tile_path("cameras", 12)).content
    refused = client.get("/ogc/collections/cameras/tiles/WorldCRS84Quad?f=tilejson")
    assert refused.status_code == 404


def test_a_tile_holds_the_features_that_items_gives_for_its_box(client: httpx.Client) -> None:
    answer = client.get(tile_path("cameras", 13))
    assert answer.headers["content-type"] == MVT
    assert layers_of(answer.content) == ["cameras"]
    ((row, col),) = WEB_MERCATOR_QUAD.covering(CITY, 13).tiles()
    box = ",".join(map(str, WEB_MERCATOR_QUAD.lonlat_bounds(13, row, col)))
    items = get(client, "/ogc/collections/cameras/items", bbox=box)
    expected = {feature["id"] for feature in items["features"]}
    found = features_of(answer.content, 13, row, col)
    west, south, east, north = WEB_MERCATOR_QUAD.tile_bounds(13, row, col)
    inside = found.cx[west:east, south:north]
    assert set(inside["code"]) == expected


@pytest.mark.parametrize("layer", sorted(LAYERS))
@pytest.mark.parametrize("level", [0, 7, 12, 14])
def test_every_layer_answers_near_and_far(client: httpx.Client, layer: str, level: int) -> None:
    for matrix_set in MATRIX_SETS:
        answer = client.get(tile_path(layer, level, matrix_set))
        assert answer.status_code in (200, 204), answer.text
        assert (answer.status_code == 204) == (answer.content == b"")


def test_time_and_properties_select(client: httpx.Client) -> None:
    path = tile_path("detections", 9)
    ((row, col),) = WEB_MERCATOR_QUAD.covering(CITY, 9).tiles()
    fires = client.get(path, params={"subject": "forest_fire", "status": "verified"})
    found = features_of(fires.content, 9, row, col)
    assert set(found["subject"]) == {"forest_fire"}
    assert set(found["status"]) == {"verified"}
    chosen = client.get(path, params={"subject": "forest_fire", "properties": "confidence"})
    assert set(features_of(chosen.content, 9, row, col).columns) == {"mvt_id", "id", "confidence", "geometry"}
    filtered = client.get(path, params={"filter": "subject = 'forest_fire' AND status = 'verified'"})
    assert filtered.content == fires.content
    assert client.get(path, params={"datetime": "1999-01-01/1999-12-31"}).status_code == 204


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("cameras/tiles/WebMercatorQuad/12/4096/0", 404, "0 to 4095"),
        ("cameras/tiles/WebMercatorQuad/12/0/4096", 404, "0 to 4095"),
        ("cameras/tiles/WebMercatorQuad/12/-1/0", 404, "0 to 4095"),
        ("cameras/tiles/WebMercatorQuad/17/0/0", 404, "0 to 16"),
        ("cameras/tiles/WorldCRS84Quad/16/0/0", 404, "0 to 15"),
        ("cameras/tiles/WebMercatorQuad/x/0/0", 404, "0 to 16"),
        ("cameras/tiles/WebMercatorQuad/12/999999999999999999999/0", 404, "0 to 4095"),
        ("cameras/tiles/EuropeanETRS89/12/0/0", 404, "WebMercatorQuad"),
        ("hospitals/tiles/WebMercatorQuad/12/0/0", 404, "hospitals"),
        ("flood-risk/tiles", 404, "/map/tiles"),
        ("flood-risk/tiles/WebMercatorQuad/12/0/0", 404, "/map/tiles"),
        ("cameras/tiles/WebMercatorQuad/0/0/0?colour=red", 400, "colour"),
        ("cameras/tiles/WebMercatorQuad/0/0/0?f=png", 400, "mvt"),
        ("cameras/tiles/WebMercatorQuad/0/0/0?azimuth_deg=north", 400, "number"),
        ("cameras/tiles/WebMercatorQuad/0/0/0?properties=plate", 400, "plate"),
        ("detections/tiles/WebMercatorQuad/0/0/0?datetime=yesterday", 400, "datetime"),
        ("cameras/tiles/WebMercatorQuad/0/0/0?filter=azimuth_deg+is", 400, "filter"),
        ("cameras/tiles?limit=3", 400, "limit"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(
    client: httpx.Client, path: str, status: int, word: str
) -> None:
    answer = client.get(f"/ogc/collections/{path}")
    assert answer.status_code == status
    assert word in answer.json()["description"]


def test_tiles_are_only_read(client: httpx.Client) -> None:
    path = tile_path("cameras", 9)
    assert client.post(path).status_code == 405
    assert client.options(path).headers["allow"] == "GET, HEAD, OPTIONS"
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_a_tile_that_the_client_has_is_not_sent_again(client: httpx.Client) -> None:
    path = tile_path("cameras", 10)
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_tile_comes_compressed_to_those_who_can_read_that(client: httpx.Client) -> None:
    path = tile_path("cameras", 10)
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert "accept-encoding" in packed.headers["vary"].lower()
        assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content


def test_documents_are_pages_too(client: httpx.Client) -> None:
    for path in ("", "/WebMercatorQuad", "/WorldCRS84Quad"):
        answer = client.get(f"/ogc/collections/cameras/tiles{path}", params={"f": "html", "lang": "vi"})
        assert answer.status_code == 200
        assert "Ô bản đồ vectơ" in answer.text
    for path in ("", "/WebMercatorQuad"):
        assert "Web Mercator" in client.get(f"/ogc/tileMatrixSets{path}", params={"f": "html"}).text


def test_conformance_and_openapi_tell_of_tiles(client: httpx.Client) -> None:
    classes = get(client, "/ogc/conformance")["conformsTo"]
    for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in classes
    paths = get(client, "/ogc/openapi", f="json")["paths"]
    operation = paths["/collections/cameras/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"]["get"]
    named = {parameter.get("name") for parameter in operation["parameters"]}
    assert {"tileMatrixSetId", "tileMatrix", "tileRow", "tileCol", "purpose"} <= named
    assert {"200", "204", "304", "400", "404"} <= set(operation["responses"])


def test_gdal_opens_the_tilesets(service: RunningService) -> None:
    address = f"OGCAPI:{service.base_url}/ogc/collections/rain_stations"
    names = [str(name) for name, _ in pyogrio.list_layers(address)]
    assert "Zoom level 10" in names
    found = pyogrio.read_dataframe(address, layer="Zoom level 10")
    stations = httpx.get(f"{service.base_url}/ogc/collections/rain_stations/items").json()
    assert set(found["code"]) == {feature["id"] for feature in stations["features"]}


def waiting(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s",
        (f"%ST_AsMVT(%{table}%",),
    ).fetchone()
    assert row is not None
    return int(row[0])


def until(reached: Any, deadline_s: float) -> bool:
    """Whether something comes about before the deadline."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if reached():
            return True
        time.sleep(0.02)
    return False


def test_a_query_ends_when_its_client_goes(service: RunningService) -> None:
    """A tile that has to wait is asked for and given up: the database is told at once."""
    address = urlsplit(service.base_url)
    with (
        psycopg.connect(service.place.url) as holder,
        psycopg.connect(service.place.url, autocommit=True) as observer,
    ):
        holder.execute("LOCK TABLE gis.rivers IN ACCESS EXCLUSIVE MODE")
        asking = socket.create_connection((address.hostname, address.port))
        path = f"{tile_path('rivers', 11)}?name=nowhere"
        asking.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        assert until(lambda: waiting(observer, "rivers") == 1, 10)
        asking.close()
        # The statement timeout would end it after 15 s only.
        assert until(lambda: waiting(observer, "rivers") == 0, 5)
        holder.rollback()
    assert httpx.get(f"{service.base_url}{path}").status_code == 204


def test_a_tile_follows_its_layer_without_a_restart(prepared_province: Place) -> None:
    """A flood spot moves away: the next tile lacks it, and comes back as it was when the spot does."""
    with (
        serving(prepared_province) as running,
        psycopg.connect(running.place.url, autocommit=True) as database,
    ):
        path = f"{running.base_url}{tile_path('flood_spots', 13)}"
        before = httpx.get(path)
        with database.transaction():
            database.execute("UPDATE gis.flood_spots SET name = name || ' (đã đổi)'")
        changed = httpx.get(path, headers={"If-None-Match": before.headers["etag"]})
        with database.transaction():
            database.execute("UPDATE gis.flood_spots SET name = replace(name, ' (đã đổi)', '')")
        after = httpx.get(path)
    assert changed.status_code == 200
    assert "(đã đổi)".encode() in changed.content
    assert "(đã đổi)".encode() not in after.content
