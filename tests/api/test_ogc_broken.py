"""What is broken says so itself, and leaves the rest alone."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text

from gis_core.db import working_engine, writing
from layers.registry import LAYERS, SURFACES
from tests.conftest import Place, serving


@dataclass(frozen=True)
class Hasty(Place):
    """A place whose service has no patience with a query."""

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"HUEGIS_DATABASE__STATEMENT_TIMEOUT_S": "0.5"}


def test_a_dropped_table_breaks_only_its_own_layer(place: Place) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE gis.observations"))
        connection.execute(text("ALTER TABLE gis.wards DROP COLUMN simulated"))
    with serving(place) as service, httpx.Client(base_url=f"{service.base_url}/ogc", timeout=30) as client:
        listed = client.get("/collections?lang=en").json()["collections"]
        assert [entry["id"] for entry in listed] == [*LAYERS, *SURFACES, "catalogue"]
        unreadable = {entry["id"] for entry in listed if "cannot be read" in entry["description"]}
        assert unreadable == {"observations", "wards"}
        for name in LAYERS:
            answer = client.get(f"/collections/{name}/items")
            assert answer.status_code == (503 if name in unreadable else 200)
            assert client.get(f"/collections/{name}").status_code == 200
            assert client.get(f"/collections/{name}/queryables").status_code == 200
        answer = client.get("/collections/observations/items")
        assert answer.json()["code"] == "ServiceUnavailable"
        assert "huegis db upgrade" in answer.json()["description"]
        assert "Retry-After" in answer.headers


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_that_is_not_built_says_how_to_build_it(place: Place, name: str) -> None:
    with serving(place) as service, httpx.Client(base_url=f"{service.base_url}/ogc", timeout=30) as client:
        answer = client.get(f"/collections/{name}/coverage")
        assert answer.status_code == 503
        assert f"huegis surfaces build {name}" in answer.json()["description"]
        described = client.get(f"/collections/{name}?lang=en").json()
        assert "has not been built" in described["description"]
        assert "grid" not in described["extent"]["spatial"]
        assert client.get(f"/collections/{name}/schema").status_code == 200
        assert client.get(f"/collections/{name}?f=html").status_code == 200


def test_a_query_that_takes_too_long_is_stopped_with_a_sentence(place: Place) -> None:
    hasty = Hasty(place.url, place.var_dir)
    with (
        serving(hasty) as service,
        httpx.Client(base_url=f"{service.base_url}/ogc", timeout=30) as client,
        working_engine().begin() as holder,
    ):
        holder.execute(text("LOCK TABLE gis.cameras IN ACCESS EXCLUSIVE MODE"))
        answer = client.get("/collections/cameras/items")
        assert answer.status_code == 503
        assert "longer than 0.5 s" in answer.json()["description"]
        assert client.get("/collections/rivers/items").status_code == 200
