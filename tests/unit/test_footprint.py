"""Level ground in a frame: hand-worked trapezia, and the positions of the frame's own pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from gis_core.errors import GeoreferenceError
from gis_core.footprint import homography_footprint, pose_footprint
from gis_core.georeference import (
    Lens,
    PinholeCamera,
    Pose,
    fit_homography,
    focal_length_px,
    pose_covariance,
)
from gis_core.terrain import PlaneTerrain

PLACE = 560_000.0, 1_820_000.0


def camera(
    *, height_m: float = 10.0, heading_deg: float = 0.0, tilt_deg: float = 45.0, lens: Lens | None = None
) -> Pose:
    """A square frame that sees 90 degrees each way."""
    focal_px = focal_length_px(90, 1000)
    return Pose(*PLACE, height_m, heading_deg, tilt_deg, 0.0, focal_px, 1000, 1000, lens or Lens())


def test_a_look_straight_down_shows_a_square() -> None:
    area = pose_footprint(camera(tilt_deg=90.0), 1000.0)
    assert area.area == pytest.approx(400.0)
    assert area.bounds == pytest.approx(
        (PLACE[0] - 10, PLACE[1] - 10, PLACE[0] + 10, PLACE[1] + 10), abs=1e-6
    )


def test_a_horizontal_look_begins_below_the_frame_and_ends_at_the_range() -> None:
    """From 45 degrees below the horizon, so from 10 m on, and 45 degrees to each side."""
    area = pose_footprint(camera(tilt_deg=0.0, heading_deg=90.0), 200.0)
    sector = math.pi / 4 * 200.0**2 - 10.0 * 10.0
    assert area.area == pytest.approx(sector, rel=1e-3)
    assert area.bounds[0] == pytest.approx(PLACE[0] + 10)
    assert area.bounds[2] == pytest.approx(PLACE[0] + 200, abs=0.1)


def test_a_look_at_the_sky_shows_no_ground() -> None:
    assert pose_footprint(camera(tilt_deg=-60.0), 200.0).is_empty


@pytest.mark.parametrize("lens", [Lens(), Lens(-0.05), Lens(0.05, p1=0.01)])
def test_pixels_lie_in_the_footprint_and_those_beside_the_frame_do_not(lens: Lens) -> None:
    pose = camera(tilt_deg=30.0, heading_deg=200.0, lens=lens)
    locate = PinholeCamera(pose, PlaneTerrain(), pose_covariance(pose)).locate
    area = pose_footprint(pose, 500.0)
    draw = np.random.default_rng(1)
    found = locate(draw.uniform(2, 998, 500), draw.uniform(2, 998, 500))
    near = np.hypot(found.x - PLACE[0], found.y - PLACE[1]) < 499
    assert near.sum() > 200
    assert shapely.contains_xy(area, found.x[near], found.y[near]).all()
    side = np.linspace(300, 998, 50)
    for u, v in ((np.full(50, -4.0), side), (np.full(50, 1004.0), side), (side, np.full(50, 1004.0))):
        beside = locate(u, v)
        known = np.isfinite(beside.x)
        assert not shapely.contains_xy(area, beside.x[known], beside.y[known]).any()


def test_a_homography_shows_what_the_pinhole_behind_it_shows() -> None:
    pose = camera(tilt_deg=25.0, heading_deg=310.0)
    draw = np.random.default_rng(2)
    u, v = draw.uniform(0, 1000, 40), draw.uniform(450, 1000, 40)
    found = PinholeCamera(pose, PlaneTerrain(), pose_covariance(pose)).locate(u, v)
    fit = fit_homography(u, v, found.x, found.y, station=PLACE, station_sigma_m=0.1)
    by_pose = pose_footprint(pose, 150.0)
    by_fit = homography_footprint(fit.homography, (1000, 1000), PLACE, 150.0)
    assert by_fit.symmetric_difference(by_pose).area < 1e-3 * by_pose.area


def test_a_lens_in_the_ground_is_refused() -> None:
    with pytest.raises(GeoreferenceError, match="not above"):
        pose_footprint(camera(height_m=0.0), 100.0)
