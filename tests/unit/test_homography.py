"""Homographies from control points: exactness, quality report, refusals, and honest ellipses."""

from __future__ import annotations

from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.errors import GeoreferenceError
from gis_core.georeference import PinholeCamera, Pose, fit_homography, focal_length_px
from gis_core.terrain import PlaneTerrain
from gis_core.types import FloatArray

CHI2_95 = 5.991464547

POSE = Pose(566_000.0, 1_820_000.0, 9.0, 70.0, 14.0, 2.0, focal_length_px(58, 1920), 1920, 1080)
"""Above the plain at Huế, in metres of EPSG:9214."""


def seen_from(pose: Pose, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where an error-free camera puts pixels on level ground."""
    found = PinholeCamera(pose, PlaneTerrain(), np.zeros((8, 8))).locate(u, v)
    return found.x, found.y


def grid_of_pixels(count: int) -> tuple[FloatArray, FloatArray]:
    u, v = np.meshgrid(np.linspace(150, 1770, count), np.linspace(420, 1020, 3))
    return u.ravel(), v.ravel()


def test_a_camera_is_found_again_to_a_micrometre_at_millions_of_metres() -> None:
    u, v = grid_of_pixels(4)
    fit = fit_homography(u, v, *seen_from(POSE, u, v))
    there = np.array([333.0, 960, 1500]), np.array([555.0, 700, 999])
    x, y = seen_from(POSE, *there)
    found = fit.homography.locate(*there)
    assert found.x == pytest.approx(x, abs=1e-6)
    assert found.y == pytest.approx(y, abs=1e-6)
    assert fit.quality.rms_m < 1e-6
    assert not fit.quality.poor.any()


def test_the_least_squares_agree_with_fifty_digits_to_a_tenth_of_a_millimetre(shared_data: Path) -> None:
    """Recorded pairs at y = 6.3 million metres; Gauss-Newton in mpmath without any centring."""
    uv, xy = calibration(shared_data)
    fit = fit_homography(*uv.T, *xy.T)
    exact = exact_fit(uv, xy, fit_start=absolute(fit.homography))
    found = fit.homography.locate(*uv.T)
    assert found.x == pytest.approx(exact[:, 0], abs=1e-4)
    assert found.y == pytest.approx(exact[:, 1], abs=1e-4)


def test_the_recorded_frame_calibrates_and_its_poor_pair_is_named(shared_data: Path) -> None:
    uv, xy = calibration(shared_data)
    fit = fit_homography(*uv.T, *xy.T)
    assert fit.quality.used.all()
    assert 0.80 < fit.quality.rms_m <= 0.85
    assert np.flatnonzero(fit.quality.poor).tolist() == [5]
    assert fit.quality.sentences() == [
        "Point 6 is poor: a fit to the other points puts it 14.55 m away from where it is said to be."
    ]
    found = fit.homography.locate(*uv.T)
    assert (mahalanobis(found.x - xy[:, 0], found.y - xy[:, 1], found.covariance_m2) < CHI2_95).all()


def test_a_gross_mistake_is_left_out_and_named() -> None:
    u, v = grid_of_pixels(4)
    rng = np.random.default_rng(5)
    x, y = seen_from(POSE, u, v)
    x, y = x + rng.normal(0, 0.05, 12), y + rng.normal(0, 0.05, 12)
    x[3] += 60
    fit = fit_homography(u, v, x, y)
    assert np.flatnonzero(~fit.quality.used).tolist() == [3]
    assert fit.quality.rms_m < 0.2
    assert "Point 4 was left out" in fit.quality.sentences()[0]
    good = fit_homography(*(np.delete(column, 3) for column in (u, v, x, y)))
    assert fit.homography.locate(u, v).y == pytest.approx(good.homography.locate(u, v).y, abs=1e-6)


def test_leaving_one_out_is_what_a_fit_to_the_others_says() -> None:
    u, v = grid_of_pixels(3)
    x, y = seen_from(POSE, u, v)
    x = x + np.random.default_rng(1).normal(0, 0.3, 9)
    whole = fit_homography(u, v, x, y).quality
    others = fit_homography(*(np.delete(column, 4) for column in (u, v, x, y))).homography
    apart = others.locate(u[4:5], v[4:5])
    assert whole.leave_one_out_m[4] == pytest.approx(np.hypot(apart.x[0] - x[4], apart.y[0] - y[4]))
    assert whole.leave_one_out_m[4] > whole.residual_m[4]


def test_four_points_fix_it_and_leave_nothing_to_judge() -> None:
    u, v = np.array([100.0, 1800, 1700, 200]), np.array([500.0, 520, 1000, 980])
    fit = fit_homography(u, v, *seen_from(POSE, u, v))
    assert fit.quality.residual_m == pytest.approx(np.zeros(4), abs=1e-6)
    assert np.isnan(fit.quality.leave_one_out_m).all()
    assert np.linalg.eigvalsh(fit.homography.locate(u, v).covariance_m2).min() > 0


@pytest.mark.parametrize(
    ("uv", "xy", "sentence"),
    [
        ([(0, 0), (9, 0), (9, 9)], [(0, 0), (1, 0), (1, 1)], "3 control points are too few"),
        ([(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)],
         [(0, 0), (1, 0), (1, 1), (0, 1), (3, 3)], "pixels .* one line"),
        ([(0, 0), (9, 0), (9, 9), (0, 9)], [(0, 0), (1, 1), (2, 2), (3, 3)], "ground positions .* one line"),
        ([(0, 0), (5, 0), (9, 0), (4, 9)], [(0, 0), (5, 0), (9, 0), (4, -9)],
         "too many of them lie on one line"),
        ([(0, 0), (0, 0), (9, 9), (0, 9)], [(0, 0), (1, 0), (1, 1), (0, 1)], "1 and 2 have the same pixel"),
        ([(0, 0), (9, 0), (9, 9), (0, 9)], [(0, 0), (1, 0), (1, 1), (0, 0)], "1 and 4 have the same ground"),
        ([(0, 0), (9, 0), (9, 9), (0, 9)], [(0, 0), (1, 0), (1, 1), (0, 1)], "mirrored"),
        ([(0, 0), (9, 0), (9, 9), (0, np.nan)], [(0, 0), (1, 0), (1, 1), (0, 1)], "finite numbers"),
        ([(0, 0), (9, 0), (9, 9), (0, 9)], [(0, 9), (9, 9), (1, 0), (7, 2)], "No camera could see"),
    ],
)  # fmt: skip
def test_points_that_fix_nothing_are_refused(
    uv: list[tuple[float, float]], xy: list[tuple[float, float]], sentence: str
) -> None:
    with pytest.raises(GeoreferenceError, match=sentence):
        fit_homography(*np.array(uv, float).T, *np.array(xy, float).T)


def test_above_the_fitted_horizon_there_is_a_direction_only() -> None:
    """The horizon of a camera without roll, 14° down, is f·tan 14° above the middle of the frame."""
    level = Pose(0, 0, 9.0, 70.0, 14.0, 0.0, focal_length_px(58, 1920), 1920, 1080)
    u, v = grid_of_pixels(4)
    fit = fit_homography(u, v, *seen_from(level, u, v), station=(0.0, 0.0))
    horizon = 540 - level.focal_px * np.tan(np.radians(14))
    found = fit.homography.locate(np.full(3, 960.0), np.array([horizon - 5, horizon + 5, horizon + 200]))
    assert "above the horizon" in found.reason[0]
    assert "too flatly" in found.reason[1]
    assert found.reason[2] is None
    assert found.azimuth_deg == pytest.approx([70, 70, 70])
    assert np.isnan(found.x[:2]).all()


@settings(deadline=None)
@given(
    tilt_deg=st.floats(8, 60),
    heading_deg=st.floats(0, 360),
    height_m=st.floats(4, 60),
    roll_deg=st.floats(-10, 10),
)
def test_any_camera_is_found_again(
    tilt_deg: float, heading_deg: float, height_m: float, roll_deg: float
) -> None:
    pose = Pose(566_000, 1_820_000, height_m, heading_deg, tilt_deg, roll_deg, 1500.0, 1920, 1080)
    u, v = grid_of_pixels(4)
    v = v + 100
    x, y = seen_from(pose, u, v)
    if np.isnan(x).any():
        return
    found = fit_homography(u, v, x, y).homography.locate(u, v)
    assert np.hypot(found.x - x, found.y - y).max() < 1e-4


@pytest.mark.parametrize(("v", "name"), [(1000.0, "near"), (700.0, "middle"), (480.0, "far")])
def test_the_95_percent_ellipse_covers_what_it_says(v: float, name: str) -> None:
    """Points picked anew with an error of 2 px, and a click with the same: 93-97 % lie in their ellipses."""
    rng = np.random.default_rng(11)
    u_of, v_of = grid_of_pixels(4)
    x, y = seen_from(POSE, u_of, v_of)
    at = np.array([900.0]), np.array([v])
    true_x, true_y = seen_from(POSE, *at)
    inside = []
    for _ in range(300):
        picked = fit_homography(u_of + rng.normal(0, 2, 12), v_of + rng.normal(0, 2, 12), x, y)
        clicks = at[0] + rng.normal(0, 2, 10), at[1] + rng.normal(0, 2, 10)
        found = picked.homography.locate(*clicks)
        inside.append(mahalanobis(found.x - true_x, found.y - true_y, found.covariance_m2) < CHI2_95)
    assert 0.93 < np.mean(inside) < 0.97


def test_what_picking_does_not_explain_is_carried_by_every_position() -> None:
    """Survey errors of 0.5 m show in the residuals, and come back as 0.5 m to each side."""
    rng = np.random.default_rng(3)
    u, v = grid_of_pixels(12)
    x, y = seen_from(POSE, u, v)
    sigma_m = [
        fit_homography(u, v, x + rng.normal(0, 0.5, 36), y + rng.normal(0, 0.5, 36), pixel_sigma_px=0.1)
        .homography.unexplained_m2**0.5
        for _ in range(20)
    ]  # fmt: skip
    assert np.mean(sigma_m) == pytest.approx(0.5, rel=0.1)


def mahalanobis(dx: FloatArray, dy: FloatArray, covariance_m2: FloatArray) -> FloatArray:
    offset = np.stack([dx, dy], axis=-1)
    squared: FloatArray = np.einsum("ni,nij,nj->n", offset, np.linalg.inv(covariance_m2), offset)
    return squared


def calibration(shared_data: Path) -> tuple[FloatArray, FloatArray]:
    folder = shared_data / "calibration"
    return np.loadtxt(folder / "pix.csv", delimiter=","), np.loadtxt(folder / "utm.csv", delimiter=",")


def absolute(homography: object) -> mpmath.matrix:
    """The map from raw pixels to raw ground as one matrix with last entry 1, in fifty digits."""
    mpmath.mp.dps = 50
    scale, (u0, v0) = mpmath.mpf(homography.pixel_scale), homography.pixel_origin
    pixel = mpmath.matrix(
        [[1 / scale, 0, -mpmath.mpf(u0) / scale], [0, 1 / scale, -mpmath.mpf(v0) / scale], [0, 0, 1]]
    )
    metres, (x0, y0) = mpmath.mpf(homography.ground_scale_m), homography.ground_origin
    ground = mpmath.matrix([[metres, 0, x0], [0, metres, y0], [0, 0, 1]])
    whole = ground * mpmath.matrix(homography.matrix.tolist()) * pixel
    return whole / whole[2, 2]


def exact_fit(uv: FloatArray, xy: FloatArray, fit_start: mpmath.matrix) -> FloatArray:
    """Ground of the pixels by Gauss-Newton on the raw numbers in fifty digits."""
    h = [fit_start[i, j] for i in range(3) for j in range(3)][:8]
    pairs = [tuple(map(mpmath.mpf, map(float, (*p, *g)))) for p, g in zip(uv, xy, strict=True)]
    for _ in range(6):
        rows, misses = [], []
        for u, v, x, y in pairs:
            w = h[6] * u + h[7] * v + 1
            at_x, at_y = (h[0] * u + h[1] * v + h[2]) / w, (h[3] * u + h[4] * v + h[5]) / w
            rows.append([u / w, v / w, 1 / w, 0, 0, 0, -at_x * u / w, -at_x * v / w])
            rows.append([0, 0, 0, u / w, v / w, 1 / w, -at_y * u / w, -at_y * v / w])
            misses += [x - at_x, y - at_y]
        jacobian, miss = mpmath.matrix(rows), mpmath.matrix(misses)
        step = mpmath.lu_solve(jacobian.T * jacobian, jacobian.T * miss)
        h = [old + more for old, more in zip(h, step, strict=True)]
    found = []
    for u, v, _, _ in pairs:
        w = h[6] * u + h[7] * v + 1
        found.append([float((h[0] * u + h[1] * v + h[2]) / w), float((h[3] * u + h[4] * v + h[5]) / w)])
    return np.array(found)
