"""Editing by the very requests that QGIS sends (3.32 and later), in their order and with their headers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import httpx
import pytest

from tests.conftest import RunningService
from tests.editing import EDITOR, SPOTS

HEADERS = {
    "User-Agent": "Mozilla/5.0 QGIS/34000",
    "Accept-Language": "vi,*",
    "Accept-Encoding": "gzip, deflate",
}


@pytest.fixture
def qgis(edited_service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edited_service.base_url, headers=HEADERS, auth=EDITOR, timeout=30) as client:
        yield client


def test_a_session_of_qgis(qgis: httpx.Client) -> None:
    # An empty layer is asked for what may be done with a feature that there is not.
    assert "POST" in qgis.options(SPOTS).headers["allow"].split(", ")
    on_one = qgis.options(f"{SPOTS}/unknown_id").headers["allow"].split(", ")
    assert {"PUT", "PATCH", "DELETE"} <= set(on_one)

    # It sends every field of the schema, null where nothing was entered, no id and no CRS for CRS84.
    nothing = dict.fromkeys(("camera_code", "ground_elevation_m", "origin", "simulated"))
    feature = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [107.57, 16.45]},
        "properties": {"code": "Cầu 7/3", "name": "Cầu Gia Hội"} | nothing,
    }  # fmt: skip
    created = qgis.post(SPOTS, json=feature, headers={"Content-Type": "application/geo+json"})
    assert (created.status_code, created.content) == (201, b"")
    # What stands after the last '/items/' is the identifier in every request from now on, as it is written.
    _, _, identifier = created.headers["location"].rpartition("/items/")
    assert unquote(identifier) == "Cầu 7/3"
    address = f"{SPOTS}/{identifier}"
    assert qgis.get(address).json()["properties"]["name"] == "Cầu Gia Hội"

    patch = {"Content-Type": "application/merge-patch+json"}
    moved = qgis.patch(
        address,
        json={"geometry": {"coordinates": [16.47, 107.59], "type": "Point"}},
        headers=patch | {"Content-Crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    )
    assert (moved.status_code, moved.content) == (204, b"")
    changed = qgis.patch(address, json={"properties": {"ground_elevation_m": 4.5}}, headers=patch)
    assert changed.status_code == 204
    stored = qgis.get(address).json()
    assert stored["geometry"]["coordinates"] == [107.59, 16.47]
    assert stored["properties"]["ground_elevation_m"] == 4.5

    # Without PATCH it sends all that it has read, and changes what was edited.
    whole = {
        "type": "Feature", "id": stored["id"], "geometry": stored["geometry"],
        "properties": stored["properties"] | {"name": "Cầu Đông Ba"},
    }  # fmt: skip
    replaced = qgis.put(address, json=whole, headers={"Content-Type": "application/geo+json"})
    assert (replaced.status_code, replaced.content) == (204, b"")
    assert qgis.get(address).json()["properties"]["name"] == "Cầu Đông Ba"

    removed = qgis.delete(address)
    assert (removed.status_code, removed.content) == (204, b"")
    assert qgis.get(address).status_code == 404
