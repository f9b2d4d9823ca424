"""The catalogue over real HTTP: OGC API - Records 1.0 (OGC 20-004r1), requirement by requirement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from layers.processes.registry import PROCESSES
from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES
from tests.conftest import RunningService

CATALOGUE = "/ogc/collections/catalogue"
RECORDS = f"{CATALOGUE}/items"
PROFILE = "http://www.opengis.net/def/profile/OGC/0/ogc-record"


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def found(client: httpx.Client, **asked: str) -> list[str]:
    answer = client.get(RECORDS, params=asked)
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["features"]]


def links(document: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in reversed(document["links"])}


def test_the_catalogue_is_a_collection_of_records(client: httpx.Client) -> None:
    document = client.get(CATALOGUE).json()
    assert document["itemType"] == "record"
    assert document in client.get("/ogc/collections").json()["collections"]
    assert client.get(links(document)["items"]).json()["numberMatched"] > len(LAYERS)
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    for name in ("record-core", "record-collection", "record-core-query-parameters", "record-api", "json"):
        assert f"http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/{name}" in classes
    assert any(link["href"].endswith(RECORDS) for link in client.get("/ogc").json()["links"])


def test_every_layer_surface_and_style_has_a_record_with_all_that_is_mandatory(client: httpx.Client) -> None:
    page = client.get(RECORDS, params={"limit": "1000", "lang": "en"}).json()
    assert page["numberMatched"] == page["numberReturned"] == len(page["features"])
    assert {record["id"] for record in page["features"]} >= {
        *LAYERS, *SURFACES, *(f"process.{name}" for name in PROCESSES), *(f"style.{name}" for name in STYLES),
    }  # fmt: skip
    for record in page["features"]:
        assert record["type"] == "Feature"
        assert record["id"]
        assert record["conformsTo"] == ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"]
        about = record["properties"]
        assert about["type"]
        assert about["title"]
        assert all(contact["organization"] and contact["roles"] for contact in about["contacts"])
        assert all(theme["concepts"] and theme["scheme"] for theme in about["themes"])
        assert about["language"]["code"] == "en"
        time = record["time"]
        assert time is None or all(end.endswith("Z") for end in time["interval"])
        assert links(record)["profile"] == PROFILE
    assert page["features"][0]["properties"]["title"] == next(iter(LAYERS.values())).title.en


def test_a_record_leads_to_what_it_describes(client: httpx.Client) -> None:
    for name in ("cameras", "flood-risk", "style.flood-risk", f"process.{next(iter(PROCESSES))}"):
        record = client.get(f"{RECORDS}/{name}").json()
        assert record["id"] == name
        for link in record["links"]:
            if link["rel"] != "profile":
                answer = client.get(link["href"])
                assert answer.status_code == 200, link
                assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link


def test_events_have_a_time_and_can_be_found_by_it(client: httpx.Client) -> None:
    first, last = client.get(f"{RECORDS}/detections").json()["time"]["interval"]
    assert first < last
    assert "detections" in found(client, datetime=f"{last}/..", limit="1000")
    late = found(client, datetime="2100-01-01T00:00:00Z/..", limit="1000")
    assert "detections" not in late
    assert "wards" in late


def test_text_search(client: httpx.Client) -> None:
    assert found(client, q="phường")[0] == found(client, q="PHUONG")[0] == "wards"
    assert found(client, q="xyzxyz") == []
    assert "flood-risk" in found(client, q="flood risk")
    assert set(found(client, q="wards,hotspot", limit="1000")) >= {"wards"}


def test_parameters_hold_together(client: httpx.Client) -> None:
    assert found(client, ids="cameras,wards", type="dataset", q="ward") == ["wards"]
    assert found(client, ids="cameras", bbox="10,50,11,51") == []
    assert found(client, externalIds="postgis:gis.cameras") == ["cameras"]
    assert found(client, q="", bbox="", datetime="", type="", ids="", externalIds="") == found(client)


def test_pages_follow_each_other(client: httpx.Client) -> None:
    seen, address = [], f"{RECORDS}?limit=9&type=dataset&f=json"
    while address:
        page = client.get(address).json()
        seen += [record["id"] for record in page["features"]]
        address = links(page).get("next", "")
    assert seen == [*LAYERS, *SURFACES]
    # MetaSearch of QGIS counts by offset.
    assert found(client, limit="2", offset="1") == seen[1:3]


@pytest.mark.parametrize(
    "query",
    [
        "q=" + ",".join("a" * 60),
        "type=x",
        "limit=0",
        "offset=-1",
        "bbox=1",
        "datetime=x",
        "nothing=1",
        "f=xml",
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(client: httpx.Client, query: str) -> None:
    answer = client.get(f"{RECORDS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Parameter '")


def test_a_record_that_is_not_there(client: httpx.Client) -> None:
    for name in ("nothing", "a/b", "..%2Fcameras"):
        assert client.get(f"{RECORDS}/{name}").status_code == 404
    assert client.post(RECORDS, json={}).status_code == 405


@pytest.mark.parametrize("spoken", ["vi", "en"])
def test_people_can_search_too(client: httpx.Client, spoken: str) -> None:
    browser = {"Accept": "text/html", "Accept-Language": spoken}
    assert 'name="q"' in client.get(CATALOGUE, headers=browser).text
    page = client.get(RECORDS, params={"q": "phường", "type": ""}, headers=browser)
    assert page.status_code == 200
    assert (LAYERS["wards"].title.en if spoken == "en" else LAYERS["wards"].title.vi) in page.text
    one = client.get(f"{RECORDS}/cameras", headers=browser).text
    assert "gis.cameras" in one
    evil = client.get(RECORDS, params={"q": "<script>alert(1)</script>"}, headers=browser)
    assert "<script>alert" not in evil.text
