"""The API's documents and pages: true, whole, bilingual, and from this host alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import numpy as np
import pygeoapi
import pytest
import rasterio
from rasterio.io import MemoryFile

from layers.raster import read_record
from layers.registry import LAYERS, SURFACES
from tests.conftest import RunningService

PAGES = (
    "/ogc",
    "/ogc/conformance",
    "/ogc/openapi",
    "/ogc/collections",
    "/ogc/collections/cameras",
    "/ogc/collections/flood-risk",
    "/ogc/collections/cameras/schema",
    "/ogc/collections/flood-risk/schema",
    "/ogc/collections/cameras/queryables",
    "/ogc/collections/detections/items?limit=20",
    "/ogc/collections/road_segments/items?limit=20",
    "/ogc/collections/wards/items?limit=2",
    "/ogc/collections/nowhere",
    "/ogc/processes",
    "/ogc/collections/cameras/items?limit=none",
)


NOT_OFFERED = (
    "TileMatrixSets",
    "admin/config",
    "collections/cameras/map",
    "collections/cameras/position",
    "collections/cameras/locations",
)


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=30) as opened:
        yield opened


def document(client: httpx.Client, path: str, **parameters: str) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_every_link_of_the_landing_page_and_the_collections_leads_somewhere(client: httpx.Client) -> None:
    landing = document(client, "/ogc")
    collections = document(client, "/ogc/collections")
    links = landing["links"] + collections["links"]
    for collection in collections["collections"]:
        if collection["id"] in ("cameras", "flood-risk"):
            links += collection["links"]
    for link in links:
        answer = client.get(link["href"], follow_redirects=True)
        assert answer.status_code == 200, link
        assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0], link


def test_the_address_without_and_with_a_slash(client: httpx.Client) -> None:
    assert client.get("/ogc").json() == client.get("/ogc/").json()
    assert client.get("/ogc/collections/").headers["location"].endswith("/ogc/collections")


def test_every_layer_and_surface_is_a_collection(client: httpx.Client) -> None:
    listed = document(client, "/ogc/collections")["collections"]
    assert [entry["id"] for entry in listed] == [*LAYERS, *SURFACES, "catalogue"]
    for entry in listed:
        assert document(client, f"/ogc/collections/{entry['id']}") == entry


def test_collections_speak_two_languages(client: httpx.Client) -> None:
    def title(**asked: Any) -> str:
        return client.get("/ogc/collections/cameras", **asked).json()["title"]  # type: ignore[no-any-return]

    declared = LAYERS["cameras"].title
    assert title() == declared.vi
    assert title(params={"lang": "en"}) == declared.en
    assert title(headers={"Accept-Language": "en-GB,en;q=0.8"}) == declared.en
    assert title(params={"lang": "vi"}, headers={"Accept-Language": "en"}) == declared.vi


def test_simulated_data_are_marked(client: httpx.Client) -> None:
    for name in ("cameras", "detections", "flood-risk"):
        english = document(client, f"/ogc/collections/{name}", lang="en")
        assert "simulated" in english["keywords"]
        assert "simulated" in english["description"]
        assert "mô phỏng" in document(client, f"/ogc/collections/{name}")["description"]


def test_extents_and_crs(client: httpx.Client) -> None:
    detections = document(client, "/ogc/collections/detections")
    assert detections["extent"]["spatial"]["bbox"] == [[107.0, 15.95, 108.25, 16.8]]
    assert detections["storageCrs"] in detections["crs"]
    assert "http://www.opengis.net/def/crs/EPSG/0/9214" in detections["crs"]
    first, last = detections["extent"]["temporal"]["interval"][0]
    for moment in (first, last):
        found = document(client, "/ogc/collections/detections/items", datetime=moment, limit="1")
        assert found["numberReturned"] == 1
    for outside in (f"../{first}", f"{last}/.."):
        found = document(client, "/ogc/collections/detections/items", datetime=outside, limit="100")
        assert found["numberReturned"] < 100
    assert "temporal" not in document(client, "/ogc/collections/wards")["extent"]


def test_conformance_is_no_boast(client: httpx.Client) -> None:
    classes = document(client, "/ogc/conformance")["conformsTo"]
    assert len(set(classes)) == len(classes)
    for declared in ("features-1/1.0/conf/core", "features-1/1.0/conf/geojson", "features-2/1.0/conf/crs"):
        assert f"http://www.opengis.net/spec/ogcapi-{declared}" in classes
    # Nobody may edit here, for no account is named; see the tests of editing.
    assert not [uri for uri in classes if "create-replace-delete" in uri]
    assert document(client, "/ogc/conformance")["conformsTo"] == classes


def test_schema_and_queryables_follow_the_declaration(client: httpx.Client) -> None:
    schema = document(client, "/ogc/collections/road_segments/schema", lang="en")["properties"]
    layer = LAYERS["road_segments"]
    assert list(schema) == ["geometry", layer.id_column.name, *(column.name for column in layer.properties)]
    assert schema["geometry"] == {"format": "geometry-linestring", "x-ogc-role": "primary-geometry"}
    assert schema["code"]["x-ogc-role"] == "id"
    assert schema["lanes"] == {
        "title": "Lanes in both directions",
        "type": "integer",
        "minimum": 1,
        "maximum": 16,
    }
    assert schema["road_class"]["enum"][0] == "motorway"
    assert schema["design_speed_kmh"]["x-ogc-unit"] == "km/h"
    time = document(client, "/ogc/collections/detections/schema")["properties"]["detected_at"]
    assert time["x-ogc-role"] == "primary-instant"
    assert time["format"] == "date-time"
    queryables = document(client, "/ogc/collections/cameras/queryables")
    assert queryables["$id"].endswith("/ogc/collections/cameras/queryables")
    assert queryables["properties"]["ai_solutions"]["type"] == "array"
    bands = document(client, "/ogc/collections/flood-risk/schema")["properties"]
    assert [(name, band["x-ogc-propertySeq"]) for name, band in bands.items()] == [
        ("risk_class", 1),
        ("depth_m", 2),
        ("hazard", 3),
        ("exposure", 4),
        ("vulnerability", 5),
    ]


def test_features_are_valid_by_their_schema(client: httpx.Client) -> None:
    for name in ("cameras", "road_segments", "observations"):
        schema = document(client, f"/ogc/collections/{name}/schema")["properties"]
        page = document(client, f"/ogc/collections/{name}/items", limit="50")
        for feature in page["features"]:
            for key, value in feature["properties"].items():
                if value is not None:
                    jsonschema.validate(value, schema[key])


def test_openapi_is_valid_and_whole(client: httpx.Client, service: RunningService) -> None:
    answer = client.get("/ogc/openapi")
    assert answer.headers["content-type"].startswith("application/vnd.oai.openapi+json;version=3.0")
    openapi = answer.json()
    # Its place within pygeoapi is another in the later line.
    (file,) = Path(pygeoapi.__file__).parent.rglob("openapi-3.0.x.json")
    schema = json.loads(file.read_text())
    jsonschema.validate(openapi, schema)
    assert openapi["servers"] == [{"url": f"{service.base_url}/ogc"}]
    assert not [ref for ref in re.findall(r'"\$ref": ?"([^"]+)"', answer.text) if not ref.startswith("#/")]
    operations = [one["operationId"] for methods in openapi["paths"].values() for one in methods.values()]
    assert len(set(operations)) == len(operations)
    items = openapi["paths"]["/collections/detections/items"]["get"]["parameters"]
    named = {entry.get("name") or entry["$ref"].rsplit("/", 1)[-1] for entry in items}
    refusal = client.get("/ogc/collections/detections/items?nothing=1").json()["description"]
    really = re.search(r"there are: (.*)\.$", refusal)
    assert really is not None
    assert named == set(really[1].split(", "))
    for path, methods in openapi["paths"].items():
        needs = [one for one in methods.get("get", {}).get("parameters", ()) if one.get("required")]
        if "get" in methods and not needs and "{" not in path:
            answered = methods["get"]["responses"]["200"]["$ref"].rsplit("/", 1)[-1]
            declared = openapi["components"]["responses"][answered]["content"]
            answer = client.get(f"/ogc{path.rstrip('/')}", headers={"Accept": "*/*"})
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].split(";")[0] in {kind.split(";")[0] for kind in declared}


class Addresses(HTMLParser):
    """Every address that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src", "action") and value]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_names_another_host(client: httpx.Client, path: str, language: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.status_code < 500
    assert f'<html lang="{language}">' in answer.text
    assert "width=device-width" in answer.text
    addresses = Addresses()
    addresses.feed(answer.text)
    assert addresses.found
    assert {urlsplit(address).netloc for address in addresses.found} <= {""}
    assert "@import" not in answer.text
    for address in addresses.found:
        if address.startswith("/static/") and answer.status_code == 200:
            assert client.get(address).status_code == 200, address


def test_what_pygeoapi_could_do_and_we_do_not_is_not_found(client: httpx.Client) -> None:
    for path in NOT_OFFERED:
        answer = client.get(f"/ogc/{path}")
        assert answer.status_code == 404
        assert answer.json()["code"] == "NotFound"


def test_outside_text_stays_text(client: httpx.Client) -> None:
    evil = "<script>alert(1)</script>"
    for path in (
        f"/ogc/collections/{evil}",
        f"/ogc/collections/cameras/items?name={evil}",
        f"/ogc/collections/cameras/items?{evil}=1",
        f"/ogc/collections/cameras/items/{evil}",
    ):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert "<script>alert" not in answer.text


def test_a_surface_is_a_geotiff_that_can_be_read_in_parts(
    client: httpx.Client, service: RunningService
) -> None:
    path = "/ogc/collections/flood-risk/coverage"
    whole = client.get(path)
    assert whole.headers["content-type"] == "image/tiff; application=geotiff"
    built = service.place.var_dir / "surfaces" / "flood-risk.tif"
    assert whole.content == built.read_bytes()
    part = client.get(path, headers={"Range": "bytes=0-99"})
    assert part.status_code == 206
    assert part.content == whole.content[:100]
    assert read_record(SURFACES["flood-risk"], built).simulated


def test_a_box_of_a_surface(client: httpx.Client, service: RunningService) -> None:
    path = "/ogc/collections/flood-risk/coverage"
    asked = {"bbox": "107.55,16.44,107.62,16.49", "properties": "depth_m"}
    answer = client.get(path, params=asked)
    flipped = {"bbox": "16.44,107.55,16.49,107.62", "bbox-crs": "EPSG:4326", "properties": "depth_m"}
    assert client.get(path, params=flipped).content == answer.content
    with (
        MemoryFile(answer.content) as memory,
        memory.open() as cut,
        rasterio.open(service.place.var_dir / "surfaces" / "flood-risk.tif") as whole,
    ):
        assert cut.descriptions == ("depth_m",)
        assert cut.crs.to_epsg() == 9214
        window = whole.window(*cut.bounds).round_offsets().round_lengths()
        np.testing.assert_array_equal(cut.read(1), whole.read(2, window=window))
        cells = cut.read(1)
    as_json = client.get(path, params={**asked, "f": "json"})
    assert as_json.headers["content-type"] == "application/prs.coverage+json"
    values = as_json.json()["ranges"]["depth_m"]
    assert values["shape"] == list(cells.shape)
    flat = [-9999.0 if value is None else value for value in values["values"]]
    np.testing.assert_array_equal(np.reshape(flat, cells.shape), cells)


@pytest.mark.parametrize(
    "query",
    [
        "bbox=x",
        "crs=EPSG:2154",
        "properties=height",
        "f=png",
        "bbox-crs=EPSG:1",
        "datetime=yesterday",
        "subset=Depth(1:2)",
        "scale-size=Lon(0),Lat(1)",
        "f=json",
    ],
)
def test_what_a_surface_cannot_give_is_a_sentence(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/ogc/collections/flood-risk/coverage?{query}")
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Parameter '")
