"""The data dictionary through HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from layers.dictionary import Term, terms
from layers.registry import LAYERS, SURFACES
from tests.conftest import RunningService


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize(("language", "heading"), [("vi", "Từ điển dữ liệu"), ("en", "Data dictionary")])
def test_the_page_has_every_layer_and_loads_nothing_from_other_hosts(
    client: httpx.Client, language: str, heading: str
) -> None:
    answer = client.get("/dictionary", params={"lang": language})
    assert answer.status_code == 200
    assert f"<h1>{heading}</h1>" in answer.text
    attributes: list[tuple[str, str | None]] = []
    page = HTMLParser()
    page.handle_starttag = lambda tag, attrs: attributes.extend(attrs)  # type: ignore[method-assign]
    page.feed(answer.text)
    assert {("id", name) for name in (*LAYERS, *SURFACES)} <= set(attributes)
    assert [value for name, value in attributes if name in ("src", "href") and value and "//" in value] == []


def test_csv_and_json_hold_every_column(client: httpx.Client) -> None:
    as_csv = client.get("/dictionary", params={"f": "csv"})
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert [Term(*row) for row in csv.reader(io.StringIO(as_csv.text))][1:] == list(terms())
    as_json = client.get("/dictionary", params={"f": "json"})
    assert as_json.headers["content-type"] == "application/json"
    assert [Term(**entry) for entry in as_json.json()] == list(terms())


@pytest.mark.parametrize("query", [{"f": "<xml>"}, {"lang": "fr"}])
def test_what_is_not_offered_is_said(client: httpx.Client, query: dict[str, str]) -> None:
    answer = client.get("/dictionary", params=query)
    assert answer.status_code == 400
    assert f"Parameter '{next(iter(query))}'" in answer.json()["description"]


def test_the_portal_links_to_it(client: httpx.Client) -> None:
    assert 'href="dictionary"' in client.get("/").text
