"""Features over HTTP in every format: pages, single features, whole layers, tags, compression."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # it ships no types
import geopandas as gpd
import httpx
import pyogrio
import pytest
import zstandard

from gis_core.crs import transformer
from tests.conftest import RunningService

CAMERAS = "/ogc/collections/cameras"
DETECTIONS = "/ogc/collections/detections"
TYPES = {
    "json": "application/geo+json",
    "jsonfg": "application/vnd.ogc.fg+json",
    "geojsonseq": "application/geo+json-seq",
    "csv": "text/csv; charset=utf-8",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
    "gpkg": "application/geopackage+sqlite3",
}
BOX = {"bbox": "107.55,16.44,107.62,16.49", "purpose": "traffic"}


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def codes(answer: httpx.Response, wanted: str, folder: Path) -> list[str]:
    """The identifiers in an answer, by a reader of its format."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPES[wanted]
    if wanted in ("json", "jsonfg"):
        return [feature["id"] for feature in answer.json()["features"]]
    if wanted == "geojsonseq":
        return [json.loads(line)["id"] for line in answer.text.split("\x1e")[1:]]
    if wanted == "csv":
        return [row["code"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]
    path = folder / f"got.{wanted}"
    path.write_bytes(answer.content)
    frame = gpd.read_parquet(path) if wanted == "parquet" else pyogrio.read_dataframe(path)
    return [str(code) for code in frame["code"]]


@pytest.mark.parametrize("wanted", TYPES)
def test_a_page_and_a_download_hold_the_same_in_every_format(
    client: httpx.Client, wanted: str, tmp_path: Path
) -> None:
    expected = [
        one["id"] for one in client.get(f"{CAMERAS}/items", params=BOX | {"limit": 1000}).json()["features"]
    ]
    page = client.get(f"{CAMERAS}/items", params=BOX | {"f": wanted, "limit": 1000})
    assert sorted(codes(page, wanted, tmp_path)) == expected
    download = client.get(f"{CAMERAS}/download", params=BOX | {"f": wanted})
    assert sorted(codes(download, wanted, tmp_path)) == expected
    assert len(expected) > 20
    assert download.headers["ogc-numbermatched"] == str(len(expected))
    assert "attachment" in download.headers["content-disposition"]


@pytest.mark.parametrize("wanted", ["csv", "fgb", "parquet", "gpkg", "geojsonseq"])
def test_pages_without_a_place_for_links_have_them_in_a_header(
    client: httpx.Client, wanted: str, tmp_path: Path
) -> None:
    address: str | None = f"{CAMERAS}/items?f={wanted}&limit=250&sortby=-name"
    seen: list[str] = []
    returned = []
    while address is not None:
        page = client.get(address)
        seen += codes(page, wanted, tmp_path)
        returned.append(int(page.headers["ogc-numberreturned"]))
        assert page.headers["ogc-numbermatched"] == "642"
        following = re.search(r'<([^>]*)>; rel="next"', page.headers["link"])
        address = following[1] if following else None
    assert returned == [250, 250, 142]
    assert len(set(seen)) == len(seen) == 642


@pytest.mark.parametrize("wanted", TYPES)
def test_one_feature_in_every_format(client: httpx.Client, wanted: str, tmp_path: Path) -> None:
    answer = client.get(f"{CAMERAS}/items/CAM-0001", params={"f": wanted, "crs": "EPSG:9214"})
    if wanted in ("json", "jsonfg"):
        assert answer.json()["id"] == "CAM-0001"
        assert {entry["type"] for entry in answer.json()["links"]} >= {
            *map(plain, TYPES.values()),
            "text/html",
        }
    else:
        assert codes(answer, wanted, tmp_path) == ["CAM-0001"]
    again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def plain(media_type: str) -> str:
    return media_type.partition(";")[0]


def test_json_fg(client: httpx.Client) -> None:
    page = client.get(f"{DETECTIONS}/items", params={"f": "jsonfg", "limit": 2, "crs": "EPSG:9214"}).json()
    assert "http://www.opengis.net/spec/json-fg-1/1.0/conf/core" in page["conformsTo"]
    assert (page["featureType"], page["geometryDimension"]) == ("detections", 0)
    assert page["coordRefSys"] == "http://www.opengis.net/def/crs/EPSG/0/9214"
    for feature in page["features"]:
        assert feature["geometry"] is None
        assert feature["time"]["timestamp"] == feature["properties"]["detected_at"]
    schema = client.get(page["featureSchema"])
    assert schema.headers["content-type"] == "application/schema+json"
    profiled: dict[str, str | int] = {"profile": "jsonfg-plus", "limit": 2, "crs": "EPSG:9214"}
    plus = client.get(f"{DETECTIONS}/items", params=profiled)
    assert plus.headers["content-type"] == "application/geo+json"
    for feature in plus.json()["features"]:
        expected = transformer(4326, 9214).transform(*feature["geometry"]["coordinates"])
        assert feature["place"]["coordinates"] == pytest.approx(expected, abs=0.02)
    one = client.get(f"{CAMERAS}/items/CAM-0001", params={"f": "jsonfg"}).json()
    assert (one["featureType"], one["place"], one["time"]) == ("cameras", None, None)
    assert one["geometry"]["type"] == "Point"


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("items", "f=csv&profile=jsonfg", "profile"),
        ("items", "f=jsonfg&profile=rfc7946", "profile"),
        ("items", "profile=best", "profile"),
        ("download", "f=xlsx", "f"),
        ("download", "limit=10", "limit"),
        ("download", "cursor=abc", "cursor"),
        ("download", "bbox=1,2", "bbox"),
        ("download", "f=gpkg&crs=EPSG:1", "crs"),
        ("download", "f=gpkg&filter=nothing%20=%201", "filter"),
        ("download", "filter=range_m%20%5E%201e300%20%3E%201", "filter"),
    ],
)
def test_what_is_wrong_is_named(client: httpx.Client, path: str, query: str, named: str) -> None:
    answer = client.get(f"{CAMERAS}/{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["description"].startswith(f"Parameter '{named}': ")


def test_a_download_is_only_read(client: httpx.Client) -> None:
    assert client.get("/ogc/collections/nowhere/download").status_code == 404
    assert client.get("/ogc/collections/flood-risk/download").status_code == 404
    assert client.post(f"{CAMERAS}/download").status_code == 405
    head = client.head(f"{CAMERAS}/download", params={"f": "gpkg"})
    assert (head.status_code, head.headers["ogc-numbermatched"], head.content) == (200, "642", b"")


def test_every_format_is_linked_declared_and_described(client: httpx.Client) -> None:
    collection = client.get(CAMERAS, params={"f": "json"}).json()
    kinds = {
        rel: {entry["type"] for entry in collection["links"] if entry["rel"] == rel}
        for rel in ("items", "enclosure")
    }
    assert kinds["items"] >= {*map(plain, TYPES.values()), "text/html"}
    assert kinds["enclosure"] == {*map(plain, TYPES.values())}
    for entry in collection["links"]:
        if entry["rel"] == "enclosure":
            assert client.head(entry["href"]).headers["content-type"].startswith(entry["type"])
    described = client.get("/ogc/openapi", params={"f": "json"}).json()
    path = described["paths"]["/collections/cameras/items"]["get"]
    form = next(one for one in path["parameters"] if one.get("name") == "f")
    assert set(form["schema"]["enum"]) == {*TYPES, "html"}
    features = described["components"]["responses"]["Features"]["content"]
    assert set(features) == {*map(plain, TYPES.values()), "text/html"}
    assert "304" in path["responses"]
    assert "/collections/flood-risk/download" not in described["paths"]
    assert (
        "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"
        in client.get("/ogc/conformance?f=json").json()["conformsTo"]
    )


@pytest.mark.parametrize(
    "path",
    [f"{CAMERAS}/items?limit=5", f"{CAMERAS}/items?limit=5&f=csv", f"{CAMERAS}/items?limit=5&f=html",
     "/ogc?f=json", "/ogc/collections?f=json", "/ogc/openapi?f=json", f"{CAMERAS}/schema?f=json"],
)  # fmt: skip
def test_what_the_client_has_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    assert first.headers["etag"].startswith('W/"')
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200
    other = client.get(path, params={"lang": "en"} | dict(httpx.URL(path).params))
    assert other.headers["etag"] != first.headers["etag"] or "csv" in path


@pytest.mark.parametrize(
    "path", [f"{CAMERAS}/items?limit=100", f"{CAMERAS}/download?f=csv", "/ogc/openapi?f=json"]
)
def test_text_is_compressed_for_those_who_can_read_it(client: httpx.Client, path: str) -> None:
    def asked(encoding: str) -> tuple[httpx.Headers, bytes]:
        with client.stream("GET", path, headers={"Accept-Encoding": encoding}) as answer:
            return answer.headers, b"".join(answer.iter_raw())

    def meant(body: bytes) -> bytes:
        return re.sub(rb'"timeStamp":"[^"]*"', b"", body)

    headers, text = asked("identity")
    assert "content-encoding" not in headers
    unpack: dict[str, Any] = {
        "gzip": gzip.decompress,
        "br": brotli.decompress,
        "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    }
    for encoding, unpacked in unpack.items():
        headers, packed = asked(encoding)
        assert headers["content-encoding"] == encoding
        assert "Accept-Encoding" in headers["vary"]
        assert len(packed) < len(text) / 3
        assert meant(unpacked(packed)) == meant(text)


def test_files_are_not_compressed_twice(client: httpx.Client) -> None:
    for wanted in ("gpkg", "parquet", "fgb"):
        answer = client.get(f"{CAMERAS}/items", params={"f": wanted}, headers={"Accept-Encoding": "gzip, br"})
        assert "content-encoding" not in answer.headers


def test_a_whole_layer_is_streamed_in_little_memory(service: RunningService, client: httpx.Client) -> None:
    client.get(f"{DETECTIONS}/download", params={"f": "csv", "subject": "flooding"})
    before_kib = resident_kib(service.pid, "VmRSS")
    size = features = 0
    with client.stream("GET", f"{DETECTIONS}/download", headers={"Accept-Encoding": "identity"}) as answer:
        matched = int(answer.headers["ogc-numbermatched"])
        for piece in answer.iter_raw():
            size += len(piece)
            features += piece.count(b'{"type":"Feature","id"')
    assert matched > 100_000
    # A beginning may be cut by a piece's end.
    assert matched - 200 < features <= matched
    grown_kib = resident_kib(service.pid, "VmHWM") - max(before_kib, 0)
    assert grown_kib * 1024 < size / 2


def resident_kib(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def test_a_client_that_goes_away_stops_its_download(client: httpx.Client, service: RunningService) -> None:
    for wanted in ("csv", "gpkg", "csv", "gpkg"):
        with client.stream("GET", f"{DETECTIONS}/download", params={"f": wanted}) as answer:
            next(answer.iter_raw())
    # There are two places for downloads: whoever kept one would keep this one waiting.
    assert client.get(f"{CAMERAS}/download", params={"f": "csv"}).status_code == 200
