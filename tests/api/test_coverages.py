"""Coverages in another CRS, with the headers that say where and when they lie (OGC 19-087)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile

from tests.conftest import RunningService

COVERAGE = "/ogc/collections/flood-risk/coverage"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
BOX = "107.55,16.44,107.62,16.49"


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


@pytest.mark.parametrize(
    ("crs", "srid", "bbox"),
    [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326, "107.55,16.44,107.62,16.49"),
        (f"{EPSG}4326", 4326, "16.44,107.55,16.49,107.62"),
    ],
)
def test_a_box_in_degrees(client: httpx.Client, crs: str, srid: int, bbox: str) -> None:
    answer = client.get(COVERAGE, params={"bbox": BOX, "crs": crs, "properties": "depth_m"})
    assert answer.headers["content-crs"] == f"<{crs}>"
    assert answer.headers["content-bbox"] == bbox
    with MemoryFile(answer.content) as memory, memory.open() as cut:
        assert cut.crs.to_epsg() == srid
        # GeoTIFF has x first whatever the authority says.
        assert tuple(cut.bounds) == pytest.approx((107.55, 16.44, 107.62, 16.49))
        assert cut.descriptions == ("depth_m",)


def test_values_are_those_of_the_surface(client: httpx.Client, service: RunningService) -> None:
    answer = client.get(COVERAGE, params={"bbox": BOX, "crs": f"{EPSG}3857", "properties": "risk_class"})
    with (
        MemoryFile(answer.content) as memory,
        memory.open() as cut,
        rasterio.open(service.place.var_dir / "surfaces" / "flood-risk.tif") as whole,
    ):
        rows, columns = cut.shape
        places = [cut.xy(row, column) for row in range(0, rows, 9) for column in range(0, columns, 9)]
        xs, ys = rasterio.warp.transform(cut.crs, whole.crs, *zip(*places, strict=True))
        near = np.array([value[0] for value in whole.sample(zip(xs, ys, strict=True), 1)])
        seen = cut.read(1)[::9, ::9].ravel()
    assert (near == seen).mean() > 0.9


def test_every_answer_says_where_and_when(client: httpx.Client) -> None:
    ends = client.get("/ogc/collections/flood-risk").json()["extent"]["temporal"]["interval"][0]
    for asked in ({}, {"bbox": BOX}, {"bbox": BOX, "f": "json"}, {"scale-factor": "8"}):
        headers = client.get(COVERAGE, params=asked).headers
        assert headers["content-crs"] == f"<{EPSG}9214>"
        assert len(headers["content-bbox"].split(",")) == 4
        assert headers["content-datetime"] == ends[1]


def test_the_crs_that_are_answered_are_said(client: httpx.Client) -> None:
    document = client.get("/ogc/collections/flood-risk").json()
    assert document["storageCrs"] in document["crs"]
    for crs in document["crs"]:
        asked = {"bbox": BOX, "crs": crs, "scale-size": "Lon(4),Lat(3)", "f": "json"}
        answer = client.get(COVERAGE, params=asked)
        assert answer.headers["content-crs"] == f"<{crs}>"
        assert answer.json()["ranges"]["depth_m"]["shape"] == [3, 4]


def test_a_box_elsewhere_is_not_found(client: httpx.Client) -> None:
    for asked in ({"bbox": "1,1,2,2"}, {"bbox": "1,1,2,2", "crs": f"{EPSG}3857"}):
        answer = client.get(COVERAGE, params=asked)
        assert answer.status_code == 404
        assert "does not meet" in answer.json()["description"]


def test_gdals_old_name_of_the_size(client: httpx.Client) -> None:
    asked = {"bbox": BOX, "f": "json", "properties": "depth_m"}
    old = client.get(COVERAGE, params=asked | {"scaleSize": "Lat(3),Long(4)"})
    new = client.get(COVERAGE, params=asked | {"scale-size": "Lat(3),Lon(4)"})
    assert old.json() == new.json()
    both = {"scaleSize": "Lat(3),Long(4)", "scale-size": "Lat(3),Lon(4)"}
    assert client.get(COVERAGE, params=asked | both).status_code == 400
