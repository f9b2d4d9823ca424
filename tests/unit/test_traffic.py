"""Density and level of service against hand-worked values."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.traffic import (
    LEVEL_LIMITS_PC_KM_LN,
    LEVELS,
    level_of_service,
    passenger_car_units,
    segment_density,
)


def density(*views: tuple[int, float, float, float], segments: int) -> list[float]:
    segment, vehicles, frames, seen_length_m = (np.array(column) for column in zip(*views, strict=True))
    return list(
        segment_density(
            segment.astype(np.int64), vehicles.astype(float), frames.astype(float), seen_length_m, segments
        )
    )


def test_one_camera() -> None:
    # 72 vehicles in 144 frames are half a vehicle a frame, on 0.05 km.
    assert density((0, 72, 144, 50.0), segments=1) == [pytest.approx(10.0)]


def test_cameras_that_see_different_stretches_give_the_density_of_each() -> None:
    # Both stretches hold 20 veh/km; the sum of counts over the sum of lengths would say so only of one.
    alone = density((0, 100, 100, 50.0), segments=1)
    both = density((0, 100, 100, 50.0), (0, 50, 50, 50.0), segments=1)
    assert alone == both == [pytest.approx(20.0)]


def test_the_longer_look_weighs_more() -> None:
    # 30 vehicles on 100 frames x 100 m and 10 on 100 x 300 m: 40 / 40 000 m = 1 veh/km.
    assert density((0, 30, 100, 100.0), (0, 10, 100, 300.0), segments=1) == [pytest.approx(1.0)]


def test_what_no_camera_sees_is_not_zero() -> None:
    seen, unseen, blind = density((0, 0, 10, 80.0), (2, 5, 10, 0.0), segments=3)
    assert seen == 0.0
    assert math.isnan(unseen)
    assert math.isnan(blind)


def test_vehicles_of_a_blind_view_do_not_count() -> None:
    assert density((0, 999, 10, 0.0), (0, 5, 10, 100.0), segments=1) == [pytest.approx(5.0)]


def test_no_views_at_all() -> None:
    none = np.array([], dtype=float)
    assert np.isnan(segment_density(none.astype(np.int64), none, none, none, 2)).all()


@given(
    vehicles=st.lists(st.integers(0, 1_000), min_size=1, max_size=8),
    frames=st.integers(1, 1_000),
    length_m=st.floats(1, 500),
    factor=st.integers(2, 9),
)
def test_density_scales_with_the_counts(
    vehicles: list[int], frames: int, length_m: float, factor: int
) -> None:
    views = [(0, count, frames, length_m) for count in vehicles]
    more = [(0, count * factor, frames, length_m) for count in vehicles]
    (once,) = density(*views, segments=1)
    (again,) = density(*more, segments=1)
    assert again == pytest.approx(once * factor)
    assert once * length_m / 1000 * frames == pytest.approx(np.mean(vehicles))


@pytest.mark.parametrize(
    ("density_pc_km_ln", "letter"),
    [(0.0, "A"), (7.0, "A"), (7.1, "B"), (11.0, "B"), (16.0, "C"), (22.0, "D"), (28.0, "E"), (28.1, "F")],
)
def test_level_of_service_of_the_highway_capacity_manual(density_pc_km_ln: float, letter: str) -> None:
    assert LEVELS[level_of_service(np.array([density_pc_km_ln]))[0]] == letter


def test_the_limits_are_those_of_the_manual_in_miles() -> None:
    per_mile = np.array([11, 18, 26, 35, 45])
    assert np.rint(per_mile / 1.609344) == pytest.approx(LEVEL_LIMITS_PC_KM_LN)


def test_level_where_nothing_is_known() -> None:
    assert list(level_of_service(np.array([np.nan, 3.0]))) == [-1, 0]


@given(st.floats(0, 200), st.floats(0, 200))
def test_a_denser_road_is_never_better(one: float, other: float) -> None:
    low, high = sorted((one, other))
    levels = level_of_service(np.array([low, high]))
    assert levels[0] <= levels[1]


def test_passenger_cars() -> None:
    assert passenger_car_units("car") == 1.0
    assert passenger_car_units("Motorcycle") == pytest.approx(1 / 3.4)
    assert passenger_car_units("bus") == pytest.approx(10.5 / 3.4)
    assert passenger_car_units("something new") == 1.0
