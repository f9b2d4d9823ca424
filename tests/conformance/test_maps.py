"""OGC API - Maps, Part 1 (20-058, annex A) and OGC API - Styles (20-009, draft)."""

from __future__ import annotations

import io
import json

import pytest
from lxml import etree
from PIL import Image
from pyproj import Transformer

from tests.conformance.walk import CRS84, EPSG, REL, SURFACE, Api, conf, is_error, links

MAPS, STYLES = "ogcapi-maps-1/1.0/conf", "ogcapi-styles-1/0.0/conf"
MAP = f"/collections/{SURFACE}/map"
BOX = "107.5,16.4,107.7,16.6"
SERVED = (4326, 3857, 9214, 3405, 3406, 4756)


def surfaces(api: Api) -> list[str]:
    return [name for name, entry in api.collections.items() if links(entry, f"{REL}/map")]


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@conf(f"{MAPS}/core", "map-op", "map-response")
def test_map(api: Api) -> None:
    """A map is a picture, in the collection's CRS, and says where it lies."""
    for name in surfaces(api):
        answer = api.ask(f"/collections/{name}/map", accept="image/png", width=64)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.headers["content-crs"] == f"<{api.collections[name]['storageCrs']}>"
        west, south, east, north = map(float, answer.headers["content-bbox"].split(","))
        assert west < east
        assert south < north
        assert picture(answer.content).size[0] == 64


@conf(f"{MAPS}/core", "conformance-success")
def test_declared(api: Api) -> None:
    """The classes of maps are declared."""
    assert any(name.endswith("ogcapi-maps-1/1.0/conf/core") for name in api.declared)


@conf(f"{MAPS}/collection-map", "map-operation", "desc-links", "desc-crs")
def test_collection_map(api: Api) -> None:
    """A surface links to its map and lists the CRS that it is in."""
    assert SURFACE in surfaces(api)
    for name in surfaces(api):
        link = links(api.collections[name], f"{REL}/map")[0]
        assert link["type"] == "image/png"
        assert api.ask(link["href"]).headers["content-type"] == "image/png"
        assert api.collections[name]["storageCrs"] in api.collections[name]["crs"]


@conf(f"{MAPS}/styled-map", "operation", "desc-links")
def test_styled_map(api: Api) -> None:
    """Every style of a surface has a map of its own; another style is 404."""
    for name in surfaces(api):
        styles = api.json(f"/collections/{name}/styles")["styles"]
        assert styles
        for style in styles:
            answer = api.ask(f"/collections/{name}/styles/{style['id']}/map", width=16)
            assert picture(answer.content).size[0] == 16
    is_error(api.ask(f"/collections/{SURFACE}/styles/surely-unknown/map"), 404)


@conf(f"{MAPS}/tilesets", "desc-links", "tiles-parameters")
def test_tilesets(api: Api) -> None:
    """A surface links to the tilesets of its map; their tiles are pictures, with ``datetime`` too."""
    tilesets = api.json(links(api.collections[SURFACE], f"{REL}/tilesets-map")[0]["href"])["tilesets"]
    for one in tilesets:
        assert one["dataType"] == "map"
        whole = api.json(links(one, "self")[0]["href"])
        place = whole["tileMatrixSetLimits"][-1]
        href = links(whole, "item")[0]["href"]
        for part in ("tileMatrix", "minTileRow", "minTileCol"):
            href = href.replace(f"{{{part.replace('minTile', 'tile')}}}", str(place[part]))
        assert picture(api.ask(href).content).size == (256, 256)
        before = api.ask(href, datetime="1990-01-01")
        assert before.status_code == 404 or picture(before.content).convert("RGBA").getextrema()[3] == (0, 0)


@conf(f"{MAPS}/crs", "crs-definition", "map-success")
@pytest.mark.parametrize("code", SERVED)
def test_crs(api: Api, code: int) -> None:
    """A map of a box in CRS84, in any served CRS, lies where that box lies, in the CRS's axis order."""
    uri = f"{EPSG}/{code}"
    answer = api.ask(MAP, crs=uri, bbox=BOX, width=64)
    assert answer.headers["content-crs"] == f"<{uri}>"
    low_first, low_second, high_first, high_second = map(float, answer.headers["content-bbox"].split(","))
    middle = Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform(107.6, 16.5)
    assert low_first < middle[0] < high_first
    assert low_second < middle[1] < high_second
    is_error(api.ask(MAP, crs=f"{EPSG}/2154"), 400)


@conf(
    f"{MAPS}/datetime",
    "datetime-definition", "datetime-response", "subset-definition", "axis", "subset-response", "map-success",
)  # fmt: skip
def test_datetime(api: Api) -> None:
    """A moment chooses among the dated surfaces, by ``datetime`` or by the axis ``time``."""
    first, last = api.collections[SURFACE]["extent"]["temporal"]["interval"][0]
    assert api.parameter(MAP, "datetime")["schema"]["type"] == "string"
    by_time = api.ask(MAP, datetime=last, width=64)
    by_axis = api.ask(MAP, subset=f'time("{last}")', width=64)
    assert by_time.status_code == by_axis.status_code == 200
    assert by_time.content == by_axis.content
    assert api.status(MAP, datetime=first, width=64) in (200, 404)
    is_error(api.ask(MAP, datetime="yesterday"), 400)
    is_error(api.ask(MAP, datetime="1990-01-01"), 404)


@conf(f"{MAPS}/background", "transparent-definition", "bgcolor-definition", "map-success")
def test_background(api: Api) -> None:
    """``bgcolor`` is a colour by number or by name, ``transparent`` lets what lies below be seen."""
    clear = picture(api.ask(MAP, width=64, transparent="true").content).convert("RGBA")
    assert clear.getextrema()[3][0] == 0
    for colour in ("0xFF0000", "red"):
        filled = picture(api.ask(MAP, width=64, bgcolor=colour, transparent="false").content).convert("RGBA")
        assert filled.getextrema()[3] == (255, 255)
        assert filled.getpixel((0, 0)) == (255, 0, 0, 255)
    for wrong in ({"bgcolor": "surely-unknown"}, {"transparent": "perhaps"}):
        is_error(api.ask(MAP, **wrong), 400)


@conf(f"{MAPS}/scaling", "width-definition", "height-definition", "scale-denominator-definition")
def test_scaling(api: Api) -> None:
    """The size of the picture, by its sides or by a scale: twice the scale has half the pixels."""
    assert picture(api.ask(MAP, bbox=BOX, width=120, height=90).content).size == (120, 90)
    assert picture(api.ask(MAP, bbox=BOX, width=120).content).size[0] == 120
    assert picture(api.ask(MAP, bbox=BOX, height=90).content).size[1] == 90
    large, small = (
        picture(api.ask(MAP, bbox=BOX, scale_denominator=scale).content).size[0]
        for scale in (200_000, 400_000)
    )
    assert abs(large / 2 - small) <= 1
    for wrong in ({"width": 0}, {"height": -5}, {"scale_denominator": 0}):
        is_error(api.ask(MAP, **wrong), 400)


@conf(f"{MAPS}/display-resolution", "mm-per-pixel-definition", "map-success")
def test_display_resolution(api: Api) -> None:
    """At one scale, pixels of twice the size are half as many."""
    fine, coarse = (
        picture(api.ask(MAP, bbox=BOX, scale_denominator=200_000, mm_per_pixel=size).content).size[0]
        for size in (0.28, 0.56)
    )
    assert abs(fine / 2 - coarse) <= 1
    is_error(api.ask(MAP, mm_per_pixel=0), 400)


@conf(
    f"{MAPS}/spatial-subsetting",
    "bbox-definition",
    "bbox-crs",
    "subset-definition",
    "subset-crs",
    "subset-response",
)
@conf(f"{MAPS}/spatial-subsetting", "center-definition", "center-crs", "width-height", "map-success")
def test_subsetting(api: Api) -> None:
    """A box, the axes, and a middle with a size choose the same place, in any served CRS."""
    by_box = api.ask(MAP, bbox=BOX, width=64, height=64)
    for same in (
        {"bbox": "16.4,107.5,16.6,107.7", "bbox_crs": f"{EPSG}/4326"},
        {"subset": "Lon(107.5:107.7),Lat(16.4:16.6)"},
        {"subset": "Lon(107.5:107.7),Lat(16.4:16.6)", "subset_crs": CRS84},
    ):
        answer = api.ask(MAP, width=64, height=64, **same)
        assert answer.headers["content-bbox"] == by_box.headers["content-bbox"], same
        assert answer.content == by_box.content, same
    for middle in ({"center": "107.6,16.5"}, {"center": "16.5,107.6", "center_crs": f"{EPSG}/4326"}):
        answer = api.ask(MAP, width=64, height=32, scale_denominator=100_000, crs=f"{EPSG}/9214", **middle)
        north_west = list(map(float, answer.headers["content-bbox"].split(",")))
        # At 1 to 100,000 a pixel of 0.28 mm is 28 m.
        spans = sorted((north_west[2] - north_west[0], north_west[3] - north_west[1]))
        assert spans == pytest.approx([32 * 28.0, 64 * 28.0], rel=0.01)
    for wrong in ({"center": "nowhere"}, {"bbox": "1,2,3"}, {"subset": "Height(1:2)"}):
        is_error(api.ask(MAP, **wrong), 400)


@conf(f"{MAPS}/png", "content")
def test_png(api: Api) -> None:
    """The picture is a PNG that lets the background through where there are no data."""
    drawn = picture(api.ask(MAP, width=200).content)
    assert drawn.format == "PNG"
    assert drawn.convert("RGBA").getextrema()[3][0] == 0


@conf(f"{STYLES}/core", "1")
def test_styles(api: Api) -> None:
    """Every style has a name of its own, a stylesheet in every form that it links to, and metadata."""
    styles = api.json("/styles")["styles"]
    assert len({style["id"] for style in styles}) == len(styles)
    for style in styles:
        for link in links(style, "stylesheet"):
            answer = api.ask(link["href"], accept=link["type"])
            assert answer.status_code == 200, link
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]
            assert f"/styles/{style['id']}" in link["href"]
        metadata = api.json(links(style, "describedby")[0]["href"])
        assert metadata["id"] == style["id"]
        assert metadata["stylesheets"]
    is_error(api.ask("/styles/surely-unknown"), 404)


@conf(f"{STYLES}/core", "2")
def test_styles_of_collections(api: Api) -> None:
    """The list holds the styles of every layer and surface."""
    listed = {style["id"] for style in api.json("/styles")["styles"]}
    for name in (*api.layers, *surfaces(api)):
        assert {style["id"] for style in api.json(f"/collections/{name}/styles")["styles"]} <= listed, name


@conf(f"{STYLES}/html", "content")
def test_styles_as_page(api: Api) -> None:
    """Styles have pages for people."""
    for path in ("/styles", f"/styles/{SURFACE}/metadata"):
        answer = api.ask(path, accept="text/html")
        assert answer.headers["content-type"].startswith("text/html")
        assert etree.HTML(answer.text).findtext(".//h1")


@conf(f"{STYLES}/mapbox-style", "content")
def test_mapbox_style(api: Api) -> None:
    """A Mapbox style is version 8 with its sources and layers."""
    answer = api.ask("/styles/cameras", f="mbs")
    assert answer.headers["content-type"].startswith("application/vnd.mapbox.style+json")
    style = json.loads(answer.text)
    assert style["version"] == 8
    assert {layer["source"] for layer in style["layers"] if "source" in layer} <= set(style["sources"])


@conf(f"{STYLES}/sld-11", "content")
def test_sld(api: Api) -> None:
    """An SLD is version 1.1 with a named layer."""
    answer = api.ask("/styles/cameras", f="sld11")
    root = etree.fromstring(answer.content)
    assert root.tag == "{http://www.opengis.net/sld}StyledLayerDescriptor"
    assert root.get("version") == "1.1.0"
    assert root.find("{http://www.opengis.net/sld}NamedLayer") is not None


def test_crs84_is_served(api: Api) -> None:
    """A map in CRS84 needs no word of its CRS, and may say it."""
    answer = api.ask(MAP, crs=CRS84, bbox=BOX, width=32)
    assert answer.headers.get("content-crs", f"<{CRS84}>") == f"<{CRS84}>"
