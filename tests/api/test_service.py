"""The doorway in front of every room: errors, headers, static files, health."""

from __future__ import annotations

import httpx
import pytest

from gis_core.health import check_all
from gis_core.service import meaning
from tests.conftest import Place, RunningService, at, serving


@pytest.fixture
def client(service: RunningService) -> httpx.Client:
    with httpx.Client(base_url=service.base_url) as opened:
        yield opened


def test_health_names_every_part_and_all_is_well(client: httpx.Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert set(body["checks"]) >= {"database", "layers", "surface vehicle-density", "surface flood-risk"}


def test_nothing_there_is_a_sentence_that_leads_on(client: httpx.Client) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "/ogc" in answer.json()["description"]


def test_a_browser_gets_the_sentence_as_a_page_with_outside_text_escaped(client: httpx.Client) -> None:
    answer = client.get("/<script>alert(1)</script>", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "path", ["/nothing", "/maps/fire?at=x", "/ogc/nothing", "/ogc/collections/wards/items?limit=x"]
)
def test_a_page_says_in_vietnamese_what_an_error_means(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (400, 404)
    assert "Không thực hiện được" in answer.text
    assert meaning(answer.status_code).vi in answer.text


def test_every_answer_is_kept_to_this_host(client: httpx.Client) -> None:
    for path in ("/", "/ogc", "/health", "/nowhere", "/static/leaflet/dist/leaflet.js"):
        policy = client.get(path, follow_redirects=True).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy


def test_installed_scripts_are_served_and_nothing_above_them(client: httpx.Client) -> None:
    script = client.get("/static/leaflet/dist/leaflet.js")
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]
    assert client.get("/static/%2e%2e/pyproject.toml").status_code == 404
    assert client.get("/static/").status_code == 404


def test_other_sites_may_read_the_open_api(client: httpx.Client) -> None:
    answer = client.get("/ogc/collections?f=json", headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_answers_are_compressed_for_those_who_ask(client: httpx.Client) -> None:
    path = "/ogc/collections?f=json"
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get(path, headers={"Accept-Encoding": "identity"}).headers


def test_a_write_to_a_page_is_refused(client: httpx.Client) -> None:
    answer = client.post("/health")
    assert answer.status_code == 405
    assert "POST" in answer.json()["description"]


def test_without_its_surfaces_the_service_says_what_is_missing(place: Place) -> None:
    with serving(place) as running:
        answer = httpx.get(f"{running.base_url}/health")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["database"]["ok"]
    assert not checks["surface flood-risk"]["ok"]
    assert "huegis surfaces build" in checks["surface flood-risk"]["detail"]


def test_without_its_database_the_surfaces_are_looked_at_all_the_same(prepared_province: Place) -> None:
    with at(Place("postgresql://nobody@127.0.0.1:1/nothing", prepared_province.var_dir)):
        checks = {check.name: check for check in check_all()}
    assert not checks["database"].well
    assert not checks["layers"].well
    assert checks["surface flood-risk"].well
