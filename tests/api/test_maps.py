"""The pages through HTTP: what they answer, and what they refuse."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from starlette.applications import Starlette

from gis_core.config import get_settings
from gis_core.db import dispose
from maps import texts
from maps.app import routes

PAGES = ("/", "/maps/fire", "/maps/traffic", "/maps/flood", "/maps/all")
LARGEST_PAGE = 3_000_000


class Loaded(HTMLParser):
    """The language of a page and the addresses that it loads by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.language: str | None = None
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang")
        if values.get("id"):
            self.ids.append(str(values["id"]))
        address = values.get("href") if tag == "link" else values.get("src")
        if address:
            self.addresses.append(address)


@pytest.fixture(scope="module")
def client(service: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_opens_in_both_languages(client: httpx.Client, path: str, language: str) -> None:
    answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.content) < LARGEST_PAGE
    assert Loaded(answer.text).language == language


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_only_what_this_service_has(client: httpx.Client, path: str) -> None:
    loaded = Loaded(client.get(path).text)
    assert len(loaded.ids) == len(set(loaded.ids))
    assert loaded.addresses
    for address in loaded.addresses:
        assert not re.match(r"(?:https?:)?//", address)
        if not address.startswith("data:"):
            assert client.get(urljoin(path, address)).status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
def test_simulated_data_is_marked(client: httpx.Client, path: str) -> None:
    page = client.get(path).text
    assert texts.SIMULATED.vi in page
    assert texts.SIMULATED.en in page


@pytest.mark.parametrize(
    ("query", "named"),
    [("at=yesterday", "at"), ("window=0h", "window"), ("window=99999999999d", "window"), ("lang=fr", "lang")],
)
@pytest.mark.parametrize("path", PAGES)
def test_bad_parameters_get_a_sentence(client: httpx.Client, path: str, query: str, named: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert f"'{named}'" in answer.json()["description"]


def test_outside_text_in_a_parameter_is_shown_as_text(client: httpx.Client) -> None:
    answer = client.get(
        "/maps/fire", params={"at": "<script>alert(1)</script>"}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 400
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["fire", "traffic", "flood", "all"])
def test_the_time_asked_for_is_the_time_shown(client: httpx.Client, name: str) -> None:
    page = client.get(f"/maps/{name}?at=2025-10-25T06:00:00+07:00&window=6h").text
    assert "06:00 25-10-2025" in page
    assert "00:00 25-10-2025 – 06:00 25-10-2025" in page
    # The links to the other language keep the time.
    assert "lang=en&amp;at=2025-10-24T23%3A00%3A00%2B00%3A00&amp;window=360min" in page


@pytest.mark.parametrize("name", ["traffic", "flood"])
def test_a_surface_of_another_time_is_not_switched_on(client: httpx.Client, name: str) -> None:
    def pictures_on(page: str) -> int:
        return len(re.findall(r"pictured_\w+\.addTo\(", page))

    latest = client.get(f"/maps/{name}?lang=en").text
    earlier = client.get(f"/maps/{name}?lang=en&at=2025-10-15T08:00").text
    assert pictures_on(latest) == pictures_on(earlier) + 1
    assert "It is not of the time shown" in earlier
    assert "It is not of the time shown" not in latest


def test_maps_alone_leads_to_the_map_of_everything(client: httpx.Client) -> None:
    assert client.get("/maps", follow_redirects=True).url.path == "/maps/all"
    assert client.get("/maps/nothing").status_code == 404


def test_the_portal_names_the_address_for_qgis_and_every_surface(client: httpx.Client) -> None:
    page = client.get("/").text
    assert f"{str(client.base_url).rstrip('/')}/ogc</code>" in page
    for path in ("ogc/collections/vehicle-density", "ogc/collections/flood-risk", "health"):
        assert f'href="{path}' in page


def test_every_link_of_the_portal_leads_somewhere(client: httpx.Client) -> None:
    links = set(re.findall(r'href="((?:ogc|maps|health)[^"#]*)"', client.get("/").text))
    assert len(links) > 15
    for link in links:
        with client.stream("GET", f"/{link}".replace("&amp;", "&"), follow_redirects=True) as answer:
            assert answer.status_code == 200, link


async def get_of(app: Starlette, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as inside:
        return await inside.get(path)


@pytest.mark.usefixtures("database")
def test_the_portal_opens_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUEGIS_DATABASE_URL", "postgresql://nobody@/nothing?host=/nowhere")
    dispose()
    get_settings.cache_clear()
    answer = asyncio.run(get_of(Starlette(routes=routes(get_settings())), "/"))
    assert answer.status_code == 503
    assert texts.PROBLEM.vi in answer.text
    assert 'href="maps/flood"' in answer.text
