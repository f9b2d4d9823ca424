"""GDAL reads the API: Debian's programs, and the newer GDAL within the wheels of pyogrio and rasterio.

GDAL 3.6's ``OGCAPI`` driver knows tile matrix sets of version 1 and coverages of an old draft only;
tiles are read through that driver by the newer GDAL, coverages by both as the COG that they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import httpx
import numpy as np
import pyogrio
import pytest
import rasterio

from tests.clients.test_qgis_filter import counted, matching
from tests.conftest import RunningService

BOX = (107.55, 16.44, 107.62, 16.49)


def program(*words: str) -> str:
    """What a program of gdal-bin says; a warning of it is a failure."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), (words, done.stderr)
    return done.stdout


def layer_of(base_url: str, name: str) -> str:
    return f"OAPIF:{base_url}/ogc/collections/{name}"


def test_ogrinfo_says_how_many_where_and_what(service: RunningService) -> None:
    said = program("ogrinfo", "-ro", "-so", layer_of(service.base_url, "cameras"), "cameras")
    assert "Feature Count: 642" in said
    assert "mast_height_m: Real" in said
    assert "Extent: (107.0" in said


def test_the_whole_dataset_lists_every_layer(service: RunningService) -> None:
    collections = httpx.get(f"{service.base_url}/ogc/collections", params={"f": "json"}).json()["collections"]
    layers = {entry["id"] for entry in collections if entry.get("itemType") == "feature"}
    listed = {name for name, _ in pyogrio.list_layers(f"OAPIF:{service.base_url}/ogc")}
    assert layers <= listed


def test_counts_extent_and_fields(service: RunningService) -> None:
    told = pyogrio.read_info(layer_of(service.base_url, "cameras"))
    assert told["features"] == len(matching(service, "cameras"))
    west, south, east, north = told["total_bounds"]
    assert 107 <= west < east <= 108.25
    assert 15.95 <= south < north <= 16.8
    types = dict(zip(told["fields"], told["ogr_types"], strict=True))
    assert types["mast_height_m"] == "OFTReal"
    assert types["purpose"] == "OFTString"


@pytest.mark.parametrize("page_size", [100, 1000])
def test_ogr2ogr_goes_through_every_page_once(
    service: RunningService, tmp_path: Path, page_size: int
) -> None:
    target = tmp_path / "cameras.gpkg"
    with counted(service) as counter:
        program("ogr2ogr", "-f", "GPKG", str(target), layer_of(counter.base_url, "cameras"), "cameras",
                "-oo", f"PAGE_SIZE={page_size}", "-mapFieldType", "StringList=String")  # fmt: skip
    taken = gpd.read_file(target)
    assert sorted(taken["id"]) == matching(service, "cameras")
    # The first one is asked for twice: once to learn the fields.
    pages = {path for path in counter.asked if f"limit={page_size}" in path}
    assert len(pages) == -(-len(taken) // page_size)


def test_an_area_is_left_to_the_service(service: RunningService) -> None:
    with counted(service) as counter:
        said = program("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", layer_of(counter.base_url, "cameras"),
                       "cameras", "-spat", *map(str, BOX), "-oo", "PAGE_SIZE=1000")  # fmt: skip
    expected = matching(service, "cameras", bbox=",".join(map(str, BOX)))
    assert sorted(one["properties"]["id"] for one in json.loads(said)["features"]) == expected
    assert any("bbox" in query for query in counter.filters())
    assert counter.features[-1] == len(expected)


def test_a_filter_is_left_to_the_service_by_the_newer_gdal(service: RunningService) -> None:
    # In a process of its own: reading keeps Python's lock, which the counting door needs too.
    script = (
        "import sys, pyogrio\n"
        "taken = pyogrio.read_dataframe(sys.argv[1], where=\"purpose = 'forest'\", PAGE_SIZE='1000')\n"
        "print(*taken['id'])"
    )
    with counted(service) as counter:
        said = program(sys.executable, "-c", script, layer_of(counter.base_url, "cameras"))
    expected = matching(service, "cameras", purpose="forest")
    assert sorted(said.split()) == expected
    assert counter.features[-1] == len(expected)


def test_vector_tiles_of_a_level_through_the_ogcapi_driver(service: RunningService) -> None:
    source = f"OGCAPI:{service.base_url}/ogc/collections/cameras"
    drawn = pyogrio.read_dataframe(source, layer="Zoom level 12", bbox=BOX)
    expected = matching(service, "cameras", bbox=",".join(map(str, BOX)))
    assert {code for code in drawn["code"] if code in expected} == set(expected)
    west, south, east, north = drawn.total_bounds
    # A tile's cell is 4,096th of its width: about 0.00002 degrees at this level.
    assert (west, south) >= (BOX[0] - 1e-4, BOX[1] - 0.1)
    assert (east, north) <= (BOX[2] + 1e-4, BOX[3] + 0.1)


def test_a_tile_by_its_address(service: RunningService) -> None:
    """As ``ogr2ogr`` takes one from a static server: Debian's GDAL reads it too."""
    tile = f"{service.base_url}/ogc/collections/road_segments/tiles/WebMercatorQuad/10/464/818?f=mvt"
    said = program("ogrinfo", "-ro", "-so", f"MVT:/vsicurl/{tile}", "road_segments")
    assert "Feature Count: 0" not in said
    assert "Feature Count:" in said


def test_a_coverage_is_a_cog_that_is_read_in_parts(service: RunningService) -> None:
    address = f"/vsicurl/{service.base_url}/ogc/collections/flood-risk/coverage"
    said = json.loads(program("gdalinfo", "-json", address))
    assert (said["size"], len(said["bands"])) == ([2232, 1576], 5)
    assert said["bands"][0]["overviews"]
    with rasterio.open(address) as dataset:
        assert dataset.crs.to_epsg() == 9214
        window = rasterio.windows.from_bounds(560000, 1812000, 566000, 1818000, dataset.transform)
        part = dataset.read(1, window=window)
        small = dataset.read(1, out_shape=(197, 279))
    assert part.shape == (100, 100)
    assert np.isfinite(small[small != -9999]).all()


def test_gdalwarp_takes_a_coverage_into_another_crs(service: RunningService, tmp_path: Path) -> None:
    target = tmp_path / "risk.tif"
    address = f"/vsicurl/{service.base_url}/ogc/collections/flood-risk/coverage"
    program(
        "gdalwarp",
        "-q",
        "-t_srs",
        "EPSG:4326",
        "-te",
        *map(str, BOX),
        "-ts",
        "100",
        "0",
        address,
        str(target),
    )
    with rasterio.open(target) as dataset:
        assert (dataset.crs.to_epsg(), dataset.width) == (4326, 100)
        assert (dataset.read(1) != dataset.nodata).any()
