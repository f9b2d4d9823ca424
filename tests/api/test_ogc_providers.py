"""Our providers as pygeoapi itself calls them."""

from __future__ import annotations

import numpy as np
import pytest
from pygeoapi.plugin import load_plugin
from pygeoapi.provider.base import BaseProvider, ProviderGenericError, ProviderItemNotFoundError
from rasterio.io import MemoryFile

from gis_core.config import get_settings
from layers.registry import LAYERS, SURFACES
from ogc_api.config import configuration

pytestmark = pytest.mark.usefixtures("province")


def provider(name: str) -> BaseProvider:
    resource = configuration(get_settings())["resources"][name]
    return load_plugin("provider", resource["providers"][0])


@pytest.mark.parametrize("name", [*LAYERS, *SURFACES])
def test_every_collection_has_a_provider_that_knows_its_fields(name: str) -> None:
    made = provider(name)
    declared = LAYERS[name].properties if name in LAYERS else SURFACES[name].bands
    assert {one.name for one in declared} <= set(made.fields)
    assert {field["type"] for field in made.fields.values()} <= {
        "string",
        "number",
        "integer",
        "boolean",
        "array",
    }


def test_features_by_box_time_and_property() -> None:
    found = provider("cameras").query(
        limit=5, bbox=[107.3, 16.2, 107.9, 16.7], properties=[("purpose", "forest")]
    )
    assert found["numberReturned"] == len(found["features"]) > 0
    assert {feature["properties"]["purpose"] for feature in found["features"]} == {"forest"}
    day = provider("observations").query(limit=1, datetime_="2025-10-27", select_properties=["value"])
    assert day["numberMatched"] > 0
    assert list(day["features"][0]["properties"]) == ["value"]


def test_a_feature_by_its_identifier() -> None:
    cameras = provider("cameras")
    first = cameras.query(limit=1)["features"][0]
    assert cameras.get(first["id"]) == first
    with pytest.raises(ProviderItemNotFoundError):
        cameras.get("nobody")


@pytest.mark.parametrize(
    "asked", [{"offset": 10}, {"properties": [("purpose", "none")]}, {"datetime_": "soon"}]
)
def test_what_cannot_be_answered_is_the_clients_error(asked: dict[str, object]) -> None:
    with pytest.raises(ProviderGenericError) as refused:
        provider("cameras").query(**asked)
    assert refused.value.http_status_code == 400


def test_cells_of_a_surface_in_both_formats() -> None:
    surface = provider("flood-risk")
    box = [107.55, 16.44, 107.6, 16.48]
    with MemoryFile(surface.query(properties=["depth_m"], bbox=box)) as memory, memory.open() as cells:
        values = cells.read(1)
    document = surface.query(properties=["depth_m"], bbox=box, format_="json")["ranges"]["depth_m"]
    flat = [-9999.0 if value is None else value for value in document["values"]]
    np.testing.assert_array_equal(np.reshape(flat, document["shape"]), values)
    with pytest.raises(ProviderGenericError) as refused:
        surface.query(properties=["height"])
    assert refused.value.http_status_code == 400
