"""OWSLib reads the catalogue in the way of QGIS's MetaSearch, which is built on it."""

from __future__ import annotations

import pytest

records = pytest.importorskip("owslib.ogcapi.records", reason="install the extra 'clients'")

from tests.conftest import RunningService  # noqa: E402


def test_the_catalogue_is_found_searched_and_read(service: RunningService) -> None:
    client = records.Records(f"{service.base_url}/ogc/")
    assert client.records() == ["catalogue"]
    assert client.collection("catalogue")["title"]
    # The parameters are those that MetaSearch sends.
    page = client.collection_items("catalogue", q="lu", bbox=["107", "16", "108", "17"], limit=10, offset=0)
    assert page["numberMatched"] >= page["numberReturned"] == len(page["features"]) == 10
    beyond = client.collection_items("catalogue", q="lu", limit=10, offset=10)
    ids = {record["id"] for record in page["features"]}
    assert not ids & {record["id"] for record in beyond["features"]}
    for record in page["features"]:
        ring = record["geometry"]["coordinates"][0]
        (west, south), (east, north) = ring[0][:2], ring[2][:2]
        assert west < east
        assert south < north
    assert client.collection_item("catalogue", "cameras")["properties"]["type"] == "dataset"
