"""Edie's estimates against tracks worked by hand, and the identity that they keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.edie import edie, legs

HOUR_S = 3600.0


def pieces(*positions: tuple[int, float, int, float], gap_s: float = 2.0):  # type: ignore[no-untyped-def]
    track, at_s, segment, along_m = (np.array(column) for column in zip(*positions, strict=True))
    return legs(track, at_s.astype(float), segment, along_m.astype(float), longest_gap_s=gap_s)


def test_one_vehicle_at_ten_metres_a_second() -> None:
    told = pieces((0, 1, 0, 0), (0, 2, 0, 10), (0, 3, 0, 20))
    assert (told.time_s.sum(), told.distance_m.sum()) == (2, 20)
    found = edie(told.time_s.sum(), told.distance_m.sum(), np.array(100.0 * 60))
    # One vehicle for 2 s of 60 on 0.1 km; 20 m of 6 000 m·s; 36 km/h.
    assert found.veh_km == pytest.approx(2 / 60 / 0.1)
    assert found.veh_h == pytest.approx(12)
    assert found.speed_kmh == pytest.approx(36)


def test_a_standing_vehicle_is_dense_and_flows_nowhere() -> None:
    told = pieces((0, 0, 0, 5), (0, 1, 0, 5))
    found = edie(told.time_s.sum(), told.distance_m.sum(), np.array(50.0))
    assert (found.veh_km, found.veh_h, found.speed_kmh) == (pytest.approx(20), 0, 0)


def test_what_is_lost_or_changes_its_road_is_left_out_whole() -> None:
    told = pieces(
        (0, 0, 0, 0), (0, 1, 0, 10),  # seen
        (0, 9, 0, 90),  # lost for eight seconds
        (0, 10, 1, 0), (0, 11, -1, np.nan), (0, 12, -1, np.nan),  # another road, then none
        (1, 12.5, 0, 3),  # another vehicle
    )  # fmt: skip
    assert (told.time_s.tolist(), told.distance_m.tolist()) == ([1], [10])


def test_each_hour_gets_its_part() -> None:
    told = pieces((0, HOUR_S - 0.5, 0, 0), (0, HOUR_S + 1.5, 0, 20))
    assert told.hour.tolist() == [0, 1]
    assert told.time_s.tolist() == pytest.approx([0.5, 1.5])
    assert told.distance_m.tolist() == pytest.approx([5, 15])


def test_nothing_known() -> None:
    found = edie(np.array([0.0, 3.0]), np.array([0.0, 9.0]), np.array([60.0, np.nan]))
    assert (found.veh_km[0], found.veh_h[0]) == (0, 0)
    assert np.isnan([found.speed_kmh[0], found.veh_km[1], found.veh_h[1]]).all()
    assert found.speed_kmh[1] == pytest.approx(10.8)


@given(st.floats(0.1, 1e5), st.floats(0, 1e6), st.floats(1, 1e7))
def test_flow_is_density_times_speed(time_s: float, distance_m: float, area_m_s: float) -> None:
    found = edie(np.array(time_s), np.array(distance_m), np.array(area_m_s))
    assert found.veh_km * found.speed_kmh == pytest.approx(float(found.veh_h))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 4e4), st.floats(0, 900)), min_size=2, max_size=30))
def test_cutting_at_hours_loses_nothing(positions: list[tuple[int, float, float]]) -> None:
    track, at_s, along_m = (np.array(column) for column in zip(*positions, strict=True))
    told = legs(track, at_s, np.zeros(len(track), np.int64), along_m, longest_gap_s=1e5)
    expected = sum(np.ptp(at_s[track == one]) for one in set(track.tolist()))
    assert told.time_s.sum() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert (told.time_s >= -1e-9).all()
