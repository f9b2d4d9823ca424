"""A camera above flat ground, against angles worked by hand and a Monte Carlo of its own errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.errors import GeoreferenceError
from gis_core.georeference import GroundPlaneCamera

NORTHWARD = GroundPlaneCamera(
    x=1000,
    y=2000,
    mast_height_m=10,
    azimuth_deg=0,
    tilt_deg=45,
    field_of_view_deg=90,
    width_px=200,
    height_px=100,
)


def test_the_middle_of_the_frame_lies_where_the_axis_meets_the_ground() -> None:
    """At 45° below the horizon a 10 m mast looks 10 m ahead."""
    x, y, _ = NORTHWARD.locate(np.array([100.0]), np.array([50.0]))
    assert x == pytest.approx([1000])
    assert y == pytest.approx([2010])


def test_right_in_the_frame_is_east_when_looking_north() -> None:
    """With 90° of view the focal length is half the width, so the edge is 45° aside: 10·√2 m at 45° tilt."""
    x, y, _ = NORTHWARD.locate(np.array([200.0]), np.array([50.0]))
    assert x == pytest.approx([1000 + 10 * np.sqrt(2)])
    assert y == pytest.approx([2010])


def test_above_the_horizon_there_is_no_position() -> None:
    camera = GroundPlaneCamera(0, 0, 10, 90, 0, 60, 640, 480)
    x, y, covariance = camera.locate(np.array([320.0, 320.0]), np.array([240.0, 100.0]))
    assert np.isnan(x).all()
    assert np.isnan(y).all()
    assert np.isnan(covariance).all()


def test_beyond_the_range_there_is_no_position() -> None:
    camera = GroundPlaneCamera(0, 0, 10, 90, 1, 60, 640, 480, max_distance_m=100)
    x, _, _ = camera.locate(np.array([320.0]), np.array([240.0]))
    assert np.isnan(x).all()


@pytest.mark.parametrize(("height_m", "view_deg"), [(0, 60), (-1, 60), (10, 0), (10, 180)])
def test_an_impossible_camera_is_refused(height_m: float, view_deg: float) -> None:
    with pytest.raises(GeoreferenceError):
        GroundPlaneCamera(0, 0, height_m, 0, 10, view_deg, 640, 480)


@given(azimuth_deg=st.floats(0, 360), tilt_deg=st.floats(5, 80), u=st.floats(0, 640), v=st.floats(300, 480))
def test_turning_the_camera_turns_the_ground(azimuth_deg: float, tilt_deg: float, u: float, v: float) -> None:
    """Only the bearing of a position depends on the heading, not its distance nor the size of its error."""
    pixel = np.array([u]), np.array([v])
    north = GroundPlaneCamera(0, 0, 12, 0, tilt_deg, 60, 640, 480).locate(*pixel)
    turned = GroundPlaneCamera(0, 0, 12, azimuth_deg, tilt_deg, 60, 640, 480).locate(*pixel)
    assert np.hypot(turned.x, turned.y) == pytest.approx(np.hypot(north.x, north.y))
    assert np.trace(turned.covariance_m2[0]) == pytest.approx(np.trace(north.covariance_m2[0]))
    assert np.linalg.eigvalsh(turned.covariance_m2[0]).min() > 0


def test_the_95_percent_ellipse_covers_what_it_says() -> None:
    """Pose errors drawn 20,000 times put 93–97 % of the positions inside the stated ellipse."""
    rng = np.random.default_rng(7)
    pose_sigma_deg = 0.1
    camera = GroundPlaneCamera(
        0, 0, 10, 30, 8, 50, 1280, 720, pixel_sigma_px=0, pose_sigma_deg=pose_sigma_deg
    )
    pixel = np.array([640.0]), np.array([360.0])
    x, y, covariance = camera.locate(*pixel)
    offsets = []
    for turn, tip in rng.normal(0, pose_sigma_deg, (20_000, 2)):
        moved = GroundPlaneCamera(0, 0, 10, 30 + turn, 8 + tip, 50, 1280, 720).locate(*pixel)
        offsets.append((moved.x[0] - x[0], moved.y[0] - y[0]))
    offset = np.array(offsets)
    squared = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance[0]), offset)
    assert 0.93 < (squared < 5.991).mean() < 0.97
