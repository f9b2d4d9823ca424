"""OGC API - Coverages, Part 1 (19-087, draft), in the classes that the service declares."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from rasterio.io import DatasetReader, MemoryFile

from tests.conformance.walk import EPSG, REL, SURFACE, Api, conf, is_error, links

COVERAGES = "ogcapi-coverages-1/1.0/conf"
COVERAGE = f"/collections/{SURFACE}/coverage"
BOX = "107.5,16.4,107.7,16.6"


def cells(api: Api, **parameters: object) -> tuple[dict[str, object], NDArray[np.float32]]:
    """The profile, with the bounds and the names of the bands, and the values of a coverage."""
    answer = api.ask(COVERAGE, **parameters)
    assert answer.status_code == 200, answer.text
    with MemoryFile(answer.content) as file, file.open() as dataset:
        opened: DatasetReader = dataset
        told = {
            "bounds": tuple(opened.bounds),
            "epsg": opened.crs.to_epsg(),
            "names": list(opened.descriptions),
        }
        return told, opened.read()


def surfaces(api: Api) -> list[str]:
    return [name for name, entry in api.collections.items() if links(entry, f"{REL}/coverage")]


@conf(f"{COVERAGES}/core", "conformance-success", "collection-description")
@conf(f"{COVERAGES}/geodata-coverage", "desc-links")
def test_description(api: Api) -> None:
    """A surface links to its coverage and says its CRS and its grid."""
    assert SURFACE in surfaces(api)
    for name in surfaces(api):
        entry = api.collections[name]
        assert entry["storageCrs"] in entry["crs"]
        across, down = entry["extent"]["spatial"]["grid"][:2]
        assert min(across["cellsCount"], down["cellsCount"], across["resolution"], down["resolution"]) > 0


@conf(f"{COVERAGES}/core", "coverage-fields-schema")
def test_fields(api: Api) -> None:
    """Every band has a title, a type, a unit and a place in the order of the file's bands."""
    for name in surfaces(api):
        fields = api.json(f"/collections/{name}/schema")["properties"]
        order = [field["x-ogc-propertySeq"] for field in fields.values()]
        assert order == list(range(1, len(fields) + 1))
        assert all(field["title"] and field["type"] == "number" for field in fields.values())


@conf(f"{COVERAGES}/core", "get-coverage", "response-headers")
@conf(f"{COVERAGES}/geodata-coverage", "operation")
def test_coverage(api: Api) -> None:
    """The coverage is of the linked type, in its own CRS, with its bands in order."""
    link = links(api.collections[SURFACE], f"{REL}/coverage")[0]
    answer = api.ask(link["href"], method="HEAD")
    assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
    told, values = cells(api, scale_factor=8)
    assert told["epsg"] == 9214
    assert told["names"] == list(api.json(f"/collections/{SURFACE}/schema")["properties"])
    assert np.isfinite(values).any()


@conf(f"{COVERAGES}/coverage-bbox", "bbox-definition", "bbox-response", "bbox-crs")
def test_bbox(api: Api) -> None:
    """A box cuts out the cells that meet it, whatever CRS it is given in."""
    told, values = cells(api, bbox=BOX)
    _, whole = cells(api, scale_factor=1, bbox="107,15.95,108.25,16.8")
    assert values.size < whole.size
    turned, same = cells(api, bbox="16.4,107.5,16.6,107.7", bbox_crs=f"{EPSG}/4326")
    assert turned["bounds"] == told["bounds"]
    np.testing.assert_array_equal(values, same)
    is_error(api.ask(COVERAGE, bbox="1,2,3"), 400)


@conf(f"{COVERAGES}/subsetting", "bbox", "subset", "datetime", "subset-invalid-axis", "multiple-subset")
@conf(f"{COVERAGES}/coverage-subset", "subset-definition", "subset-success", "subset-crs")
def test_subset(api: Api) -> None:
    """The axes cut as the box does; an axis that there is not, or that is named twice, is 400."""
    by_box, values = cells(api, bbox=BOX)
    by_axes, same = cells(api, subset="Lon(107.5:107.7),Lat(16.4:16.6)")
    assert by_axes["bounds"] == by_box["bounds"]
    np.testing.assert_array_equal(values, same)
    for wrong in ("Height(1:2)", "Lon(107.5:107.6),Lon(107.5:107.6)", "Lon(9:8)", "nonsense"):
        is_error(api.ask(COVERAGE, subset=wrong), 400)


@conf(f"{COVERAGES}/coverage-datetime", "datetime-definition", "datetime-response")
def test_datetime(api: Api) -> None:
    """A moment chooses among the dated surfaces; before the first there is none."""
    last = api.collections[SURFACE]["extent"]["temporal"]["interval"][0][1]
    _, now = cells(api, scale_factor=8)
    _, then = cells(api, scale_factor=8, datetime=last)
    np.testing.assert_array_equal(now, then)
    is_error(api.ask(COVERAGE, datetime="1990-01-01"), 404)
    is_error(api.ask(COVERAGE, datetime="yesterday"), 400)


@conf(f"{COVERAGES}/scaling", "scale-factor", "scale-axes", "scale-size")
@conf(f"{COVERAGES}/coverage-scaling", "scale-factor", "scale-axes", "scale-size", "no-param")
@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ({"scale_size": "Lon(80),Lat(60)"}, (60, 80)),
        ({"scale_factor": "4"}, (0.25, 0.25)),
        ({"scale_axes": "Lon(2),Lat(4)"}, (0.25, 0.5)),
    ],
)
def test_scaling(api: Api, parameters: dict[str, str], shape: tuple[float, float]) -> None:
    """The three ways to say how large cells are wanted."""
    told, whole = cells(api, bbox=BOX)
    scaled, values = cells(api, bbox=BOX, **parameters)
    assert scaled["bounds"] == pytest.approx(told["bounds"])
    for place, wanted in enumerate(shape, 1):
        expected = wanted if wanted >= 1 else whole.shape[place] * wanted
        assert abs(values.shape[place] - expected) <= 1
    for wrong in ({"scale_factor": "0"}, {"scale_size": "Lon(-3)"}, {"scale_axes": "Up(2)"}):
        is_error(api.ask(COVERAGE, **wrong), 400)


@conf(f"{COVERAGES}/fieldselection", "properties", "response")
@conf(f"{COVERAGES}/coverage-rangesubset", "properties", "rangesubset-success")
def test_bands(api: Api) -> None:
    """``properties`` chooses bands; one that there is not is 400."""
    names = list(api.json(f"/collections/{SURFACE}/schema")["properties"])
    told, values = cells(api, properties=names[1], bbox=BOX)
    _, whole = cells(api, bbox=BOX)
    assert told["names"] == names[1:2]
    np.testing.assert_array_equal(values[0], whole[1])
    is_error(api.ask(COVERAGE, properties="surely_unknown"), 400)


@conf(f"{COVERAGES}/crs", "crs-definition", "crs-response")
@pytest.mark.parametrize("code", [4326, 3857, 9214])
def test_crs(api: Api, code: int) -> None:
    """A part of a coverage in another CRS says so, in its header and in its file."""
    answer = api.ask(COVERAGE, bbox=BOX, crs=f"{EPSG}/{code}")
    assert answer.headers["content-crs"] == f"<{EPSG}/{code}>"
    told, values = cells(api, bbox=BOX, crs=f"{EPSG}/{code}")
    assert told["epsg"] == code
    assert np.isfinite(values).any()
    is_error(api.ask(COVERAGE, crs=f"{EPSG}/2154"), 400)


@conf(f"{COVERAGES}/geotiff", "content", "definition")
def test_geotiff(api: Api) -> None:
    """The file is a GeoTIFF with its CRS, its place and what stands for nothing."""
    answer = api.ask(COVERAGE, accept="image/tiff; application=geotiff", bbox=BOX)
    assert answer.headers["content-type"] == "image/tiff; application=geotiff"
    with MemoryFile(answer.content) as file, file.open() as dataset:
        assert dataset.driver == "GTiff"
        assert dataset.crs.to_epsg() == 9214
        assert dataset.nodata is not None


@conf(f"{COVERAGES}/oas30", "completeness")
def test_openapi(api: Api) -> None:
    """Every coverage is in the definition with its parameters."""
    for name in surfaces(api):
        for parameter in (
            "bbox",
            "subset",
            "datetime",
            "properties",
            "scale-factor",
            "scale-size",
            "scale-axes",
        ):
            assert api.parameter(f"/collections/{name}/coverage", parameter)["in"] == "query"
