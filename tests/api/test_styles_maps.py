"""Pictures of surfaces: every pixel is what the cell below it says."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from pyproj import Transformer

from layers.raster import Band
from layers.registry import SURFACES
from layers.styles.catalogue import STYLES, BandStyle
from layers.tiles.matrix_sets import MATRIX_SETS
from tests.conftest import RunningService

MAP = "/ogc/collections/flood-risk/map"
CITY = (107.58, 16.46)


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base_url, timeout=60) as opened:
        yield opened


def picture(answer: httpx.Response) -> NDArray[np.uint8]:
    """RGBA, shape (rows, columns, 4)."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGBA"))


def colored(cells: NDArray[np.float32], band: Band) -> NDArray[np.uint8]:
    """What the ramp makes of cells, told step by step."""
    shown = np.zeros((*cells.shape, 4), np.uint8)
    for stop in band.stops:
        shown[cells >= np.float32(stop.value)] = [*bytes.fromhex(stop.color[1:]), 255]
    return shown


@pytest.mark.parametrize(
    "style", [one for one in STYLES.values() if isinstance(one, BandStyle)], ids=lambda one: one.name
)
def test_each_pixel_has_the_colour_of_its_cell(
    service: RunningService, client: httpx.Client, style: BandStyle
) -> None:
    path = service.place.var_dir / "surfaces" / f"{style.collection}.tif"
    with rasterio.open(path) as source:
        cells = source.read(style.index)
        # Its middle, where something is known.
        (top, bottom), (left, right) = ((side // 4, side // 4 + min(300, side // 2)) for side in cells.shape)
        cells = cells[top:bottom, left:right]
        west, north = source.transform @ (left, top)
        east, south = source.transform @ (right, bottom)
        crs = f"http://www.opengis.net/def/crs/EPSG/0/{source.crs.to_epsg()}"
    # PROJ's EPSG:9214 has easting first.
    asked = {
        "bbox": f"{west},{south},{east},{north}",
        "bbox-crs": crs,
        "crs": crs,
        "width": right - left,
        "height": bottom - top,
    }
    drawn = picture(client.get(f"/ogc/collections/{style.collection}/styles/{style.name}/map", params=asked))
    expected = colored(cells, style.band)
    assert (drawn[..., 3] == expected[..., 3]).all()
    assert (drawn[drawn[..., 3] > 0] == expected[expected[..., 3] > 0]).all()


def test_the_whole_surface_is_drawn_where_no_place_is_named(client: httpx.Client) -> None:
    answer = client.get(MAP)
    drawn = picture(answer)
    assert max(drawn.shape[:2]) == 1024
    transparent = float((drawn[..., 3] == 0).mean())
    assert 0 < transparent < 1
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/EPSG/0/9214>"
    west, south, east, north = map(float, answer.headers["content-bbox"].split(","))
    assert drawn.shape[1] / drawn.shape[0] == pytest.approx((east - west) / (north - south), rel=0.01)


def test_a_place_outside_is_transparent_altogether(client: httpx.Client) -> None:
    assert not picture(client.get(MAP, params={"bbox": "10,50,11,51"}))[..., 3].any()


def test_the_box_comes_back_in_the_order_of_the_crs(client: httpx.Client) -> None:
    asked = {"bbox": "107.5,16.4,107.7,16.6", "width": 100}
    as_crs84 = client.get(MAP, params=asked | {"crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"})
    as_4326 = client.get(MAP, params=asked | {"crs": "http://www.opengis.net/def/crs/EPSG/0/4326"})
    assert as_crs84.headers["content-bbox"] == "107.5,16.4,107.7,16.6"
    assert as_4326.headers["content-bbox"] == "16.4,107.5,16.6,107.7"
    assert as_crs84.content == as_4326.content
    assert picture(as_crs84).shape[:2] == (100, 100)


@pytest.mark.parametrize("name", MATRIX_SETS)
def test_a_tile_is_the_map_of_its_place(client: httpx.Client, name: str) -> None:
    of, level = MATRIX_SETS[name], 10
    x, y = Transformer.from_crs(4326, of.srid, always_xy=True).transform(*CITY)
    col = int((x - of.bounds.west) / of.size(level))
    row = int((of.bounds.north - y) / of.size(level))
    tile = client.get(f"{MAP}/tiles/{name}/{level}/{row}/{col}")
    assert picture(tile)[..., 3].any()
    place = ",".join(map(repr, of.tile_bounds(level, row, col)))
    asked = {"bbox": place, "bbox-crs": of.crs_uri, "crs": of.crs_uri, "width": 256, "height": 256}
    whole = picture(client.get(MAP, params=asked))
    assert (picture(tile) == whole).mean() > 0.999


def test_tiles_are_described(client: httpx.Client) -> None:
    listed = client.get(f"{MAP}/tiles?f=json").json()
    assert [one["tileMatrixSetURI"].rsplit("/", 1)[-1] for one in listed["tilesets"]] == list(MATRIX_SETS)
    for one in listed["tilesets"]:
        links = {link["rel"].rsplit("/", 1)[-1]: link["href"] for link in one["links"]}
        described = client.get(links["self"]).json()
        assert described["dataType"] == "map"
        assert client.get(links["tiling-scheme"]).status_code == 200
        last = described["tileMatrixSetLimits"][8]
        place = links["item"].replace("{tileMatrix}", last["tileMatrix"])
        place = place.replace("{tileRow}", str(last["minTileRow"])).replace(
            "{tileCol}", str(last["minTileCol"])
        )
        assert picture(client.get(place)).shape == (256, 256, 4)
        assert "<h1>" in client.get(links["alternate"]).text


def test_a_picture_that_is_known_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get(MAP, params={"width": 50})
    again = client.get(MAP, params={"width": 50}, headers={"If-None-Match": first.headers["etag"]})
    other = client.get(MAP, params={"width": 51}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        (MAP, {"width": "0"}, 400),
        (MAP, {"height": "4097"}, 400),
        (MAP, {"width": "4000", "height": "4000"}, 400),
        (MAP, {"width": "１"}, 400),
        (MAP, {"bbox": "1,2,3"}, 400),
        (MAP, {"crs": "EPSG:2154"}, 400),
        (MAP, {"bgcolor": "reddish"}, 400),
        (MAP, {"transparent": "1"}, 400),
        (MAP, {"center": "107.58"}, 400),
        (MAP, {"center-crs": "nowhere"}, 400),
        (MAP, {"center": "107.58,16.46", "bbox": "107,16,108,17"}, 400),
        (MAP, {"scale-denominator": "0"}, 400),
        (MAP, {"scale-denominator": "5000", "width": "9", "bbox": "107,16,108,17"}, 400),
        (MAP, {"mm-per-pixel": "x"}, 400),
        (MAP, {"datetime": "yesterday"}, 400),
        (MAP, {"f": "jpeg"}, 400),
        ("/ogc/collections/cameras/map", {}, 404),
        ("/ogc/collections/nowhere/map", {}, 404),
        ("/ogc/collections/flood-risk/styles/cameras/map", {}, 404),
        (f"{MAP}/tiles/Nowhere/1/0/0", {}, 404),
        (f"{MAP}/tiles/WebMercatorQuad/1/2/0", {}, 404),
        (f"{MAP}/tiles/WebMercatorQuad/99/0/0", {}, 404),
        (f"{MAP}/tiles/WebMercatorQuad/-1/0/0", {}, 404),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(
    client: httpx.Client, path: str, asked: dict[str, str], status: int
) -> None:
    answer = client.get(path, params=asked)
    assert answer.status_code == status
    assert answer.json()["description"]


def test_the_background_is_as_asked_for(client: httpx.Client) -> None:
    """OGC 20-058, /conf/background/map-success: colour and opacity where there are no data."""
    outside = {"bbox": "10,50,11,51", "width": "8"}
    for asked, seen in (
        ({}, (255, 255, 255, 0)),
        ({"transparent": "false"}, (255, 255, 255, 255)),
        ({"bgcolor": "0x102030"}, (16, 32, 48, 255)),
        ({"bgcolor": "Navy", "transparent": "true"}, (0, 0, 128, 0)),
    ):
        drawn = picture(client.get(MAP, params=outside | asked))
        assert (drawn == np.array(seen, np.uint8)).all()
    drawn = picture(client.get(MAP, params={"width": "300", "bgcolor": "white"}))
    plain = picture(client.get(MAP, params={"width": "300"}))
    assert (drawn[..., 3] == 255).all()
    assert (drawn[plain[..., 3] > 0] == plain[plain[..., 3] > 0]).all()
    tile = f"{MAP}/tiles/WebMercatorQuad/0/0/0"
    assert (picture(client.get(tile, params={"bgcolor": "red"}))[..., 3] == 255).all()


def test_beyond_the_world_is_void(client: httpx.Client) -> None:
    crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    asked = {"bbox": "170,0,190,10", "crs": crs, "width": "20", "height": "10", "void-color": "red"}
    drawn = picture(client.get(MAP, params=asked | {"bgcolor": "blue"}))
    assert (drawn[:, :10] == np.array((0, 0, 255, 255), np.uint8)).all()
    assert (drawn[:, 10:] == np.array((255, 0, 0, 255), np.uint8)).all()
    seen_through = picture(client.get(MAP, params=asked | {"bgcolor": "blue", "void-transparent": "true"}))
    assert (seen_through[:, 10:, 3] == 0).all()


def test_a_map_by_centre_and_scale(client: httpx.Client) -> None:
    asked = {"center": "107.58,16.46", "scale-denominator": "100000", "width": "400", "height": "300"}
    answer = client.get(MAP, params=asked)
    assert picture(answer).shape[:2] == (300, 400)
    west, south, east, north = map(float, answer.headers["content-bbox"].split(","))
    # 28 m to the pixel, on a grid that is true to scale to 1 in 10,000.
    assert east - west == pytest.approx(400 * 28, rel=1e-3)
    assert north - south == pytest.approx(300 * 28, rel=1e-3)
    again = client.get(MAP, params=asked | {"mm-per-pixel": "0.14"})
    west, _, east, _ = map(float, again.headers["content-bbox"].split(","))
    assert east - west == pytest.approx(400 * 14, rel=1e-3)


def test_a_map_says_when_it_is_of(client: httpx.Client) -> None:
    """OGC 20-058, /req/core/map-response: where the data have a time, so has the answer."""
    moment = client.get(MAP, params={"width": "8"}).headers["content-datetime"]
    ends = client.get("/ogc/collections/flood-risk").json()["extent"]["temporal"]["interval"][0]
    assert moment == ends[1]
    assert client.get(MAP, params={"width": "8", "datetime": moment}).headers["content-datetime"] == moment


def test_every_surface_has_a_map(client: httpx.Client) -> None:
    for name in SURFACES:
        assert picture(client.get(f"/ogc/collections/{name}/map", params={"width": 64})).shape[1] == 64
