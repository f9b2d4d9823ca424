"""What holds for every georeferencer alike, and the ellipse that is shown to people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import Affine

from gis_core.errors import GeoreferenceError
from gis_core.georeference import (
    Georeferencer,
    PinholeCamera,
    Pose,
    Resized,
    ellipse_polygons,
    error_ellipses,
    fit_homography,
    focal_length_px,
    pose_covariance,
)
from gis_core.terrain import PlaneTerrain, RasterTerrain

POSE = Pose(500.0, 800.0, 30.0, 0.0, 10.0, 0.0, focal_length_px(60, 1280), 1280, 720)
SURE = pose_covariance(POSE, heading_sigma_deg=0.1, tilt_sigma_deg=0.1, height_sigma_m=0.05)
LEVEL = RasterTerrain(
    "level", np.zeros((100, 100), np.float32), Affine(20, 0, -500, 0, -20, 2000), CRS.from_epsg(9214)
)


def flat_homography() -> Georeferencer:
    """Fitted to what the pinhole camera sees."""
    u, v = np.meshgrid([100.0, 640, 1200], [400.0, 550, 700])
    seen = PinholeCamera(POSE, PlaneTerrain(), SURE).locate(u.ravel(), v.ravel())
    return fit_homography(u.ravel(), v.ravel(), seen.x, seen.y, station=(500, 800)).homography


GEOREFERENCERS = {
    "homography": flat_homography(),
    "plane": PinholeCamera(POSE, PlaneTerrain(), SURE),
    "terrain": PinholeCamera(POSE, LEVEL, SURE, curvature_per_m=0),
    "resized": Resized(PinholeCamera(POSE, PlaneTerrain(), SURE), 1.0),
}
PIXELS = np.array([640.0, 200, 1100, 640]), np.array([500.0, 650, 420, 40])


@pytest.fixture(params=GEOREFERENCERS)
def georeferencer(request: pytest.FixtureRequest) -> Georeferencer:
    return GEOREFERENCERS[request.param]


def test_all_of_them_find_the_same_level_ground(georeferencer: Georeferencer) -> None:
    found = georeferencer.locate(*PIXELS)
    expected = GEOREFERENCERS["plane"].locate(*PIXELS)
    assert found.x[:3] == pytest.approx(expected.x[:3], abs=1e-6)
    assert found.y[:3] == pytest.approx(expected.y[:3], abs=1e-6)
    assert found.azimuth_deg[:3] == pytest.approx(expected.azimuth_deg[:3], abs=1e-6)


def test_what_has_no_position_has_a_reason_and_a_direction(georeferencer: Georeferencer) -> None:
    found = georeferencer.locate(*PIXELS)
    assert found.reason[:3].tolist() == [None, None, None]
    assert "horizon" in found.reason[3]
    assert np.isnan([found.x[3], found.y[3]]).all()
    assert np.isnan(found.covariance_m2[3]).all()
    # The middle column of a camera that looks north without roll.
    assert min(found.azimuth_deg[3], 360 - found.azimuth_deg[3]) < 1e-6
    assert found.azimuth_sigma_deg[3] > 0


def test_covariances_are_symmetric_and_positive_and_grow_with_the_pixels_error(
    georeferencer: Georeferencer,
) -> None:
    sharp = georeferencer.locate(*PIXELS, np.full((4, 2), 0.5)).covariance_m2[:3]
    blurred = georeferencer.locate(*PIXELS, np.full((4, 2), 8.0)).covariance_m2[:3]
    assert (sharp == sharp.swapaxes(1, 2)).all()
    assert np.linalg.eigvalsh(sharp).min() > 0
    assert np.linalg.eigvalsh(blurred - sharp).min() > 0


def test_no_pixels_are_no_positions(georeferencer: Georeferencer) -> None:
    found = georeferencer.locate(np.empty(0), np.empty(0))
    assert found.x.shape == found.reason.shape == (0,)
    assert found.covariance_m2.shape == (0, 2, 2)


def test_a_pixel_that_is_none_is_told_so(georeferencer: Georeferencer) -> None:
    found = georeferencer.locate(np.array([np.nan, 640.0]), np.array([500.0, np.inf]))
    assert np.isnan(found.x).all()
    assert found.reason.tolist() == ["The pixel has no coordinates."] * 2


def test_pixels_that_do_not_fit_together_are_refused(georeferencer: Georeferencer) -> None:
    with pytest.raises(GeoreferenceError, match="as many u as v"):
        georeferencer.locate(np.zeros(2), np.zeros(3))
    with pytest.raises(GeoreferenceError, match="one row of two"):
        georeferencer.locate(np.zeros(2), np.zeros(2), np.ones((3, 2)))
    with pytest.raises(GeoreferenceError, match="cannot be negative"):
        georeferencer.locate(np.zeros(1), np.zeros(1), np.array([[-1.0, 1.0]]))


def test_a_substream_shows_the_same_ground() -> None:
    whole = GEOREFERENCERS["plane"]
    found = Resized(whole, 2.0).locate(PIXELS[0] / 2, PIXELS[1] / 2, np.full((4, 2), 1.0))
    expected = whole.locate(*PIXELS, np.full((4, 2), 2.0))
    assert found.x == pytest.approx(expected.x, nan_ok=True)
    assert found.covariance_m2 == pytest.approx(expected.covariance_m2, nan_ok=True)


def test_an_ellipse_by_hand() -> None:
    """Variances 9 and 4 turned by 30°: the axes are √5.991 times 3 and 2."""
    east, north = np.sin(np.radians(30)), np.cos(np.radians(30))
    turn = np.array([[east, north], [north, -east]])
    covariance = (turn @ np.diag([9.0, 4.0]) @ turn.T)[None]
    ellipse = error_ellipses(covariance)
    assert ellipse.semi_major_m == pytest.approx([3 * 2.44775], rel=1e-5)
    assert ellipse.semi_minor_m == pytest.approx([2 * 2.44775], rel=1e-5)
    assert ellipse.azimuth_deg == pytest.approx([30])


@given(
    long_m=st.floats(0.1, 500),
    ratio=st.floats(0.01, 1),
    azimuth_deg=st.floats(0, 179.9),
    x=st.floats(-1e6, 1e6),
)
def test_a_polygon_has_the_area_and_the_direction_of_its_ellipse(
    long_m: float, ratio: float, azimuth_deg: float, x: float
) -> None:
    east, north = np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))
    turn = np.array([[east, north], [north, -east]])
    covariance = (turn @ np.diag([long_m**2, (ratio * long_m) ** 2]) @ turn.T)[None]
    polygon = ellipse_polygons(np.array([x]), np.array([5.0]), covariance)[0]
    assert polygon.area == pytest.approx(np.pi * 5.99146 * ratio * long_m**2, rel=1e-3)
    assert polygon.centroid.x == pytest.approx(x, abs=1e-6 * long_m + 1e-6)
    assert polygon.is_valid


def test_no_position_has_no_polygon() -> None:
    polygons = ellipse_polygons(np.array([np.nan]), np.array([np.nan]), np.full((1, 2, 2), np.nan))
    assert polygons.tolist() == [None]
