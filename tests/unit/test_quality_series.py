"""Checks of series: hand-worked faults are found where they are, and a clean series has none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.quality_settings import ClockShift, Quality
from gis_core.types import Bounds, FloatArray
from layers.quality.base import Finding, Scope
from layers.quality.checks import CHECKS
from layers.quality.clocks import correlations, find_shifted, shift_h
from layers.quality.gaps import find_gaps
from layers.quality.series import Series, gaps, read_series, stretches
from layers.quality.spikes import find_spikes, spikes
from layers.quality.stuck import find_stuck, runs
from tests.rain import storms

START = datetime(2025, 10, 1, tzinfo=UTC)
NOW = datetime(2025, 11, 1, tzinfo=UTC)
SCOPE = Scope(
    frozenset({"observations", "rain_stations"}),
    Bounds(107, 15.95, 108.25, 16.8),
    NOW,
    timedelta(days=30),
    Quality(),
)
HOUR_S = 3600.0


def hourly(
    value: FloatArray | list[float],
    observed_property: str = "stage_m",
    code: str = "kim-long",
    lon: float = 107.56,
    shift: float = 0,
) -> Series:
    at = pd.date_range(START + timedelta(hours=shift), periods=len(value), freq="h")
    ids = tuple(f"{code}/{row}" for row in range(len(value)))
    return Series(
        code, observed_property, ids, at, np.asarray(value, float), shapely.Point(lon, 16.4), simulated=False
    )


def ids(findings: list[Finding]) -> list[str]:
    return [finding.feature_id for finding in findings]


def test_a_gap_is_more_than_twice_the_usual_step() -> None:
    hours = np.array([0, 1, 2, 4, 5, 8, 9]) * HOUR_S  # one reading is missing after 2, two after 5
    assert gaps(hours, 2.0).tolist() == [4]
    assert stretches(hours, 2.0) == [slice(0, 5), slice(5, 7)]
    assert gaps(np.array([0, 1, 50]) * HOUR_S, 2.0).tolist() == []  # too few to know the step


def test_a_gap_is_said_with_its_times_and_length() -> None:
    series = hourly([1.0, 1.1, 1.2, 1.3, 1.2])
    late = series.at.to_series().reset_index(drop=True)
    late[4] = late[3] + timedelta(hours=6)
    with_gap = Series(
        series.station_code, series.observed_property, series.ids, pd.DatetimeIndex(late),
        series.value, series.point, simulated=True,
    )  # fmt: skip
    (finding,) = find_gaps([with_gap], SCOPE)
    assert finding.feature_id == "kim-long/3"
    assert finding.simulated
    # 03:00 UTC is 10:00 in Huế.
    assert finding.sentence.en == (
        "Stage (m), station kim-long: no readings from 10:00 01-10-2025 to 16:00 01-10-2025 "
        "(6 h; usually one every 60 min)."
    )
    assert finding.sentence.vi.startswith("Mực nước (m), trạm kim-long: không có số liệu từ 10:00")


def test_a_spike_is_found_and_a_flood_is_not() -> None:
    spiked = [1.0, 1.1, 1.0, 1.2, 9.9, 1.1, 1.0, 1.2, 1.1]
    assert spikes(np.array(spiked), 3, 8.0, 0.5).tolist() == [4]
    assert ids(list(find_spikes([hourly(spiked)], SCOPE))) == ["kim-long/4"]
    flood = 0.5 + 4.5 * np.exp(-0.5 * ((np.arange(48) - 20) / 4.0) ** 2)
    assert spikes(flood, 3, 8.0, 0.5).tolist() == []


def test_a_spike_needs_to_pass_the_floor_of_its_property() -> None:
    dry_but_for = [0.0] * 6 + [60.0] + [0.0] * 6
    assert ids(list(find_spikes([hourly(dry_but_for, "rain_1h_mm")], SCOPE))) == []
    dry_but_for[6] = 300.0
    assert ids(list(find_spikes([hourly(dry_but_for, "rain_1h_mm")], SCOPE))) == ["kim-long/6"]


def test_the_ends_of_a_series_are_not_judged() -> None:
    assert spikes(np.array([9.0, 0, 0, 0, 0, 0, 0, 0, 9.0]), 3, 8.0, 0.5).tolist() == []


def test_a_stuck_sensor_is_found_from_its_first_equal_reading_on() -> None:
    level = np.concatenate([[1.0, 1.1], np.full(25, 1.2), [1.3, 1.2]])
    at_s = np.arange(level.size) * HOUR_S
    limits = {"readings": 6, "lasting_s": 24 * HOUR_S}
    assert runs(at_s, level, **limits, zero_may_last=False) == [(2, 26)]
    assert runs(at_s[:26], level[:26], **limits, zero_may_last=False) == []  # 23 hours of it
    (finding,) = find_stuck([hourly(level)], SCOPE)
    assert finding.feature_id == "kim-long/2"
    assert "exactly 1.2 for 24 h" in finding.sentence.en
    assert "đúng một giá trị 1,2 suốt 24 giờ" in finding.sentence.vi


def test_dry_weather_lasts_and_a_level_of_zero_does_not() -> None:
    assert list(find_stuck([hourly(np.zeros(200), "rain_1h_mm")], SCOPE)) == []
    assert len(list(find_stuck([hourly(np.zeros(200))], SCOPE))) == 1
    assert len(list(find_stuck([hourly(np.full(13, 0.4), "rain_1h_mm")], SCOPE))) == 1


@pytest.mark.parametrize("shift", [7, -7, 0, 3, -6])
def test_a_shift_is_reported_where_it_is_that_of_the_zone(shift: int) -> None:
    rain_mm = storms()
    shifted = np.roll(rain_mm, shift)
    fits = correlations(shifted[24:-24], rain_mm[24:-24])
    assert max(fits, key=lambda lag: fits[lag][0]) == shift
    assert shift_h(shifted[24:-24], rain_mm[24:-24], ClockShift()) == (shift if abs(shift) == 7 else 0)


def test_only_the_station_with_the_wrong_clock_is_named() -> None:
    rain_mm = storms()
    rng = np.random.default_rng(1)
    stations = [
        hourly(
            rain_mm * rng.uniform(0.7, 1.4, rain_mm.size), "rain_1h_mm", f"mua-{number}",
            107.5 + number / 100, shift=7 if number == 3 else 0,
        )
        for number in range(6)
    ]  # fmt: skip
    (finding,) = find_shifted(stations, SCOPE)
    assert (finding.layer, finding.feature_id) == ("rain_stations", "mua-3")
    assert "its clock put back by 7 h" in finding.sentence.en
    assert "lùi đồng hồ 7 giờ" in finding.sentence.vi


def test_two_neighbours_accuse_nobody_nor_does_a_flood_wave() -> None:
    rain_mm = storms()
    few = [hourly(rain_mm, "rain_1h_mm", f"s{n}", 107.5 + n / 100, 7 * (n == 0)) for n in range(3)]
    assert list(find_shifted(few, SCOPE)) == []
    gauges = [hourly(rain_mm, "stage_m", f"g{n}", 107.5 + n / 100, 7 * (n == 0)) for n in range(6)]
    assert list(find_shifted(gauges, SCOPE)) == []


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["stage_m", "rain_1h_mm"]),
    st.lists(st.tuples(st.floats(0.1, 1), st.floats(24, 200), st.floats(0, 6)), min_size=1, max_size=4),
    st.lists(st.floats(0.5, 2), min_size=1, max_size=6),
)
def test_clean_smooth_series_give_no_findings(
    name: str, waves: list[tuple[float, float, float]], strengths: list[float]
) -> None:
    hours = np.arange(14 * 24)
    shape = sum(size * np.sin(2 * np.pi * hours / period + phase) for size, period, phase in waves)
    smooth = 0.5 + np.maximum(np.asarray(shape), 0 if name == "rain_1h_mm" else -np.inf) + hours / 1e4
    series = [
        hourly(strength * smooth, name, f"s{number}", 107.5 + number / 100)
        for number, strength in enumerate(strengths)
    ]
    judged = [check for check in CHECKS if check.read is read_series]
    assert len(judged) == 4
    for check in judged:
        assert list(check.find(series, SCOPE)) == []
