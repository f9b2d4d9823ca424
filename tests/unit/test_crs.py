"""Reference systems: known points, axis order, and the datum shift that a null recipe would miss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis_core.crs import CRS84_URI, lonlat_to_metric, metric_to_lonlat, parse_crs, read_crs, transformer
from gis_core.errors import CRSMismatchError, InvalidParameterError


def test_the_datum_shift_at_hue_is_about_225_m() -> None:
    """VN-2000 and WGS 84 coordinates of one place differ by what Decision 05/2007 of MONRE implies."""
    lon, lat = transformer(4326, 4756).transform(107.58, 16.46)
    _, _, distance_m = Geod(ellps="WGS84").inv(107.58, 16.46, lon, lat)
    assert 150 < distance_m < 300


def test_the_metric_grid_measures_metres() -> None:
    """A kilometre on the ellipsoid is a kilometre on the grid within its scale factor (0.9999 at 107°)."""
    geod = Geod(ellps="WGS84")
    lon, lat, _ = geod.fwd(107.58, 16.46, 90, 1000)
    x, y = lonlat_to_metric(np.array([107.58, lon]), np.array([16.46, lat]))
    assert np.hypot(np.diff(x), np.diff(y)) == pytest.approx([1000], rel=2e-4)


@given(lon=st.floats(107.0, 108.25), lat=st.floats(15.95, 16.8))
def test_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    """Within a millimetre: the datum operation's inverse is a rounded one."""
    back = metric_to_lonlat(*lonlat_to_metric(np.array([lon]), np.array([lat])))
    assert back[0] == pytest.approx([lon], abs=1e-8)
    assert back[1] == pytest.approx([lat], abs=1e-8)


@pytest.mark.parametrize(
    ("text", "srid", "y_first"),
    [
        (CRS84_URI, 4326, False),
        ("CRS84", 4326, False),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, True),
        ("EPSG:4326", 4326, True),
        ("epsg:9214", 9214, False),
        ("http://www.opengis.net/def/crs/EPSG/9.9/3857", 3857, False),
        ("[EPSG:4756]", 4756, True),
        ("urn:ogc:def:crs:EPSG::9214", 9214, False),
        ("urn:ogc:def:crs:EPSG::4326", 4326, True),
    ],
)
def test_a_crs_is_read_with_its_authoritys_axis_order(text: str, srid: int, y_first: bool) -> None:
    crs = parse_crs(text)
    assert (crs.srid, crs.y_first) == (srid, y_first)


@pytest.mark.parametrize("text", ["", "9214", "EPSG:9999", "EPSG:2154", "http://example.org/crs"])
def test_a_crs_that_is_not_served_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="EPSG:9214"):
        parse_crs(text)


def test_an_unknown_crs_of_a_file_is_refused_by_name() -> None:
    with pytest.raises(CRSMismatchError, match=r"roads\.shp.*EPSG:999999"):
        read_crs("EPSG:999999", "roads.shp")
