"""Where maps lie: boxes, centres and scales; and what is seen where nothing is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis_core.crs import METRIC_SRID
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds
from layers.styles.painting import Ground, defined
from ogc_api.coverages.cells import Place
from ogc_api.coverages.query import parse_cut
from ogc_api.maps.background import grounds
from ogc_api.maps.frame import LONGER_SIDE_PX, MM_PER_PIXEL, Frame, frame_of

WHOLE = Place(Bounds(500_000, 1_764_000, 634_000, 1_858_000), METRIC_SRID)
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def frame(**asked: str) -> Frame:
    asked = {name.replace("_", "-"): value for name, value in asked.items()}
    return frame_of(asked, parse_cut(asked), WHOLE)


def test_without_anything_it_is_the_whole_surface() -> None:
    shown = frame()
    assert shown.area == WHOLE.bounds
    assert (shown.width_px, shown.height_px) == (LONGER_SIDE_PX, round(LONGER_SIDE_PX * 94 / 134))


@given(st.floats(1_000, 5_000_000), st.integers(10, 900), st.integers(10, 900))
def test_a_scale_is_that_of_the_middle_of_the_picture(scale: float, width: int, height: int) -> None:
    """OGC 20-058, /req/scaling/scale-denominator-definition, part C, measured on the ellipsoid."""
    asked = {"center": "107.58,16.46", "width": str(width), "height": str(height), "crs": f"{EPSG}3857"}
    shown = frame(**asked, scale_denominator=repr(scale))
    assert (shown.width_px, shown.height_px) == (width, height)
    unit = np.pi / 180 * 6_378_137
    lon = [shown.area.west / unit, shown.area.east / unit]
    _, _, across_m = Geod(ellps="WGS84").inv(lon[0], 16.46, lon[1], 16.46)
    assert across_m == pytest.approx(width * scale * MM_PER_PIXEL / 1000, rel=1e-3)


def test_a_scale_gives_a_box_its_size() -> None:
    box = {"bbox": "560000,1820000,570000,1825000", "bbox_crs": f"{EPSG}{METRIC_SRID}"}
    shown = frame(**box, scale_denominator="50000", mm_per_pixel="0.5")
    # 25 m to the pixel.
    assert (shown.width_px, shown.height_px) == (400, 200)


def test_an_axis_that_is_not_cut_is_that_of_the_surface() -> None:
    asked = {"subset": "E(560000:570000)", "subset_crs": f"{EPSG}{METRIC_SRID}"}
    assert frame(**asked).area == Bounds(560_000, WHOLE.bounds.south, 570_000, WHOLE.bounds.north)


def test_a_centre_speaks_its_own_crs() -> None:
    asked = {"width": "100", "height": "100", "scale_denominator": "10000"}
    by_lon = frame(center="107.58,16.46", **asked).area
    by_lat = frame(center="16.46,107.58", center_crs=f"{EPSG}4326", **asked).area
    assert by_lon == by_lat
    one_side = frame(center="107.58,16.46", width="300", scale_denominator="10000")
    assert (one_side.width_px, one_side.height_px) == (300, 300)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"center": "107.5,16.4", "bbox": "107,16,108,17"}, "center"),
        ({"center": "107.5"}, "center"),
        ({"center": "a,b"}, "center"),
        ({"center": "500,16"}, "center"),
        ({"center": "nan,16"}, "center"),
        ({"center": "107,16", "center_crs": "EPSG:1"}, "center-crs"),
        ({"scale_denominator": "0"}, "scale-denominator"),
        ({"scale_denominator": "x"}, "scale-denominator"),
        ({"scale_denominator": "inf"}, "scale-denominator"),
        ({"scale_denominator": "5000", "width": "9", "bbox": "107,16,108,17"}, "scale-denominator"),
        ({"mm_per_pixel": "-1"}, "mm-per-pixel"),
        ({"width": "5000"}, "width"),
    ],
)
def test_what_cannot_be_is_refused(asked: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidParameterError, match=named):
        frame(**asked)


@pytest.mark.parametrize(
    ("asked", "background", "void"),
    [
        # OGC 20-058, abstract tests of /conf/background, each combination that they name.
        ({}, Ground("#ffffff", True), Ground("#ffffff", True)),
        ({"transparent": "false"}, Ground("#ffffff", False), Ground("#ffffff", False)),
        ({"bgcolor": "0x00FF7f"}, Ground("#00ff7f", False), Ground("#00ff7f", False)),
        ({"bgcolor": "LightBlue"}, Ground("#add8e6", False), Ground("#add8e6", False)),
        ({"bgcolor": "red", "transparent": "true"}, Ground("#ff0000", True), Ground("#ff0000", True)),
        ({"void-color": "navy"}, Ground("#ffffff", True), Ground("#000080", True)),
        ({"void-transparent": "false"}, Ground("#ffffff", True), Ground("#ffffff", False)),
        (
            {"bgcolor": "red", "void-color": "112233", "void-transparent": "TRUE"},
            Ground("#ff0000", False),
            Ground("#112233", True),
        ),
    ],
)
def test_backgrounds(asked: dict[str, str], background: Ground, void: Ground) -> None:
    assert grounds(asked) == (background, void)


@pytest.mark.parametrize("name", ["bgcolor", "transparent", "void-color", "void-transparent"])
@pytest.mark.parametrize("value", ["", "1", "reddish", "0x12345", "#12345g", "rgb(1,2,3)"])
def test_backgrounds_that_cannot_be(name: str, value: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        grounds({name: value})


def test_the_world_has_an_end() -> None:
    lonlat = defined(Bounds(170, 80, 190, 100), 4326, (20, 20))
    assert lonlat[10:, :10].all()
    assert not lonlat[:10].any()
    assert not lonlat[:, 10:].any()
    edge = 20_037_508.342789244
    mercator = defined(Bounds(-2 * edge, -edge, 2 * edge, edge), 3857, (40, 20))
    assert mercator[:, 10:30].all()
    assert not mercator[:, :10].any()
    assert not mercator[:, 30:].any()
