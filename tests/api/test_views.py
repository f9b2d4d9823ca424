"""What cameras see and how sure positions are, over HTTP and on the maps."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import shapely

from gis_core.crs import transformer
from tests.conftest import RunningService

ITEMS = "/ogc/collections/{}/items"


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=30) as opened:
        yield opened


def features(client: httpx.Client, layer: str, **query: object) -> list[dict]:  # type: ignore[type-arg]
    answer = client.get(ITEMS.format(layer), params={key: str(value) for key, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["features"]  # type: ignore[no-any-return]


def test_every_camera_of_the_sample_has_its_view_computed(client: httpx.Client) -> None:
    views = features(client, "camera_views", limit=1000)
    assert len(views) == 642
    assert {one["properties"]["basis"] for one in views} == {"level_ground", "terrain"}
    assert {one["geometry"]["type"] for one in views} == {"MultiPolygon"}
    assert all(one["properties"]["area_km2"] > 0 for one in views)


def test_traffic_cameras_see_less_road_than_their_flat_cone_holds(client: httpx.Client) -> None:
    parts = features(client, "segment_views", limit=1000, camera_code="CAM-0001")
    assert parts
    for one in parts:
        assert 0 <= one["properties"]["from_fraction"] < one["properties"]["to_fraction"] <= 1
        assert 0 < one["properties"]["seen_length_m"] < 130


def test_an_ellipse_holds_its_detection_and_is_answered_in_any_crs(client: httpx.Client) -> None:
    ellipse = features(client, "detection_ellipses", limit=1, subject="forest_fire")[0]
    point = client.get(f"{ITEMS.format('detections')}/{ellipse['id']}").json()
    assert shapely.geometry.shape(ellipse["geometry"]).contains(shapely.geometry.shape(point["geometry"]))
    assert (
        client.get(f"{ITEMS.format('detection_ellipses')}/{ellipse['id']}").json()["geometry"]
        == ellipse["geometry"]
    )
    metric = features(
        client,
        "detection_ellipses",
        limit=1,
        subject="forest_fire",
        crs="http://www.opengis.net/def/crs/EPSG/0/9214",
    )[0]
    corners = metric["geometry"]["coordinates"][0]
    seen = ellipse["properties"]
    area = 3.141593 * 5.99146 * (seen["cov_xx_m2"] * seen["cov_yy_m2"] - seen["cov_xy_m2"] ** 2) ** 0.5
    assert shapely.Polygon(corners).area == pytest.approx(area, rel=1e-3)
    lon, lat = point["geometry"]["coordinates"]
    assert shapely.Polygon(corners).contains(shapely.Point(transformer(4326, 9214).transform(lon, lat)))


def test_ellipses_are_found_by_box_and_paged(client: httpx.Client) -> None:
    box = "107.57,16.45,107.60,16.47"
    answer = client.get(ITEMS.format("detection_ellipses"), params={"bbox": box, "limit": 50}).json()
    follow = next(entry["href"] for entry in answer["links"] if entry["rel"] == "next")
    second = client.get(follow).json()
    first_ids = {one["id"] for one in answer["features"]}
    assert len(first_ids | {one["id"] for one in second["features"]}) == 100
    area = shapely.box(107.57, 16.45, 107.60, 16.47)
    for one in answer["features"]:
        assert shapely.geometry.shape(one["geometry"]).intersects(area)


def test_the_map_of_fires_shows_ellipses(client: httpx.Client) -> None:
    page = client.get("/maps/fire?lang=en").text
    assert "95 % error ellipse of the position" in page
