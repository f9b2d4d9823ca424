"""Fixing smoke: hand-worked crossings, the simulation of two cameras, doubt, ridges, pixels."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.line_of_sight import FALL_PER_M, look_along
from gis_core.analysis.smoke_fix import Bearings, least_squares_fix
from gis_core.analysis.smoke_posterior import NO_PIXELS, Pixels, Witnesses, locate
from gis_core.types import FloatArray

RANGE_M = 30_000.0
CHI2_95 = 5.991
TWO = np.array([[-5_000.0, 0.0], [5_000.0, 0.0]])
SMOKE = np.array([0.0, 8_000.0])


def seen_from(observers: FloatArray, smoke: FloatArray, sigma_deg: float, off_deg: object = 0.0) -> Bearings:
    ahead = smoke - observers
    azimuth = np.degrees(np.arctan2(ahead[:, 0], ahead[:, 1])) + np.asarray(off_deg, float)
    return Bearings(observers[:, 0], observers[:, 1], azimuth % 360, np.full(len(observers), sigma_deg))


def test_two_bearings_at_right_angles_meet_where_they_cross() -> None:
    """By hand: (0, 0) due east and (3000, -4000) due north, 1 mrad: 3 m across one, 4 m the other."""
    sigma = np.degrees(1e-3)
    bearings = Bearings(
        np.array([0.0, 3_000.0]), np.array([0.0, -4_000.0]), np.array([90.0, 0.0]), np.full(2, sigma)
    )
    fix = least_squares_fix(bearings)
    assert fix is not None
    assert (fix.x_m, fix.y_m) == pytest.approx((3_000, 0), abs=1e-3)
    assert fix.covariance_m2 == pytest.approx(np.diag([16.0, 9.0]), abs=1e-6)
    assert fix.chi_square == pytest.approx(0, abs=1e-9)


def test_two_cameras_ten_kilometres_apart_find_smoke_eight_kilometres_out() -> None:
    """Bearing errors of 0.3°: no unbiased estimator has a smaller median error than 62 m (Cramér–Rao).

    Three standard errors of a median of 6,000 are allowed for.
    """
    rng = np.random.default_rng(2710)
    errors, covered = [], []
    for _ in range(6_000):
        fix = least_squares_fix(seen_from(TWO, SMOKE, 0.3, rng.normal(0, 0.3, 2)))
        assert fix is not None
        off = SMOKE - (fix.x_m, fix.y_m)
        errors.append(np.hypot(*off))
        covered.append(off @ np.linalg.solve(fix.covariance_m2, off) <= CHI2_95)
    assert np.median(errors) <= 62 + 3 * 0.6
    assert 0.93 <= np.mean(covered) <= 0.97


def test_the_region_of_the_posterior_covers_what_it_says() -> None:
    rng = np.random.default_rng(5)
    errors, covered = [], []
    for _ in range(500):
        found = locate(Witnesses(seen_from(TWO, SMOKE, 0.3, rng.normal(0, 0.3, 2)), RANGE_M))
        assert found is not None
        errors.append(np.hypot(*(SMOKE - found.mode)))
        covered.append(shapely.contains_xy(found.region(), *SMOKE))
    assert np.median(errors) <= 64
    assert 0.93 <= np.mean(covered) <= 0.97


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 2 * np.pi), st.floats(0.6, 2.4), st.floats(3_000, 15_000), st.floats(-400_000, 400_000))
def test_exact_bearings_give_the_place_back_wherever_it_lies(
    turn: float, angle: float, distance_m: float, shift_m: float
) -> None:
    smoke = np.array([shift_m, 2 * shift_m])
    directions = np.array([turn, turn + angle])
    observers = smoke - distance_m * np.column_stack([np.sin(directions), np.cos(directions)])
    bearings = seen_from(observers, smoke, 0.3)
    fix, found = least_squares_fix(bearings), locate(Witnesses(bearings, RANGE_M))
    assert fix is not None
    assert found is not None
    assert np.hypot(*(smoke - (fix.x_m, fix.y_m))) < 0.1
    assert np.hypot(*(smoke - found.mode)) < 5
    assert found.probability.sum() == pytest.approx(1)
    assert shapely.contains_xy(found.region(), *smoke)


@pytest.mark.parametrize(
    "azimuths", [(90.0, 90.0), (200.0, 340.0)], ids=["side by side", "apart, so that they cross behind"]
)
def test_bearings_that_do_not_meet_have_no_least_squares_fix(azimuths: tuple[float, float]) -> None:
    bearings = Bearings(np.zeros(2), np.array([0.0, 9_000.0]), np.array(azimuths), np.full(2, 0.3))
    assert least_squares_fix(bearings) is None


def test_a_fourth_bearing_that_errs_counts_for_little_and_is_told() -> None:
    observers = np.vstack([TWO, [[0.0, -3_000.0], [9_000.0, 9_000.0]]])
    found = locate(Witnesses(seen_from(observers, SMOKE, 0.3, [0.1, -0.1, 20, 0.2]), RANGE_M))
    assert found is not None
    assert found.agreement[[0, 1, 3]].min() > 0.95
    assert found.agreement[2] < 0.05
    assert np.hypot(*(SMOKE - found.mode)) < 100


def test_two_bearings_cannot_be_doubted() -> None:
    found = locate(Witnesses(seen_from(TWO, SMOKE, 0.3), RANGE_M))
    assert found is not None
    assert found.agreement.size == 0


def test_one_bearing_leaves_a_sector_that_ends_at_the_range() -> None:
    found = locate(Witnesses(seen_from(TWO[:1], SMOKE, 0.3), 10_000.0))
    assert found is not None
    away_m = np.hypot(found.x_m - TWO[0, 0], found.y_m - TWO[0, 1])
    assert away_m.max() <= 10_000
    # Even in distance along the ray: half of it lies within half the range.
    assert found.probability[away_m < 5_000].sum() == pytest.approx(0.5, abs=0.03)


def test_a_pixel_shortens_the_sector_to_itself() -> None:
    pixel = Pixels(np.array([100.0]), np.array([8_100.0]), *(np.full(1, v) for v in (200.0, 200.0, 50.0)))
    bearings = seen_from(TWO[:1], SMOKE, 0.3)
    alone, with_pixel = locate(Witnesses(bearings, RANGE_M)), locate(Witnesses(bearings, RANGE_M, pixel))
    assert alone is not None
    assert with_pixel is not None
    assert with_pixel.region().area < alone.region().area / 20
    assert np.hypot(*(SMOKE - with_pixel.mean)) < 250


def ridge(x: FloatArray, y: FloatArray) -> FloatArray:
    """A wall of 300 m between 4 and 4.2 km north on flat ground of 10 m."""
    return np.where((y >= 4_000) & (y <= 4_200), 300.0, 10.0) + 0 * x


def test_what_lies_behind_a_ridge_is_not_seen() -> None:
    sector = look_along(
        0.0, 0.0, 20.0, azimuth_deg=0, half_width_deg=3, range_m=10_000, step_m=50, rise_m=0, elevation=ridge
    )
    assert sector is not None
    north = np.array([1_000.0, 3_900, 4_000, 4_400, 9_000])
    assert sector.sees(np.zeros(5), north).tolist() == [True, True, True, False, False]
    # Nothing is said of what lies beside the sector, or behind the observer.
    assert sector.sees(np.array([5_000.0, 0.0]), np.array([9_000.0, -9_000.0])).all()


def test_smoke_shows_above_a_ridge_once_it_has_risen_high_enough() -> None:
    """By hand: over the wall's near edge at 4 km the line of sight climbs (300 - 30 - fall) / 4000."""
    slope = (300 - 30 - FALL_PER_M * 4_000**2) / 4_000
    needed_m = 30 + slope * 8_000 + FALL_PER_M * 8_000**2 - 10
    for rise_m, seen in ((needed_m - 1, False), (needed_m + 1, True)):
        sector = look_along(
            0.0, 0.0, 20.0, azimuth_deg=0, half_width_deg=1, range_m=9_000, step_m=50, rise_m=rise_m,
            elevation=lambda x, y: np.where(y < 4_200, ridge(x, y), 10.0),
        )  # fmt: skip
        assert sector is not None
        assert sector.sees(np.zeros(1), np.array([8_000.0]))[0] == seen


def test_a_ridge_takes_its_shadow_out_of_the_region() -> None:
    bearings = Bearings(np.zeros(1), np.zeros(1), np.zeros(1), np.full(1, 0.5))
    sector = look_along(
        0.0, 0.0, 20.0, azimuth_deg=0, half_width_deg=3, range_m=9_000, step_m=50, rise_m=0, elevation=ridge
    )
    found = locate(Witnesses(bearings, 9_000.0, NO_PIXELS, (sector,)))
    assert found is not None
    assert found.region().bounds[3] < 4_300


def test_unknown_ground_below_the_observer_says_nothing() -> None:
    assert (
        look_along(
            0.0, 0.0, 20.0, azimuth_deg=0, half_width_deg=1, range_m=1_000, step_m=50, rise_m=0,
            elevation=lambda x, y: np.full(np.shape(x), np.nan),
        )
        is None
    )  # fmt: skip
