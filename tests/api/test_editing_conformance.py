"""The abstract tests of OGC API - Features Part 4 (20-002, annex A) for every class that is declared."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gis_core.crs import transformer
from tests.editing import DETECTIONS, GEOJSON, HUE, PATCH, SPOTS, add, new_spot, spot


def without_type(editor: httpx.Client, method: str, url: str, feature: dict[str, Any]) -> httpx.Response:
    return editor.request(method, url, content=json.dumps(feature))


def test_options(editor: httpx.Client) -> None:
    """/conf/create-replace-delete/options and /conf/update/options."""
    address, _ = new_spot(editor)
    for url, methods in (
        (SPOTS, {"POST"}),
        (address, {"PUT", "PATCH", "DELETE"}),
        (f"{DETECTIONS}/x", {"PATCH"}),
    ):
        answer = editor.options(url)
        assert answer.status_code == 200
        assert methods <= set(answer.headers["allow"].split(", "))
        assert ("accept-post" in answer.headers) == ("POST" in methods)
        assert ("accept-patch" in answer.headers) == ("PATCH" in methods)


@pytest.mark.parametrize("code", [None, "FS-own"])
def test_create(editor: httpx.Client, code: str | None) -> None:
    """/conf/create-replace-delete/create"""
    before = {one["id"] for one in editor.get(SPOTS).json()["features"]}
    location = add(editor, SPOTS, spot(code)).headers["location"]
    stored = editor.get(location)
    assert stored.status_code == 200
    assert stored.json()["properties"].items() >= spot()["properties"].items()
    assert stored.json()["id"] == location.rpartition("/")[2]
    assert stored.json()["id"] not in before


def test_a_body_without_a_type(editor: httpx.Client) -> None:
    """/conf/create-replace-delete/create-content-type and replace-content-type, /conf/update/…"""
    address, _ = new_spot(editor)
    assert without_type(editor, "POST", SPOTS, spot()).status_code == 400
    assert without_type(editor, "PUT", address, spot()).status_code == 400
    assert without_type(editor, "PATCH", address, {"properties": {"name": "Khác"}}).status_code == 400


def test_replace(editor: httpx.Client) -> None:
    """/conf/create-replace-delete/replace and replace-rid"""
    address, _ = new_spot(editor)
    assert editor.put(address, json=spot(name="Khác"), headers=GEOJSON).status_code == 204
    stored = editor.get(address).json()
    assert stored["properties"]["name"] == "Khác"
    assert editor.put(address, json=spot("another"), headers=GEOJSON).status_code == 422
    assert editor.get(address).json() == stored
    assert editor.get(f"{SPOTS}/another").status_code == 404


def test_replace_what_is_not_there(editor: httpx.Client) -> None:
    """/conf/create-replace-delete/replace-exceptions"""
    for headers in (GEOJSON, GEOJSON | {"If-Match": '"xyz"'}):
        assert editor.put(f"{SPOTS}/nowhere", json=spot(), headers=headers).status_code == 404
        assert editor.get(f"{SPOTS}/nowhere").status_code == 404


def test_delete(editor: httpx.Client) -> None:
    """/conf/create-replace-delete/delete"""
    address, _ = new_spot(editor)
    assert editor.delete(address).status_code == 204
    assert editor.get(address).status_code == 404


def test_update(editor: httpx.Client) -> None:
    """/conf/update/update, update-rid and /conf/features/json-merge-patch"""
    address, _ = new_spot(editor)
    before = editor.get(address).json()
    patch = {
        "properties": {"name": "Khác", "camera_code": "C-7", "ground_elevation_m": None},
        "geometry": {"type": "Point", "coordinates": [107.6, 16.5]},
    }
    assert editor.patch(address, json=patch, headers=PATCH).status_code == 204
    after = editor.get(address).json()
    assert after["geometry"] == patch["geometry"]
    assert after["properties"] == before["properties"] | patch["properties"]
    for renamed in ({"id": "other"}, {"properties": {"code": "other"}}):
        assert editor.patch(address, json=renamed, headers=PATCH).status_code == 422
    assert editor.get(address).json() == after


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_locking(editor: httpx.Client, method: str) -> None:
    """/conf/optimistic-locking-etags/get-etag, replace, update and delete"""
    kind = PATCH if method == "PATCH" else GEOJSON
    content = None if method == "DELETE" else json.dumps(spot(name="Khác"))
    address, _ = new_spot(editor)
    read = editor.get(address)
    tag = read.headers["etag"]
    stale = editor.request(method, address, content=content, headers=kind | {"If-Match": '"0"'})
    assert stale.status_code == 412
    assert editor.get(address).json() == read.json()
    done = editor.request(method, address, content=content, headers=kind | {"If-Match": tag})
    assert done.status_code == 204
    if method == "DELETE":
        assert editor.get(address).status_code == 404
        return
    assert done.headers["etag"] not in ("", tag)
    assert editor.get(address).headers["etag"] == done.headers["etag"]
    assert editor.request(method, address, content=content, headers=kind).status_code == 204


def test_coordinate_reference_systems(editor: httpx.Client) -> None:
    """/conf/features/crs"""
    crs = "http://www.opengis.net/def/crs/EPSG/0/9214"
    first = add(editor, SPOTS, spot()).headers["location"]
    metric = spot(place=list(transformer(4326, 9214).transform(*HUE)))
    second = add(editor, SPOTS, metric, **{"Content-Crs": f"<{crs}>"}).headers["location"]
    places = [
        editor.get(one, params={"crs": crs}).json()["geometry"]["coordinates"] for one in (first, second)
    ]
    assert places[0] == pytest.approx(places[1], abs=0.01)
    unknown = GEOJSON | {"Content-Crs": "<http://www.opengis.net/def/crs/EPSG/0/27700>"}
    assert editor.post(SPOTS, json=spot(), headers=unknown).status_code == 400


def test_the_schema_is_kept_to(editor: httpx.Client) -> None:
    """/conf/features/schema"""
    schema = editor.get("/ogc/collections/flood_spots/schema").json()
    assert schema["additionalProperties"] is False
    assert editor.post(SPOTS, json=spot(colour="red"), headers=GEOJSON).status_code == 422
