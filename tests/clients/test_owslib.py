"""OWSLib, the client that Python programs and the MetaSearch panel of QGIS use."""

from __future__ import annotations

import io

import pytest
import rasterio
from owslib.ogcapi.coverages import Coverages
from owslib.ogcapi.edr import EnvironmentalDataRetrieval
from owslib.ogcapi.features import Features
from owslib.ogcapi.maps import Maps
from owslib.ogcapi.processes import Processes
from owslib.ogcapi.records import Records
from PIL import Image

from tests.conftest import RunningService


@pytest.fixture
def base(service: RunningService) -> str:
    return f"{service.base_url}/ogc"


def test_features(base: str) -> None:
    client = Features(base)
    assert client.conformance()["conformsTo"]
    assert {"cameras", "detections"} <= set(client.feature_collections())
    assert "purpose" in client.collection_queryables("cameras")["properties"]
    page = client.collection_items("cameras", limit=5, bbox=[107.5, 16.4, 107.7, 16.6])
    assert page["numberReturned"] == 5
    first = page["features"][0]["id"]
    assert client.collection_item("cameras", first)["id"] == first


def test_features_by_a_filter(base: str) -> None:
    client = Features(base)
    page = client.collection_items("cameras", filter="purpose = 'forest'", limit=1000)
    assert {one["properties"]["purpose"] for one in page["features"]} == {"forest"}


def test_coverages(base: str) -> None:
    client = Coverages(base)
    assert "flood-risk" in client.coverages()
    answer: io.BytesIO = client.coverage(
        "flood-risk", bbox=[107.5, 16.4, 107.6, 16.5], properties=["depth_m"]
    )
    with rasterio.open(io.BytesIO(answer.read())) as dataset:
        assert (dataset.count, dataset.descriptions) == (1, ("depth_m",))


def test_maps(base: str) -> None:
    client = Maps(base)
    assert "flood-risk" in client.maps()
    answer: io.BytesIO = client.map("flood-risk", bbox=[107.5, 16.4, 107.7, 16.6], width=120, height=100)
    assert Image.open(io.BytesIO(answer.read())).size == (120, 100)


def test_environmental_data(base: str) -> None:
    client = EnvironmentalDataRetrieval(base)
    # Not by data(): it looks for a link of relation 'data', which GDAL takes for all collections.
    told = [one for one in client.collections()["collections"] if "data_queries" in one]
    assert all(one["parameter_names"] for one in told)
    measured = next(one["id"] for one in told if "locations" in one["data_queries"])
    assert client.query_data(measured, "locations")["type"] == "FeatureCollection"


def test_processes(base: str) -> None:
    client = Processes(base)
    listed = client.processes()
    assert listed
    for one in listed:
        told = client.process(one["id"])
        assert told["inputs"]
        assert told["outputs"]


def test_records(base: str) -> None:
    client = Records(base)
    catalogues = client.records()
    assert catalogues
    page = client.collection_items(catalogues[0], limit=200)
    assert {"cameras", "flood-risk"} <= {record["id"] for record in page["features"]}
    found = client.collection_items(catalogues[0], q="camera")
    assert "cameras" in {record["id"] for record in found["features"]}
