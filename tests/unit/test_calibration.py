"""Poses from control points: found again, with honest errors; mistakes named; too little refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gis_core.calibration import ControlPoints, Priors, fit_pose
from gis_core.errors import GeoreferenceError
from gis_core.georeference import Lens, Pose, focal_length_px
from gis_core.georeference.pose import parameters_of

TRUE = Pose(566_000.0, 1_820_000.0, 32.0, 213.0, 9.0, 1.5, focal_length_px(48, 1920), 1920, 1080)
BLIND = replace(TRUE, heading_deg=0.0, tilt_deg=0.0, roll_deg=0.0, focal_px=focal_length_px(80, 1920))
"""What is known before: the place alone."""


def landmarks(pose: Pose, count: int, seed: int = 0) -> ControlPoints:
    """Points that the camera sees, between 3 and 12 m high."""
    rng = np.random.default_rng(seed)
    ahead, aside = rng.uniform(15, 160, 400), rng.uniform(-60, 60, 400)
    heading = np.radians(pose.heading_deg)
    x = pose.x_m + ahead * np.sin(heading) + aside * np.cos(heading)
    y = pose.y_m + ahead * np.cos(heading) - aside * np.sin(heading)
    z = rng.uniform(pose.z_m - 12, pose.z_m - 3, 400)
    u, v = pose.project(x, y, z)
    seen = np.flatnonzero((u > 0) & (u < pose.width_px) & (v > 0) & (v < pose.height_px))[:count]
    return ControlPoints(np.column_stack([u, v])[seen], np.column_stack([x, y, z])[seen])


@pytest.mark.parametrize("count", [3, 5, 12])
def test_a_pose_is_found_again_from_nothing_but_its_place(count: int) -> None:
    fit = fit_pose(landmarks(TRUE, count), BLIND, Priors())
    assert parameters_of(fit.pose)[:7] == pytest.approx(parameters_of(TRUE)[:7], rel=1e-7)
    assert fit.rms_px < 1e-4
    assert fit.quality.used.all()


@pytest.mark.parametrize("heading_deg", [0.0, 95.0, 359.9])
def test_any_heading_and_a_view_upwards_is_found(heading_deg: float) -> None:
    true = replace(TRUE, heading_deg=heading_deg, tilt_deg=-4.0, roll_deg=-8.0)
    fit = fit_pose(landmarks(true, 10), replace(BLIND, heading_deg=180.0), Priors())
    assert fit.pose.tilt_deg == pytest.approx(-4)
    assert fit.pose.roll_deg == pytest.approx(-8)
    assert np.cos(np.radians(fit.pose.heading_deg - heading_deg)) == pytest.approx(1)


def test_a_lens_and_a_place_are_found_too_where_asked() -> None:
    true = replace(TRUE, lens=Lens(-0.12))
    start = replace(BLIND, x_m=true.x_m + 2, y_m=true.y_m - 1.5, z_m=true.z_m + 1)
    priors = Priors(position_m=np.inf, height_m=np.inf, solve_lens=True)
    fit = fit_pose(landmarks(true, 30), start, priors)
    assert parameters_of(fit.pose) == pytest.approx(parameters_of(true), rel=1e-5)


def test_the_covariance_is_that_of_fits_to_points_drawn_anew() -> None:
    """Picking, survey and place drawn anew: the errors of 7 parameters are chi-square with mean 7."""
    rng = np.random.default_rng(8)
    points, squared = landmarks(TRUE, 14), []
    priors = Priors(ground_m=0.1, elevation_m=0.1, position_m=0.3, height_m=0.1)
    for _ in range(60):
        drawn = ControlPoints(
            points.uv + rng.normal(0, 2, points.uv.shape), points.xyz + rng.normal(0, 0.1, points.xyz.shape)
        )
        start = replace(
            BLIND,
            x_m=TRUE.x_m + rng.normal(0, 0.3),
            y_m=TRUE.y_m + rng.normal(0, 0.3),
            z_m=TRUE.z_m + rng.normal(0, 0.1),
        )
        fit = fit_pose(drawn, start, priors)
        error = (parameters_of(fit.pose) - parameters_of(TRUE))[:7]
        squared.append(error @ np.linalg.solve(fit.covariance[:7, :7], error))
    assert 5.0 < np.mean(squared) < 8.5


def test_a_mistaken_point_is_left_out_and_named() -> None:
    points = landmarks(TRUE, 10)
    points.uv[3] += (80, -40)
    fit = fit_pose(points, BLIND, Priors())
    assert np.flatnonzero(~fit.quality.used).tolist() == [3]
    assert parameters_of(fit.pose)[:7] == pytest.approx(parameters_of(TRUE)[:7], rel=1e-6)
    assert fit.quality.sentences()[0].startswith("Point 4 was left out")


def test_a_poor_point_stays_and_is_named() -> None:
    points = landmarks(TRUE, 12)
    rng = np.random.default_rng(1)
    points.uv[:] += rng.normal(0, 1.5, points.uv.shape)
    points.uv[5] += (9, 0)
    fit = fit_pose(points, BLIND, Priors(pixel_px=1.5))
    assert fit.quality.used.all()
    assert np.flatnonzero(fit.quality.poor).tolist() == [5]
    assert fit.quality.leave_one_out_m[5] > fit.quality.residual_m[5]


def test_residuals_larger_than_stated_make_the_covariance_larger() -> None:
    points = landmarks(TRUE, 20)
    noisy = ControlPoints(points.uv + np.random.default_rng(2).normal(0, 4, points.uv.shape), points.xyz)
    stated = fit_pose(noisy, BLIND, Priors(pixel_px=4)).covariance
    understated = fit_pose(noisy, BLIND, Priors(pixel_px=1)).covariance
    assert understated[3, 3] == pytest.approx(stated[3, 3], rel=0.5)


def test_too_little_is_refused_in_a_sentence() -> None:
    points = landmarks(TRUE, 12)
    with pytest.raises(GeoreferenceError, match="2 control points are too few"):
        fit_pose(ControlPoints(points.uv[:2], points.xyz[:2]), BLIND, Priors())
    with pytest.raises(GeoreferenceError, match="at least 6"):
        fit_pose(ControlPoints(points.uv[:5], points.xyz[:5]), BLIND, Priors(position_m=np.inf))
    twice = ControlPoints(points.uv[[0, 1, 2, 0]], points.xyz[[0, 1, 2, 3]])
    with pytest.raises(GeoreferenceError, match="1 and 4 have the same pixel"):
        fit_pose(twice, BLIND, Priors())


def test_points_in_one_corner_do_not_determine_the_field_of_view() -> None:
    near = landmarks(TRUE, 1).xyz[0] + np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0.05], [0.1, 0.1, 0.1]])
    u, v = TRUE.project(*near.T)
    with pytest.raises(GeoreferenceError, match="do not determine"):
        fit_pose(ControlPoints(np.column_stack([u, v]), near), BLIND, Priors())
