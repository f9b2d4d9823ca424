"""pystac-client reads the STAC API, and rasterio the files that it finds there."""

from __future__ import annotations

import pytest
import rasterio

pystac_client = pytest.importorskip("pystac_client", reason="install the extra 'clients'")

from layers.registry import SURFACES  # noqa: E402
from tests.conftest import RunningService  # noqa: E402


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_search_leads_to_cells(service: RunningService, method: str) -> None:
    catalogue = pystac_client.Client.open(f"{service.base_url}/ogc/stac")
    assert [one.id for one in catalogue.get_collections()] == list(SURFACES)
    asked = catalogue.search(
        method=method, collections=["flood-risk"], bbox=[107.5, 16.4, 107.6, 16.5], datetime="2025-01-01/.."
    )
    assert asked.matched() == 1
    (item,) = asked.items()
    assert item.get_collection().id == "flood-risk"
    with rasterio.open(f"/vsicurl/{item.assets['surface'].href}") as dataset:
        assert dataset.count == len(SURFACES["flood-risk"].bands)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_follows_the_pages(service: RunningService, method: str) -> None:
    catalogue = pystac_client.Client.open(f"{service.base_url}/ogc/stac")
    found = [item.collection_id for item in catalogue.search(method=method, limit=2).items()]
    assert sorted(found) == sorted(SURFACES)


def test_a_collection_gives_its_items(service: RunningService) -> None:
    catalogue = pystac_client.Client.open(f"{service.base_url}/ogc/stac")
    (item,) = catalogue.get_collection("rain").get_items()
    assert item.collection_id == "rain"
    assert item.get_self_href().startswith(service.base_url)
