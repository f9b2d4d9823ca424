"""``/maps/origin``: the cameras and frames behind a number, against the detections themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import RunningService


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=30) as opened:
        yield opened


@pytest.fixture(scope="module")
def view(client: httpx.Client) -> dict[str, Any]:
    """What one traffic camera sees of a segment."""
    found = client.get("/ogc/collections/segment_views/items", params={"camera_code": "CAM-0001"}).json()
    return found["features"][0]["properties"]  # type: ignore[no-any-return]


def test_a_segments_number_lists_its_cameras_and_hours(client: httpx.Client, view: dict[str, Any]) -> None:
    told = client.get("/maps/origin", params={"segment": view["segment_code"]}).json()
    assert view["camera_code"] in {camera["camera_code"] for camera in told["cameras"]}
    for camera in told["cameras"]:
        hours = [hour for hour in told["hours"] if hour["camera_code"] == camera["camera_code"]]
        assert camera["hours"] == len(hours)
        assert camera["frames"] == sum(hour["frames"] for hour in hours)
        assert camera["detections"] == sum(hour["detections"] for hour in hours)
    assert all(told["from"] <= hour["hour_at"] < told["to"] for hour in told["hours"])


def test_the_hours_of_a_segment_count_what_the_layer_of_detections_holds(
    client: httpx.Client, view: dict[str, Any]
) -> None:
    told = client.get("/maps/origin", params={"segment": view["segment_code"]}).json()
    busiest = max(told["hours"], key=lambda hour: hour["detections"])
    hour = busiest["hour_at"]
    stored = client.get(
        "/ogc/collections/detections/items",
        params={
            "camera_code": busiest["camera_code"],
            "road_segment_code": view["segment_code"],
            "subject": "vehicle",
            "filter": f"detected_at >= TIMESTAMP('{hour[:19]}Z') "
            f"AND detected_at < TIMESTAMP('{hour[:13]}:59:59.999999Z')",
            "limit": "1",
        },
    ).json()
    assert busiest["detections"] == stored["numberMatched"] > 0


def test_a_cell_of_the_density_surface_lists_the_cameras_near_it(client: httpx.Client) -> None:
    camera = client.get("/ogc/collections/cameras/items/CAM-0001").json()
    place = ",".join(map(str, camera["geometry"]["coordinates"]))
    told = client.get("/maps/origin", params={"surface": "vehicle-density", "place": place}).json()
    assert told["value"] > 0
    assert "CAM-0001" in {one["camera_code"] for one in told["cameras"]}


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ({}, 400, "either for a segment or for a surface"),
        ({"segment": "a", "surface": "rain"}, 400, "either for a segment or for a surface"),
        ({"segment": "nowhere"}, 404, "nowhere"),
        ({"surface": "rain", "place": "107.58,16.46"}, 400, "not made of cameras' frames"),
        ({"surface": "vehicle-density", "place": "0,0"}, 400, "lies outside"),
        ({"surface": "vehicle-density", "place": "x"}, 400, "place"),
        ({"surface": "none", "place": "107.58,16.46"}, 404, "none"),
    ],
)
def test_what_has_no_origin_is_told_in_a_sentence(
    client: httpx.Client, query: dict[str, str], status: int, sentence: str
) -> None:
    answer = client.get("/maps/origin", params=query, headers={"accept": "application/json"})
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
