"""Styles and legends as clients fetch them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import fromstring
from zipfile import ZipFile

import httpx
import numpy as np
import pytest
from PIL import Image

from layers.registry import LAYERS, SURFACES
from layers.styles.catalogue import STYLES
from tests.conftest import ROOT, RunningService

TYPES = {
    "mbs": "application/vnd.mapbox.style+json",
    "sld11": "application/vnd.ogc.sld+xml;version=1.1",
    "qml": "application/vnd.qgis.qml",
}


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def test_the_list_has_every_style_and_its_links_lead_somewhere(client: httpx.Client) -> None:
    listed = client.get("/ogc/styles?f=json").json()["styles"]
    assert [entry["id"] for entry in listed] == list(STYLES)
    for entry in listed[-3:]:
        for link in entry["links"]:
            answer = client.get(link["href"])
            assert answer.status_code == 200, link
            assert answer.headers["content-type"] == link["type"]


def test_the_landing_page_and_every_collection_lead_to_their_styles(client: httpx.Client) -> None:
    landing = {link["href"] for link in client.get("/ogc?f=json").json()["links"]}
    assert any(href.endswith("/ogc/styles") for href in landing)
    assert any(href.endswith("/qgis/hue.qgs") for href in landing)
    collections = client.get("/ogc/collections?f=json").json()["collections"]
    drawn = [collection for collection in collections if collection["id"] != "catalogue"]
    assert len(drawn) == len(collections) - 1
    for collection in drawn:
        rels = {link["rel"].rsplit("/", 1)[-1]: link["href"] for link in collection["links"]}
        styles = client.get(rels["styles"]).json()
        assert styles["default"] == collection["id"] == styles["styles"][0]["id"]
        assert ("map" in rels) == (collection["id"] in SURFACES)


@pytest.mark.parametrize("form", TYPES)
def test_a_format_is_chosen_by_parameter_and_by_accept(client: httpx.Client, form: str) -> None:
    named = client.get("/ogc/styles/cameras", params={"f": form})
    accepted = client.get("/ogc/styles/cameras", headers={"Accept": TYPES[form]})
    assert named.headers["content-type"] == accepted.headers["content-type"] == TYPES[form]
    assert named.content == accepted.content
    assert "#3367d6" in named.text or "51,103,214,255" in named.text


def test_labels_are_in_the_language_asked_for(client: httpx.Client) -> None:
    vietnamese, english = (client.get(f"/ogc/styles/cameras?f=qml&lang={lang}") for lang in ("vi", "en"))
    assert "Giao thông" in vietnamese.text
    assert "Traffic" in english.text
    assert english.headers["content-language"] == "en"


@pytest.mark.parametrize("path", ["", "/cameras", "/flood-risk.depth_m", "/cameras/metadata"])
def test_styles_have_pages(client: httpx.Client, path: str) -> None:
    answer = client.get(f"/ogc/styles{path}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ogc/styles/nowhere", 404),
        ("/ogc/styles/%3Cb%3E?f=html", 404),
        ("/ogc/styles/cameras?f=sld10", 400),
        ("/ogc/styles/cameras/legend?f=svg", 400),
        ("/ogc/styles?limit=1", 400),
        ("/ogc/collections/nowhere/styles", 404),
        ("/ogc/collections/nowhere/legend", 404),
        ("/qgis/hue.qgs?x=1", 400),
    ],
)
def test_what_cannot_be_is_refused(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<b>" not in answer.text


def test_every_maplibre_style_is_valid_by_the_style_specification(
    client: httpx.Client, tmp_path: Path
) -> None:
    validator = ROOT / "node_modules" / ".bin" / "gl-style-validate"
    if not validator.exists():
        pytest.skip("the style specification is not installed; run scripts/setup --test")
    for name in STYLES:
        written = tmp_path / f"{name}.json"
        written.write_text(client.get(f"/ogc/styles/{name}?f=mbs").text)
        done = subprocess.run([validator, written], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name, done.stdout, done.stderr)


@pytest.mark.parametrize("name", ["cameras", "flood-risk"])
def test_a_maplibre_style_names_tiles_that_are_served(client: httpx.Client, name: str) -> None:
    style = client.get(f"/ogc/styles/{name}?f=mbs").json()
    address = style["sources"][name]["tiles"][0]
    # The tile that holds the middle of the city.
    answer = client.get(address.replace("{z}", "9").replace("{x}", "409").replace("{y}", "232"))
    assert answer.status_code == 200
    assert answer.content


@pytest.mark.parametrize("name", ["cameras", "rivers", "forest_zones", "flood-risk"])
def test_a_legend_shows_every_colour(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/ogc/collections/{name}/legend")
    assert answer.headers["content-type"] == "image/png"
    pixels = np.asarray(Image.open(BytesIO(answer.content)).convert("RGB")).reshape(-1, 3)
    shown = {"#{:02x}{:02x}{:02x}".format(*pixel) for pixel in np.unique(pixels, axis=0)}
    assert {color for color, _ in STYLES[name].legend()} <= shown


def test_the_project_connects_to_the_address_by_which_it_was_fetched(
    service: RunningService, client: httpx.Client
) -> None:
    plain = fromstring(client.get("/qgis/hue.qgs").content)
    assert len(plain.findall("projectlayers/maplayer")) == len(STYLES)
    sources = [layer.findtext("datasource") or "" for layer in plain.iter("maplayer")]
    assert all(f"{service.base_url}/ogc" in source for source in sources)
    elsewhere = fromstring(client.get("/qgis/hue.qgs", headers={"Host": "gis.example:81"}).content)
    assert all("http://gis.example:81/ogc" in (one.text or "") for one in elsewhere.iter("datasource"))


def test_a_zipped_project_holds_the_same(client: httpx.Client) -> None:
    packed = client.get("/qgis/hue.qgz")
    with ZipFile(BytesIO(packed.content)) as archive:
        assert archive.namelist() == ["hue.qgs"]
        assert archive.read("hue.qgs") == client.get("/qgis/hue.qgs").content


def test_layers_of_events_are_time_enabled_and_no_others(client: httpx.Client) -> None:
    made = fromstring(client.get("/qgis/hue.qgs").content)
    fields = {
        (layer.findtext("id") or "").removeprefix("hue-layer-"): temporal.get("startField")
        for layer in made.iter("maplayer")
        for temporal in layer.findall("temporal")
    }
    expected = {name: layer.time_column for name, layer in LAYERS.items() if layer.time_column}
    assert fields == expected
    assert made.findtext("ProjectTimeSettings/TemporalRange/start")


def test_the_openapi_document_knows_the_paths_and_conformance_the_classes(client: httpx.Client) -> None:
    paths = client.get("/ogc/openapi?f=json").json()["paths"]
    assert {"/styles", "/styles/{styleId}", "/collections/cameras/legend"} <= set(paths)
    assert "/collections/flood-risk/styles/{styleId}/map" in paths
    classes = json.dumps(client.get("/ogc/conformance?f=json").json())
    assert "ogcapi-styles-1/0.0/conf/sld-11" in classes
    assert "ogcapi-maps-1/1.0/conf/core" in classes
