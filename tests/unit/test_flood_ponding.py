"""Rain in hollows, worked by hand, and never more of it than fell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.flood_ponding import ponded_depth
from gis_core.analysis.hydrology import Drainage, derive_drainage

CELL_M = 10.0
NO_STREAM = np.zeros((1, 1), dtype=bool)


def drained(elevation_m: np.ndarray) -> Drainage:
    return derive_drainage(elevation_m.astype(np.float32), CELL_M, np.zeros(elevation_m.shape, dtype=bool))


def bowl() -> Drainage:
    """A rim of 5 m with its outlet at 4.5 m in the east; inside cells of 4.2 m around one of 4 m."""
    ground = np.full((5, 5), 5.0)
    ground[1:4, 1:4] = 4.2
    ground[2, 2] = 4.0
    ground[2, 4] = 4.5
    return drained(ground)


def pond(drainage: Drainage, rain_mm: float, runoff: float = 1.0) -> np.ndarray:
    rain = np.full(drainage.shape, rain_mm)
    return ponded_depth(drainage, np.zeros(drainage.shape, dtype=bool), rain, runoff)


def test_a_little_rain_stands_in_the_lowest_cell() -> None:
    # All that drains into the bowl: its 9 cells and those of the rim that do not shed outwards.
    depth = pond(bowl(), 5.0)
    volume = float(depth.astype(float).sum())
    assert depth[2, 2] == pytest.approx(volume)
    assert 9 * 0.005 <= volume <= 25 * 0.005 + 1e-9


def test_more_rain_stands_level_and_a_full_bowl_spills() -> None:
    depth = pond(bowl(), 100.0)
    assert depth[2, 2] - depth[1, 1] == pytest.approx(0.2, abs=1e-3)
    assert np.ptp(np.delete(depth[1:4, 1:4].ravel(), 4)) == pytest.approx(0, abs=1e-6)
    full = pond(bowl(), 5000.0)
    assert full[2, 2] == pytest.approx(0.5, abs=2e-3)
    assert full[1, 1] == pytest.approx(0.3, abs=2e-3)
    assert full[0, 0] == 0


def test_what_spills_fills_the_next_hollow_below() -> None:
    # A gutter that falls to the east with a small hollow above a large one, between walls.
    floor = np.array([9.0, 8.0, 6.9, 7.0, 6.0, 5.2, 5.2, 5.2, 6.0, 5.9])
    ground = np.stack([np.full(10, 20.0), floor, np.full(10, 20.0)])
    drainage = drained(ground)
    depth = pond(drainage, 30.0)
    assert depth[1, 2] == pytest.approx(0.1, abs=2e-3)
    upper, lower = depth[1, 2], depth[1, 5:8].astype(float).sum()
    # Both together hold what ran into either, as the large one does not overflow.
    alone = ponded_depth(
        drainage,
        np.zeros(drainage.shape, dtype=bool),
        np.where(np.arange(10) >= 5, 30.0, 0) * np.ones((3, 1)),
        1.0,
    )
    assert lower > alone[1, 5:8].astype(float).sum()
    assert upper + lower <= 30 * 0.03


def test_a_hollow_that_a_stream_runs_through_holds_no_rain() -> None:
    drainage = bowl()
    streams = np.zeros(drainage.shape, dtype=bool)
    streams[2, 2:] = True
    assert np.nanmax(ponded_depth(drainage, streams, np.full(drainage.shape, 100.0), 1.0)) == 0


def test_a_quarry_is_not_flooded_by_rain() -> None:
    ground = np.full((5, 5), 5.0)
    ground[2, 2] = 1.9
    assert pond(drained(ground), 500.0).max() == 0
    ground[2, 2] = 2.1
    assert pond(drained(ground), 500.0)[2, 2] > 0


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), rain_mm=st.floats(0, 2000), more=st.floats(0, 500), runoff=st.floats(0, 1)
)
def test_no_more_ponds_than_ran_off_and_more_rain_never_less(
    seed: int, rain_mm: float, more: float, runoff: float
) -> None:
    drainage = drained(np.random.default_rng(seed).uniform(0, 3, (12, 14)))
    depth, deeper = pond(drainage, rain_mm, runoff), pond(drainage, rain_mm + more, runoff)
    assert (depth >= 0).all()
    assert depth.astype(float).sum() <= rain_mm / 1000 * runoff * depth.size * (1 + 1e-9)
    assert (deeper >= depth - 1e-6).all()
    assert (depth <= drainage.filled_m - drainage.elevation_m + 1e-5).all()


def test_no_rain_no_pond_and_none_on_a_plain_slope() -> None:
    assert pond(bowl(), 0.0).max() == 0
    slope = drained(np.add.outer(np.arange(6.0), np.arange(6.0)))
    assert pond(slope, 500.0).max() == 0
