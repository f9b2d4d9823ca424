"""The STAC API over real HTTP: valid documents, search and paging, files of which any range can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
import xarray as xr
from jsonschema import Draft7Validator
from pystac.validation.local_validator import get_local_schema_cache
from rasterio.transform import from_origin
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from stac_pydantic.api import Collections, ItemCollection, LandingPage

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID
from gis_core.time import Window
from layers.registry import SURFACES
from layers.surfaces.series import publish
from tests.conftest import Place, RunningService, at, serving

STAC = "/ogc/stac"
FIRST = datetime(2025, 10, 20, tzinfo=UTC)
KEPT = 7
_SCHEMAS: dict[str, dict[str, Any]] = get_local_schema_cache()
_REGISTRY: Registry[Any] = Registry().with_resources(
    (address, Resource.from_contents(schema, default_specification=DRAFT7))
    for address, schema in _SCHEMAS.items()
)


def faults(kind: str, document: dict[str, Any]) -> list[str]:
    """What the published JSON schema of STAC 1.1 says against a document."""
    schema = _SCHEMAS[f"https://schemas.stacspec.org/v1.1.0/{kind}-spec/json-schema/{kind}.json"]
    return [error.message for error in Draft7Validator(schema, registry=_REGISTRY).iter_errors(document)]


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


@pytest.fixture(scope="module")
def series_client(prepared_province: Place) -> Iterator[httpx.Client]:
    """A service with a series of rain surfaces of its own, one for each day."""
    place = Place(prepared_province.url, prepared_province.var_dir / "with-series")
    place.var_dir.mkdir()
    with at(place):
        for day in range(KEPT):
            attrs = {
                "crs": f"EPSG:{METRIC_SRID}", "transform": from_origin(560_000, 1_822_000, 100, 100),
                "inputs": {"day": day}, "simulated": True,
            }  # fmt: skip
            surface = SURFACES["rain"]
            cells = np.full((len(surface.bands), 30, 40), float(day), np.float32)
            end = FIRST + timedelta(days=day)
            array = xr.DataArray(cells, dims=("band", "y", "x"), attrs=attrs)
            publish(surface, Window(end - timedelta(hours=1), end), array, get_settings())
    with serving(place) as running, httpx.Client(base_url=running.base_url, timeout=60) as opened:
        yield opened


def found(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/geo+json")
    return [item["id"] for item in answer.json()["features"]]


def point(lon: float, lat: float) -> str:
    return json.dumps({"type": "Point", "coordinates": [lon, lat]})


def item_id(day: int) -> str:
    return f"rain-{FIRST + timedelta(days=day):%Y%m%dT%H%M%SZ}"


def test_the_catalogue_says_where_everything_is(client: httpx.Client) -> None:
    document = client.get(STAC).json()
    assert not faults("catalog", document)
    LandingPage.model_validate(document)
    for link in document["links"]:
        answer = client.get(link["href"])
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link
    assert client.get(f"{STAC}/conformance").json()["conformsTo"] == document["conformsTo"]


def test_collections_are_valid_and_are_the_surfaces(client: httpx.Client) -> None:
    document = client.get(f"{STAC}/collections").json()
    Collections.model_validate(document)
    assert [one["id"] for one in document["collections"]] == list(SURFACES)
    for one in document["collections"]:
        assert not faults("collection", one)
        assert client.get(f"{STAC}/collections/{one['id']}").json() == one
        assert client.get(one["assets"]["legend"]["href"]).headers["content-type"] == "image/png"


def test_every_item_is_valid_and_its_assets_are_there(client: httpx.Client) -> None:
    document = client.get(f"{STAC}/search").json()
    ItemCollection.model_validate(document)
    assert {item["collection"] for item in document["features"]} == set(SURFACES)
    for item in document["features"]:
        assert not faults("item", item)
        links = {link["rel"]: link["href"] for link in item["links"]}
        assert client.get(links["self"]).json() == item
        assert client.get(links["collection"]).json()["id"] == item["collection"]
        for asset in item["assets"].values():
            answer = client.get(asset["href"])
            assert answer.status_code == 200
            assert answer.headers["content-type"] == asset["type"]


def test_the_file_is_the_kept_one_and_can_be_read_in_parts(
    client: httpx.Client, service: RunningService
) -> None:
    (item,) = client.get(f"{STAC}/collections/flood-risk/items").json()["features"]
    address = item["assets"]["surface"]["href"]
    kept = service.place.var_dir / "surfaces" / "flood-risk" / f"{item['id'].removeprefix('flood-risk-')}.tif"
    assert client.get(address).content == kept.read_bytes()
    part = client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, kept.read_bytes()[100:200])
    assert client.get(address, headers={"Range": "bytes=999999999-"}).status_code == 416
    assert client.head(address).headers["accept-ranges"] == "bytes"
    with rasterio.open(f"/vsicurl/{address}") as dataset:
        assert dataset.shape == tuple(item["properties"]["proj:shape"])
        assert dataset.crs.to_string() == item["properties"]["proj:code"]
        assert [band["name"] for band in item["assets"]["surface"]["bands"]] == list(dataset.descriptions)


def test_the_newest_is_first_and_pages_show_every_item_once(series_client: httpx.Client) -> None:
    newest_first = [item_id(day) for day in reversed(range(KEPT))]
    assert found(series_client.get(f"{STAC}/search")) == newest_first
    seen, address = [], f"{STAC}/collections/rain/items?limit=3"
    while address:
        page = series_client.get(address)
        seen += found(page)
        document = page.json()
        assert document["numberMatched"] == KEPT
        address = next((link["href"] for link in document["links"] if link["rel"] == "next"), "")
    assert seen == newest_first


def test_a_posted_search_pages_by_bodies(series_client: httpx.Client) -> None:
    seen, body = [], {"collections": ["rain"], "limit": 2, "datetime": "2025-10-21T00:00:00Z/.."}
    while body:
        page = series_client.post(f"{STAC}/search", json=body)
        seen += found(page)
        following = [link for link in page.json()["links"] if link["rel"] == "next"]
        assert all(link["method"] == "POST" for link in following)
        body = following[0]["body"] if following else {}
    assert seen == [item_id(day) for day in reversed(range(1, KEPT))]


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"datetime": "2025-10-22T00:00:00Z"}, [2]),
        ({"datetime": "2025-10-22T00:00:00Z/2025-10-24T00:00:00Z"}, [4, 3, 2]),
        ({"datetime": "../2025-10-21T00:00:00Z"}, [1, 0]),
        ({"datetime": "2025-10-22T01:00:00Z/2025-10-22T23:00:00Z"}, []),
        ({"ids": f"{item_id(5)},nothing"}, [5]),
        ({"collections": "flood-risk,nothing"}, []),
        ({"collections": "rain", "limit": "1"}, [6]),
        ({"bbox": "107.5,16.3,107.7,16.6"}, [6, 5, 4, 3, 2, 1, 0]),
        ({"bbox": "10,50,11,51"}, []),
        ({"intersects": point(107.58, 16.46)}, [6, 5, 4, 3, 2, 1, 0]),
        ({"intersects": point(107.0, 16.0)}, []),
    ],
)  # fmt: skip
def test_searches(series_client: httpx.Client, asked: dict[str, str], days: list[int]) -> None:
    assert found(series_client.get(f"{STAC}/search", params=asked)) == [item_id(day) for day in days]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/search?bbox=1,2", 400),
        ("/search?nothing=1", 400),
        ("/search?limit=0", 400),
        ("/search?token=x", 400),
        ("/search?datetime=x", 400),
        ("/search?intersects=x", 400),
        ("/search?bbox=1,2,3,4&intersects={}", 400),
        ("/collections/rain/items?intersects=x", 400),
        ("/collections/rain/items/flood-risk-20251027T160000Z", 404),
        ("/collections/rain/items/..%2F..%2Frain", 404),
        ("/collections/rain/items/nothing/surface.tif", 404),
        ("/collections/cameras", 404),
        ("/collections/nothing/items", 404),
        ("/nothing", 404),
    ],
)
def test_what_cannot_be_found_is_refused_with_a_sentence(
    client: httpx.Client, path: str, status: int
) -> None:
    answer = client.get(f"{STAC}{path}")
    assert answer.status_code == status
    assert answer.json()["description"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"limit": 0}', "application/json", 400),
        (b'{"sortby": []}', "application/json", 400),
        (b'{"datetime": "x"}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b" " * ((1 << 20) + 1), "application/json", 413),
        (b"{}", "application/json; charset=utf-8", 200),
    ],
)
def test_bodies(client: httpx.Client, content: bytes, kind: str, status: int) -> None:
    answer = client.post(f"{STAC}/search", content=content, headers={"Content-Type": kind} if kind else {})
    assert answer.status_code == status
    assert client.put(f"{STAC}/search", content=content).status_code == 405
    assert "POST" in client.request("OPTIONS", f"{STAC}/search").headers["allow"]


@pytest.mark.parametrize("path", ["", "/conformance", "/collections", "/collections/rain", "/search"])
def test_pages(client: httpx.Client, path: str) -> None:
    for spoken in ("vi", "en"):
        answer = client.get(f"{STAC}{path}", headers={"Accept": "text/html", "Accept-Language": spoken})
        assert answer.headers["content-type"].startswith("text/html")
        assert f'<html lang="{spoken}">' in answer.text
    (first, *_) = client.get(f"{STAC}/search").json()["features"]
    shown = client.get(f"{STAC}/collections/{first['collection']}/items/{first['id']}?f=html").text
    assert first["assets"]["surface"]["href"] in shown
