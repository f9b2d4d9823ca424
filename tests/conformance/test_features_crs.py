"""OGC API - Features, Part 2: Coordinate Reference Systems by Reference (18-058r1, annex A)."""

from __future__ import annotations

import pytest
from pyproj import Transformer
from shapely.geometry import shape

from tests.conformance.walk import CRS84, EPSG, LAYER, Api, conf, is_error

CRS = "ogcapi-features-2/1.0/conf/crs"
ITEMS = f"/collections/{LAYER}/items"
SERVED = (4326, 3857, 9214, 3405, 3406, 4756)


def authority(uri: str) -> str:
    """A CRS as pyproj names it."""
    return "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"


def place(api: Api, **parameters: str) -> tuple[float, float]:
    """The coordinates of the first camera, as they are written."""
    first, second = shape(api.features(LAYER, limit=1, **parameters)[0]["geometry"]).coords[0][:2]
    return first, second


def expected(api: Api, uri: str) -> tuple[float, float]:
    """Where it lies in a CRS, in the axis order of its authority."""
    moved = Transformer.from_crs("OGC:CRS84", authority(uri)).transform(*place(api))
    return moved[0], moved[1]


@conf(CRS, "crs-uri")
def test_uris(api: Api) -> None:
    """Every CRS that a layer lists is an address of the OGC's register."""
    for name in api.layers:
        assert all(uri.startswith("http://www.opengis.net/def/crs/") for uri in api.collections[name]["crs"])


@conf(CRS, "default-crs")
def test_default(api: Api) -> None:
    """Every layer has CRS84 first."""
    for name in api.layers:
        assert api.collections[name]["crs"][0] == CRS84, name


@conf(CRS, "storageCrs")
def test_storage(api: Api) -> None:
    """The CRS that features are kept in is one of those listed."""
    for name in api.layers:
        assert api.collections[name]["storageCrs"] in api.collections[name]["crs"], name


@conf(CRS, "crs-parameter")
def test_parameter(api: Api) -> None:
    """Every listed CRS can be asked for, and the answer says that it is in it."""
    for uri in api.collections[LAYER]["crs"]:
        assert api.ask(ITEMS, crs=uri, limit=1).headers["content-crs"] == f"<{uri}>"


@conf(CRS, "crs-parameter-default")
def test_parameter_default(api: Api) -> None:
    """Without ``crs`` the answer is in CRS84."""
    assert api.ask(ITEMS, limit=1).headers["content-crs"] == f"<{CRS84}>"
    assert place(api) == place(api, crs=CRS84)


@conf(CRS, "crs-parameter-invalid")
def test_parameter_invalid(api: Api) -> None:
    """A CRS that is not listed is 400, whatever it is."""
    for wrong in (f"{EPSG}/2154", "http://www.opengis.net/def/crs/EPSG/0/0", "x"):
        is_error(api.ask(ITEMS, crs=wrong), 400)


@conf(CRS, "crs-parameter-transform", "crs-transform")
@pytest.mark.parametrize("code", SERVED)
def test_transform(api: Api, code: int) -> None:
    """Coordinates are right to a centimetre, in the axis order of the CRS."""
    tolerance = 1e-7 if code in (4326, 4756) else 0.01
    assert place(api, crs=f"{EPSG}/{code}") == pytest.approx(expected(api, f"{EPSG}/{code}"), abs=tolerance)


@conf(CRS, "bbox-crs-parameter")
@pytest.mark.parametrize("code", SERVED)
def test_bbox(api: Api, code: int) -> None:
    """A box around a camera, given in a CRS and its axis order, finds that camera."""
    first, second = expected(api, f"{EPSG}/{code}")
    reach = 1e-5 if code in (4326, 4756) else 1.0
    corners = f"{first - reach},{second - reach},{first + reach},{second + reach}"
    found = api.ids(LAYER, bbox=corners, bbox_crs=f"{EPSG}/{code}")
    assert api.features(LAYER, limit=1)[0]["id"] in found
    assert len(found) < len(api.ids(LAYER))


@conf(CRS, "bbox-crs-parameter-default")
def test_bbox_default(api: Api) -> None:
    """Without ``bbox-crs`` a box is in CRS84."""
    corners = "107.55,16.44,107.62,16.49"
    assert api.ids(LAYER, bbox=corners) == api.ids(LAYER, bbox=corners, bbox_crs=CRS84) != set()


@conf(CRS, "bbox-crs-parameter-invalid")
def test_bbox_invalid(api: Api) -> None:
    """A CRS that is not listed is 400 for boxes too."""
    is_error(api.ask(ITEMS, bbox="1,2,3,4", bbox_crs=f"{EPSG}/2154"), 400)
