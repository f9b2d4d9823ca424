"""Features over HTTP: what QGIS, GDAL and a script ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pyogrio
import pytest
import shapely

from gis_core.crs import transformer
from tests.conftest import RunningService

CAMERAS = "/ogc/collections/cameras/items"
DETECTIONS = "/ogc/collections/detections/items"
OBSERVATIONS = "/ogc/collections/observations/items"


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=30) as opened:
        yield opened


def ask(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    query = {name.replace("_crs", "-crs"): value for name, value in parameters.items()}
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def link(document: dict[str, Any], rel: str) -> str | None:
    return next((entry["href"] for entry in document["links"] if entry["rel"] == rel), None)


def test_a_page_is_geojson_that_says_how_much_there_is(client: httpx.Client) -> None:
    answer = client.get(CAMERAS, params={"limit": 5})
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    page = answer.json()
    assert page["type"] == "FeatureCollection"
    assert page["numberReturned"] == len(page["features"]) == 5
    assert page["numberMatched"] == 642
    assert "numberMatchedIsEstimate" not in page
    assert datetime.fromisoformat(page["timeStamp"]).tzinfo is not None
    assert {entry["rel"] for entry in page["links"]} == {"self", "alternate", "collection", "next"}


def test_an_estimated_number_is_marked(client: httpx.Client) -> None:
    page = ask(client, DETECTIONS, limit=1)
    assert page["numberMatchedIsEstimate"] is True
    assert page["numberMatched"] > 100_000


def test_paging_by_next_walks_the_layer_once(client: httpx.Client) -> None:
    address: str | None = f"{CAMERAS}?limit=100&status=active&lang=en"
    seen: list[str] = []
    pages = 0
    while address is not None:
        page = client.get(address).json()
        seen += [feature["id"] for feature in page["features"]]
        pages += 1
        address = link(page, "next")
        if address is not None:
            asked = parse_qs(urlsplit(address).query)
            assert (asked["limit"], asked["status"], asked["lang"]) == (["100"], ["active"], ["en"])
    assert len(seen) == len(set(seen)) == page["numberMatched"] > 300
    assert pages == -(-len(seen) // 100)


def test_a_full_last_page_has_no_next(client: httpx.Client) -> None:
    assert link(ask(client, CAMERAS, limit=642), "next") is None
    assert link(ask(client, CAMERAS, limit=641), "next") is not None


def test_a_limit_above_the_most_is_held_to_it(client: httpx.Client) -> None:
    assert ask(client, DETECTIONS, limit=1_000_000, properties="subject")["numberReturned"] == 10_000


def test_a_box(client: httpx.Client) -> None:
    bbox = (107.55, 16.44, 107.62, 16.49)
    inside = shapely.box(*bbox)
    everything = ask(client, CAMERAS, limit=1000)["features"]
    expected = {
        one["id"] for one in everything if inside.covers(shapely.Point(one["geometry"]["coordinates"]))
    }
    found = ask(client, CAMERAS, limit=1000, bbox=",".join(map(str, bbox)))
    assert {one["id"] for one in found["features"]} == expected
    assert found["numberMatched"] == len(expected) > 20
    # EPSG:4326 has latitude first.
    flipped = ask(client, CAMERAS, limit=1000, bbox="16.44,107.55,16.49,107.62", bbox_crs="EPSG:4326")
    assert {one["id"] for one in flipped["features"]} == expected


def test_a_date_is_the_whole_day_in_hue(client: httpx.Client) -> None:
    day = ask(client, OBSERVATIONS, limit=10_000, datetime="2025-10-27", properties="observed_at")
    instants = {one["properties"]["observed_at"] for one in day["features"]}
    assert min(instants) == "2025-10-26T17:00:00Z"
    assert max(instants) == "2025-10-27T16:45:00Z"
    same = ask(client, OBSERVATIONS, limit=1, datetime="2025-10-26T17:00:00Z/2025-10-27T16:59:59Z")
    assert same["numberMatched"] == day["numberMatched"] > 0


def test_an_open_interval(client: httpx.Client) -> None:
    def number(interval: str) -> int:
        page = ask(client, OBSERVATIONS, limit=1, observed_property="stage_m", datetime=interval)
        return int(page["numberMatched"])

    instant = "2025-10-27T00:00:00Z"
    everything = number("../..")
    assert number(f"../{instant}") + number(f"{instant}/..") - number(instant) == everything > 3000


def test_filters_by_every_kind_of_column(client: httpx.Client) -> None:
    for parameters in (
        {"purpose": "forest"}, {"simulated": "true"}, {"code": "CAM-0001"}, {"mast_height_m": "10"},
    ):  # fmt: skip
        (name, value), *_ = parameters.items()
        for feature in ask(client, CAMERAS, limit=1000, **parameters)["features"]:
            held = feature["id"] if name == "code" else feature["properties"][name]
            assert json.dumps(held) in (value, f'"{value}"', f"{value}.0")
    solution = ask(client, CAMERAS, limit=1)["features"][0]["properties"]["ai_solutions"][0]
    found = ask(client, CAMERAS, limit=1000, ai_solutions=solution)["features"]
    assert found
    assert all(solution in feature["properties"]["ai_solutions"] for feature in found)


def test_metric_coordinates_are_right_to_a_centimetre(client: httpx.Client) -> None:
    degrees = ask(client, CAMERAS, limit=1000)["features"]
    answer = client.get(CAMERAS, params={"limit": 1000, "crs": "http://www.opengis.net/def/crs/EPSG/0/9214"})
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/EPSG/0/9214>"
    metres = np.array([one["geometry"]["coordinates"] for one in answer.json()["features"]])
    lon, lat = np.array([one["geometry"]["coordinates"] for one in degrees]).T
    easting, northing = transformer(4326, 9214).transform(lon, lat)
    # EPSG:9214 has easting first; degrees are written to 7 decimals, within 6 mm of the stored ones.
    np.testing.assert_allclose(metres, np.column_stack([easting, northing]), rtol=0, atol=0.01)


def test_epsg_4326_has_latitude_first(client: httpx.Client) -> None:
    lon, lat = ask(client, CAMERAS, limit=1)["features"][0]["geometry"]["coordinates"]
    assert 107 < lon < 108.3
    assert ask(client, CAMERAS, limit=1, crs="EPSG:4326")["features"][0]["geometry"]["coordinates"] == [
        lat,
        lon,
    ]


def test_one_feature(client: httpx.Client) -> None:
    listed = ask(client, CAMERAS, limit=1)["features"][0]
    answer = client.get(f"{CAMERAS}/{listed['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()
    assert {entry["rel"] for entry in feature.pop("links")} == {"self", "alternate", "collection"}
    assert feature == listed


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=-5", "limit"),
        ("limit=many", "limit"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=107,17,108,16", "bbox"),
        ("bbox=0,0,1e9,1e9&bbox-crs=EPSG:9214", "bbox"),
        ("bbox-crs=EPSG:99999", "bbox-crs"),
        ("crs=nowhere", "crs"),
        ("datetime=yesterday", "datetime"),
        ("datetime=2025-10-28/2025-10-27", "datetime"),
        ("cursor=abcdef", "cursor"),
        ("properties=nothing", "properties"),
        ("confidence=high", "confidence"),
        ("subject=cat", "subject"),
        ("simulated=perhaps", "simulated"),
        ("id=7", "id"),
        ("detected_at=soon", "detected_at"),
        ("class_name=%00", "class_name"),
        ("f=xml", "f"),
        ("lang=fr", "lang"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_what_is_wrong_is_named(client: httpx.Client, query: str, named: str) -> None:
    answer = client.get(f"{DETECTIONS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "InvalidParameterValue"
    assert answer.json()["description"].startswith(f"Parameter '{named}': ")


@pytest.mark.parametrize(
    "path",
    [
        "/ogc/collections/nowhere/items",
        "/ogc/collections/flood-risk/items",
        f"{CAMERAS}/nobody",
        f"{CAMERAS}/a%00b",
        f"{DETECTIONS}/7",
        f"{DETECTIONS}/00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"
    assert answer.json()["description"].endswith(".")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [CAMERAS, f"{CAMERAS}/CAM-0001", "/ogc", "/ogc/collections"])
def test_nothing_can_be_written(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(
        method, path, content=b"{ no JSON", headers={"Content-Type": "application/geo+json"}
    )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["code"] == "MethodNotAllowed"


def test_options_and_head(client: httpx.Client) -> None:
    assert client.options(CAMERAS).headers["allow"] == "GET, HEAD, OPTIONS"
    head = client.head(CAMERAS, params={"limit": 3})
    assert head.status_code == 200
    assert head.headers["content-type"] == "application/geo+json"
    assert head.content == b""


def test_compressed_only_for_those_who_ask(client: httpx.Client) -> None:
    plain = client.get(CAMERAS, headers={"Accept-Encoding": "identity"})
    packed = client.get(CAMERAS, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["features"] == plain.json()["features"]


def test_gdal_reads_filters_and_pages(service: RunningService) -> None:
    source = f"OAPIF:{service.base_url}/ogc"
    assert {"cameras", "detections", "wards"} <= set(pyogrio.list_layers(source)[:, 0])
    cameras = pyogrio.read_dataframe(source, layer="cameras")
    assert len(cameras) == 642
    assert cameras["mast_height_m"].dtype == float
    forest = pyogrio.read_dataframe(source, layer="cameras", where="purpose = 'forest'")
    assert len(forest) == (cameras["purpose"] == "forest").sum() > 0
    box = (107.55, 16.44, 107.62, 16.49)
    boxed = pyogrio.read_dataframe(source, layer="cameras", bbox=box)
    assert set(boxed["id"]) == set(cameras.cx[box[0] : box[2], box[1] : box[3]]["id"])
    metric = pyogrio.read_dataframe(source, layer="cameras", CRS="EPSG:9214")
    assert metric.crs.to_epsg() == 9214
    assert metric.geometry.distance(cameras.geometry.to_crs(9214)).max() < 0.02
