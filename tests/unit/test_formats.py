"""Formats of features: which one is chosen, how pieces are joined, what links and tags say."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from gis_core.errors import InvalidParameterError
from gis_core.serving_settings import OgcApi
from layers.copying import Reader
from layers.downloads import copying
from layers.downloads.copying import pieces
from layers.registry import LAYERS
from ogc_api.endpoint import unless_known
from ogc_api.entity_tags import content_tag, is_same
from ogc_api.features.formats.jsonfg import FORMAT as JSONFG
from ogc_api.features.formats.jsonfg import form_of
from ogc_api.features.formats.listed import FOR_ALL, FORMATS, chosen
from ogc_api.features.links import feature_links, link_header
from ogc_api.features.query import page_limits, read_query


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "query_string": query.encode(), "headers": raw})


@pytest.mark.parametrize(
    ("query", "accept", "name"),
    [
        ("", "", "json"),
        ("", "*/*", "json"),
        ("", "application/json", "json"),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", "html"),
        ("", "text/csv", "csv"),
        ("", "text/csv;q=0.2, application/vnd.ogc.fg+json", "jsonfg"),
        ("", "application/flatgeobuf", "fgb"),
        ("", "application/vnd.apache.parquet", "parquet"),
        ("", "application/geopackage+sqlite3", "gpkg"),
        ("", "application/geo+json-seq", "geojsonseq"),
        ("", "image/png", "json"),
        ("f=gpkg", "text/html", "gpkg"),
    ],
)
def test_the_format_is_what_f_or_else_accept_says(query: str, accept: str, name: str) -> None:
    assert chosen(request(query, accept=accept), FORMATS).name == name


def test_a_page_is_no_download() -> None:
    assert chosen(request(accept="text/html"), FOR_ALL).name == "json"


def test_profiles() -> None:
    assert form_of(FORMATS["json"], None) == form_of(FORMATS["json"], "rfc7946") == "geojson"
    assert form_of(FORMATS["json"], "jsonfg") == form_of(JSONFG, None) == "jsonfg"
    assert form_of(JSONFG, "jsonfg-plus") == "jsonfg-plus"
    for wanted, profile in (("json", "geojson"), ("csv", "jsonfg"), ("jsonfg", "rfc7946")):
        with pytest.raises(InvalidParameterError, match="profile"):
            form_of(FORMATS[wanted], profile)


@given(st.lists(st.binary(max_size=40)), st.integers(1, 60), st.sampled_from([b",\n", b"\r\n", b""]))
def test_pieces_are_the_rows_with_what_stands_between(rows: list[bytes], size: int, between: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_PIECE_BYTES", size)
        found = list(pieces((row + b"\n" for row in rows), between))
    assert b"".join(found) == between.join(rows)
    longest = max(map(len, rows), default=0)
    assert all(len(piece) < (size + longest + 2) * (1 + len(between)) for piece in found)


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(1, 50), min_size=1))
def test_rows_are_read_as_from_a_file(rows: list[bytes], sizes: list[int]) -> None:
    reader, file = Reader(rows), io.BytesIO(b"".join(rows))
    for size in sizes:
        assert reader.read(size) == file.read(size)


def test_links_name_every_other_format_once_and_keep_the_query() -> None:
    asked = {"limit": "5", "f": "csv", "status": "a b"}
    layer = LAYERS["cameras"]
    links = feature_links("http://h/c", "/items", asked, FORMATS["csv"], layer=layer, spoken="en")
    alternates = [entry for entry in links if entry["rel"] == "alternate"]
    assert {entry["type"] for entry in alternates} == {
        wanted.media_type for name, wanted in FORMATS.items() if name != "csv"
    }
    assert all("limit=5&status=a+b&f=" in entry["href"] for entry in alternates)
    itself = next(entry for entry in links if entry["rel"] == "self")
    assert itself["href"] == "http://h/c/items?limit=5&f=csv&status=a+b"
    assert f'<{itself["href"]}>; rel="self"; type="text/csv"' in link_header(links)


def test_a_layer_of_large_shapes_has_smaller_pages() -> None:
    limits = OgcApi(default_limit=3_000, max_limit=10_000)
    assert page_limits(LAYERS["cameras"], limits) == (3_000, 10_000)
    assert page_limits(LAYERS["camera_views"], limits) == (1_000, 1_000)
    query = read_query(LAYERS["camera_views"], {"limit": "5000"}, limits, default_limit=1)
    assert query.limit == 1_000


@given(st.binary(), st.binary())
def test_a_tag_of_content_tells_content_apart(one: bytes, other: bytes) -> None:
    assert (content_tag(one) == content_tag(other)) == (one == other)
    assert is_same(f"W/{content_tag(one)}", content_tag(one))


def test_an_answer_that_the_client_has_is_not_sent_again() -> None:
    from starlette.responses import Response

    def answer(**headers: Any) -> Response:
        return unless_known(request(**headers), Response("words"))

    first = answer()
    assert first.status_code == 200
    again = answer(if_none_match=first.headers["etag"])
    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert answer(if_none_match='W/"another"').status_code == 200
