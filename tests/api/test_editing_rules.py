"""What an edited feature must be: every fault is named, and what follows from it is filled in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gis_core.crs import transformer
from tests.editing import (
    CAMERAS,
    GEOJSON,
    HUE,
    PATCH,
    SPOTS,
    WARDS,
    add,
    faults,
    history,
    new_spot,
    query,
    spot,
)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"properties": {"colour": "red"}}, {"colour": "layer flood_spots has no such property"}),
        (
            {"properties": {"ground_elevation_m": "high"}},
            {"ground_elevation_m": "'\"high\"' is not a number"},
        ),
        ({"properties": {"ground_elevation_m": True}}, {"ground_elevation_m": "'true' is not a number"}),
        ({"properties": {"ground_elevation_m": 3001}}, {"ground_elevation_m": "3001 is above 3000 m"}),
        (
            {"properties": {"ground_elevation_m": -11, "name": " "}},
            {"ground_elevation_m": "-11 is below -10 m", "name": "it is missing"},
        ),
        ({"properties": {"name": None}}, {"name": "it is missing"}),
        ({"properties": {"name": 7}}, {"name": "'7' is not a text"}),
        (
            {"properties": {"origin": "someone else"}},
            {"origin": "it is set by the service and cannot be changed"},
        ),
        ({"geometry": None}, {"geometry": "it has no geometry"}),
        ({"geometry": {"type": "Point", "coordinates": [16.46, 107.58]}}, {"geometry": "swapped"}),
        ({"geometry": {"type": "Point", "coordinates": [105.8, 21.0]}}, {"geometry": "outside the province"}),
        ({"geometry": {"type": "LineString", "coordinates": [HUE, [107.6, 16.5]]}}, {"geometry": "Point"}),
        ({"geometry": {"type": "Point", "coordinates": ["a", "b"]}}, {"geometry": "cannot be read"}),
        ({"geometry": 7}, {"geometry": "cannot be read"}),
        ({"properties": 7}, {"properties": "is not an object"}),
        ({"type": "FeatureCollection"}, {"type": "it must be 'Feature'"}),
        ({"crs": {"type": "name"}}, {"crs": "say it in the header Content-Crs"}),
        ({"id": "another"}, {"code": "the identifier stays"}),
        ({"id": 7}, {"code": "the identifier is not a text"}),
        ([], {"feature": "is not a GeoJSON Feature"}),
    ],
)
def test_every_fault_names_its_member(
    editor: httpx.Client, edited: str, change: Any, wrong: dict[str, str]
) -> None:
    address, _ = new_spot(editor)
    before = editor.get(address)
    answer = editor.patch(address, json=change, headers=PATCH)
    said = faults(answer)
    assert said.keys() == wrong.keys()
    assert all(part in said[member] for member, part in wrong.items()), said
    assert editor.get(address).content == before.content
    assert len(history(edited, before.json()["id"])) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{ no JSON", 400), (b"\xff", 400), (b'{"a": NaN}', 400), (b"[" * 100_000, 400),
        (b'{"properties": {"name": "\\ud800"}}', 400), (b'{"a": ' + b"9" * 5000 + b"}", 400),
        (b'{"properties": {"ground_elevation_m": 1e999}}', 422),
        (b'{"properties": {"name": "a\\u0000b"}}', 422),
        (b'{"properties": {"name": "' + b"x" * 10_001 + b'"}}', 422),
        (b'"' + b"x" * 5_000_000 + b'"', 413),
    ],
)  # fmt: skip
def test_what_is_no_feature_at_all_is_refused(editor: httpx.Client, body: bytes, status: int) -> None:
    address, tag = new_spot(editor)
    assert editor.patch(address, content=body, headers=PATCH).status_code == status
    assert editor.get(address).headers["etag"] == tag


def test_a_body_of_another_type_is_refused(editor: httpx.Client) -> None:
    for headers in ({"Content-Type": "text/plain"}, PATCH, GEOJSON | {"Content-Encoding": "gzip"}):
        answer = editor.post(SPOTS, content=json.dumps(spot()), headers=headers)
        assert answer.status_code == 415
    assert editor.post(SPOTS, content=json.dumps(spot())).status_code == 400
    with_charset = {"Content-Type": "application/geo+json; charset=utf-8"}
    assert editor.post(SPOTS, content=json.dumps(spot()), headers=with_charset).status_code == 201
    assert editor.post(f"{SPOTS}?x=1", content=json.dumps(spot()), headers=GEOJSON).status_code == 400


@pytest.mark.parametrize(("srid", "y_first"), [(9214, False), (4326, True), (3857, False), (3405, False)])
def test_coordinates_come_in_the_crs_that_is_said(editor: httpx.Client, srid: int, y_first: bool) -> None:
    x, y = transformer(4326, srid).transform(*HUE)
    said = {"Content-Crs": f"<http://www.opengis.net/def/crs/EPSG/0/{srid}>"}
    answer = add(editor, SPOTS, spot(place=[y, x] if y_first else [x, y]), **said)
    lon, lat = editor.get(answer.headers["location"]).json()["geometry"]["coordinates"]
    assert lon == pytest.approx(HUE[0], abs=1e-7)
    assert lat == pytest.approx(HUE[1], abs=1e-7)


def test_an_unknown_crs_is_refused(editor: httpx.Client) -> None:
    said = GEOJSON | {"Content-Crs": "<http://www.opengis.net/def/crs/EPSG/0/2263>"}
    answer = editor.post(SPOTS, content=json.dumps(spot()), headers=said)
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Parameter 'Content-Crs': ")


def test_what_was_read_can_be_written_back_unchanged(editor: httpx.Client, edited: str) -> None:
    third = [107.5 + 1 / 300, 16.4 + 1 / 300]
    address = add(editor, SPOTS, spot(place=third)).headers["location"]
    read = editor.get(address)
    assert editor.put(address, content=read.content, headers=GEOJSON).status_code == 204
    assert editor.get(address).headers["etag"] == read.headers["etag"]
    assert len(history(edited, read.json()["id"])) == 1


def test_derived_columns_follow(editor: httpx.Client, edited: str) -> None:
    def square(side_deg: float) -> dict[str, Any]:
        ring = [[0, 0], [side_deg, 0], [side_deg, side_deg], [0, side_deg], [0, 0]]
        return {"type": "Polygon", "coordinates": [[[107.5 + x, 16.4 + y] for x, y in ring]]}

    ward = {"type": "Feature", "id": "W-1", "geometry": square(0.01), "properties": {"name": "Phường Vỹ Dạ"}}
    address = add(editor, WARDS, ward).headers["location"]
    small = editor.get(address).json()
    assert small["geometry"]["type"] == "MultiPolygon"
    assert small["properties"]["kind"] == "ward"
    # One hundredth of a degree is 1.068 km by 1.107 km at this latitude on WGS 84.
    assert small["properties"]["area_km2"] == pytest.approx(1.068 * 1.107, rel=2e-3)
    # QGIS sends the area that it read along with the new outline.
    grown = small | {"geometry": square(0.02)}
    assert editor.put(address, json=grown, headers=GEOJSON).status_code == 204
    assert editor.get(address).json()["properties"]["area_km2"] == pytest.approx(4.73, rel=2e-3)
    invented = editor.patch(address, json={"properties": {"area_km2": 99}}, headers=PATCH)
    assert "it follows from the rest" in faults(invented)["area_km2"]


def test_a_camera_turns_with_its_cone_and_stays_while_it_is_named(editor: httpx.Client, edited: str) -> None:
    camera = {
        "type": "Feature", "id": "C-1", "geometry": {"type": "Point", "coordinates": HUE},
        "properties": {
            "name": "Cầu Trường Tiền", "owner_agency": "HueIOC", "purpose": "flood", "mast_height_m": 10,
            "azimuth_deg": 90, "tilt_deg": 5, "field_of_view_deg": 60, "range_m": 200,
            "frame_interval_s": 1, "ai_solutions": [], "status": "active",
        },
    }  # fmt: skip
    address = add(editor, CAMERAS, camera).headers["location"]
    cone = "SELECT ST_X(ST_Centroid(view_cone)) - ST_X(geom) FROM gis.cameras WHERE code = 'C-1'"
    assert query(edited, cone)[0][0] > 0
    assert editor.patch(address, json={"properties": {"azimuth_deg": 270}}, headers=PATCH).status_code == 204
    assert query(edited, cone)[0][0] < 0
    seen = query(edited, "SELECT basis, ST_X(ST_Centroid(geom)) FROM gis.camera_views WHERE code = 'C-1'")
    assert seen[0][0] == "level_ground"
    assert seen[0][1] < HUE[0]
    purpose = editor.patch(address, json={"properties": {"purpose": "love"}}, headers=PATCH)
    assert "is not one of traffic, forest, flood" in faults(purpose)["purpose"]
    listed = editor.patch(address, json={"properties": {"ai_solutions": [1]}}, headers=PATCH)
    assert "is not a list of texts" in faults(listed)["ai_solutions"]
    watched = add(editor, SPOTS, spot(camera_code="C-1")).headers["location"]
    refused = editor.delete(address)
    assert (refused.status_code, refused.json()["code"]) == (409, "Conflict")
    assert "camera_code of layer 'flood_spots'" in refused.json()["description"]
    assert editor.delete(watched).status_code == 204
    assert editor.delete(address).status_code == 204
    assert query(edited, "SELECT count(*) FROM gis.camera_views WHERE code = 'C-1'") == [(0,)]
