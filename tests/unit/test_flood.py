"""Water levels, and depth on a valley worked by hand, and their monotony in the stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from gis_core.analysis.flood import (
    MAX_DEPTH_M,
    MAX_HOLLOW_M,
    OVERFLOW_SLOPE,
    inundation_depth,
    rise_along_streams,
    water_levels,
)
from gis_core.analysis.hydrology import Drainage, derive_drainage

CELL_M = 1000.0
VALLEY = np.array([[9, 6, 9], [8, 5, 8], [7, 4, 7], [6, 3, 6]], dtype=np.float32)


@pytest.fixture(scope="module")
def coast() -> Drainage:
    """A valley 40 km long that falls 1 m in 5 km to a sea in the south."""
    row, column = np.mgrid[0:40, 0:21]
    elevation = 8.2 - 0.2 * row + 0.8 * np.abs(column - 10)
    elevation[38:] = -2.0
    return derive_drainage(elevation.astype(np.float32), CELL_M, elevation < 0)


def flood(drainage: Drainage, gauge_row: int, rise_m: float, stream_area_km2: float = 30.0) -> np.ndarray:
    streams = drainage.streams(stream_area_km2)
    gauge = np.array([gauge_row * drainage.shape[1] + 10])
    rise = rise_along_streams(drainage, streams, gauge, np.array([rise_m]))
    return inundation_depth(drainage, streams, water_levels(drainage, streams, rise))


def test_depth_is_the_level_of_the_drainage_less_the_ground() -> None:
    valley = derive_drainage(VALLEY, CELL_M, np.zeros(VALLEY.shape, dtype=bool))
    streams = valley.streams(4.0)
    # It falls 1 m in a km: too steep to spread beyond what drains to each stream cell.
    depth = inundation_depth(valley, streams, np.where(streams, valley.filled_m + 3.5, np.nan))
    assert depth.tolist() == [[0, 2.5, 0], [0.5, 3.5, 0.5], [0.5, 3.5, 0.5], [0.5, 3.5, 0.5]]


def test_a_hollow_stays_dry_until_the_water_passes_its_rim() -> None:
    # Column 1 lies at 3 m behind a rim of 6 m; the stream in column 3 lies at 4 m and less.
    ground = np.array([[9, 9, 9, 5, 9], [9, 3, 6, 4, 9], [9, 9, 9, 3, 9], [9, 9, 9, 2, 9]], dtype=np.float32)
    drained = derive_drainage(ground, CELL_M, np.zeros(ground.shape, dtype=bool))
    streams = np.zeros(ground.shape, dtype=bool)
    streams[:, 3] = True
    below_rim = inundation_depth(drained, streams, np.where(streams, 5.9, np.nan))
    above_rim = inundation_depth(drained, streams, np.where(streams, 6.5, np.nan))
    assert below_rim[1, 1] == 0
    # 0.5 m over the rim; of the hollow's 3 m below it, only so much is believed.
    assert above_rim[1, 1] == pytest.approx(0.5 + MAX_HOLLOW_M)


def two_valleys() -> tuple[Drainage, np.ndarray]:
    """Two gutters side by side that fall 1 cm in 100 m, 1 m deep, with a divide between; and both streams."""
    row, column = np.mgrid[0:60, 0:21]
    fall = 0.01 * (59 - row)
    gutter = np.where(np.isin(column, (4, 5, 6, 14, 15, 16)), 0.0, 1.0)
    walls = np.where((column == 0) | (column == 20), 9.0, 0.0)
    elevation = (10 + fall + gutter + walls - 0.1 * np.isin(column, (5, 15))).astype(np.float32)
    drainage = derive_drainage(elevation, 100.0, np.zeros(elevation.shape, dtype=bool))
    return drainage, np.isin(column, (5, 15))


def test_water_runs_over_a_low_divide_into_the_next_valley_and_loses_depth_on_the_way() -> None:
    drainage, streams = two_valleys()
    west_only = np.where(streams & (np.arange(21) < 10), drainage.filled_m + 0.5, drainage.filled_m)
    level = np.where(streams, west_only, np.nan)
    assert (inundation_depth(drainage, streams, level)[:, 10:] == 0).all()
    above = level + np.where(streams & (np.arange(21) < 10), 1.5, 0.0)
    depth = inundation_depth(drainage, streams, above)
    assert depth[30, 5] == pytest.approx(2.0, abs=0.001)
    # 0.9 m over the divide, and less by the slope for every 100 m across it.
    assert depth[30, 7:14] == pytest.approx(0.9 - 100 * OVERFLOW_SLOPE * np.arange(7), abs=0.001)
    # Down into the next valley it grows no deeper; up the far bank it loses 0.1 m and the slope.
    beyond = depth[30, 13]
    assert depth[30, 14:17] == pytest.approx([beyond, beyond, beyond - 0.13], abs=0.001)


def test_water_that_stays_in_the_streams_own_cells_is_no_flood() -> None:
    drainage, streams = two_valleys()
    in_bed = inundation_depth(drainage, streams, np.where(streams, drainage.filled_m + 0.05, np.nan))
    out_of_bed = inundation_depth(drainage, streams, np.where(streams, drainage.filled_m + 0.15, np.nan))
    assert in_bed.max() == 0
    assert out_of_bed[30, 4:7] == pytest.approx([0.05, 0.15, 0.05], abs=0.02)


def test_a_basin_without_a_gauge_does_not_rise() -> None:
    drainage, streams = two_valleys()
    rise = rise_along_streams(drainage, streams, np.array([30 * 21 + 5]), np.array([2.0]))
    assert rise[30, 5] == pytest.approx(2.0)
    assert (rise[:, 15] == 0).all()


def test_at_the_gauge_the_rise_is_the_gauges_and_at_the_sea_it_is_gone(coast: Drainage) -> None:
    streams = coast.streams(30.0)
    rise = rise_along_streams(coast, streams, np.array([18 * 21 + 10]), np.array([4.0]))
    assert rise[18, 10] == pytest.approx(4.0, rel=1e-6)
    assert rise[37, 10] == 0
    # Half of the 19 km are left; the larger catchment there deepens the water.
    halfway = 4.0 * (9 / 19) * (coast.area_km2[28, 10] / coast.area_km2[18, 10]) ** 0.4
    assert rise[28, 10] == pytest.approx(halfway, rel=1e-5)
    # Upstream of the gauge only the catchment counts.
    above = 4.0 * (coast.area_km2[8, 10] / coast.area_km2[18, 10]) ** 0.4
    assert rise[8, 10] == pytest.approx(above, rel=1e-5)
    assert (rise[~streams] == 0).all()


def test_two_gauges_each_hold_where_they_stand(coast: Drainage) -> None:
    streams = coast.streams(30.0)
    gauges = np.array([12 * 21 + 10, 30 * 21 + 10])
    rise = rise_along_streams(coast, streams, gauges, np.array([2.0, 5.0]))
    assert rise.ravel()[gauges] == pytest.approx([2.0, 5.0], rel=1e-4)


def test_an_impossible_rise_is_capped(coast: Drainage) -> None:
    streams = coast.streams(30.0)
    rise = rise_along_streams(coast, streams, np.array([18 * 21 + 10]), np.array([60.0]))
    assert rise.max() == MAX_DEPTH_M


def test_levels_never_rise_along_the_waters_way(coast: Drainage) -> None:
    streams = coast.streams(10.0)
    rise = np.where(coast.area_km2 > 300, 4.0, 0.1)
    level = water_levels(coast, streams, rise).ravel()
    cells = np.flatnonzero(streams)
    below = coast.downstream[cells]
    assert (level[cells] >= level[below]).all()
    assert (level[cells] >= coast.filled_m.ravel()[cells]).all()


def test_a_river_at_its_usual_level_floods_nothing(coast: Drainage) -> None:
    depth = flood(coast, 18, 0.0)
    assert np.nanmax(depth) == 0
    assert np.isnan(depth[coast.sea]).all()


@settings(max_examples=40, deadline=None)
@given(low=st.floats(0, 8), more=st.floats(0, 8), row=st.integers(8, 36))
@example(low=4.0, more=7.190655816784962e-07, row=28)
def test_more_stage_never_means_less_water(coast: Drainage, low: float, more: float, row: int) -> None:
    before, after = flood(coast, row, low), flood(coast, row, low + more)
    land = ~coast.sea
    assert (after[land] >= before[land]).all()


@settings(max_examples=40, deadline=None)
@given(rise=st.floats(0, 8), row=st.integers(8, 36))
def test_every_piece_of_the_flood_holds_a_stream(coast: Drainage, rise: float, row: int) -> None:
    wet = flood(coast, row, rise) > 0
    pieces, count = label(wet, np.ones((3, 3)))
    assert set(np.unique(pieces[coast.streams(30.0) & wet])) == set(range(1, count + 1))
