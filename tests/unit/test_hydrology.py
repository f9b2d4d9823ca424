"""Flow directions, streams and HAND on grids small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.hydrology import Drainage, derive_drainage, open_water
from gis_core.errors import RasterError

NAN = np.nan
CELL_M = 1000.0
"""A kilometre, so that areas in km² are counts of cells."""


def drainage(rows: list[list[float]], sea_below: float | None = None) -> Drainage:
    elevation = np.array(rows, dtype=np.float32)
    sea = np.zeros(elevation.shape, dtype=bool) if sea_below is None else elevation <= sea_below
    return derive_drainage(elevation, CELL_M, sea)


def test_a_tilted_plane_drains_straight_down_its_columns() -> None:
    plane = drainage([[40, 40, 40], [30, 30, 30], [20, 20, 20], [10, 10, 10]])
    assert plane.downstream.reshape(4, 3)[:3].tolist() == [[3, 4, 5], [6, 7, 8], [9, 10, 11]]
    assert plane.area_km2[3].tolist() == [4, 4, 4]
    assert plane.distance_m[:, 0].tolist() == [3000, 2000, 1000, 0]


def test_water_takes_the_steepest_way_and_not_the_lowest_neighbour() -> None:
    # From the centre: 10 m down over 1 km to the east, 12 m down over 1.41 km to the south-east.
    slope = drainage([[30, 30, 30, 30], [30, 20, 10, 5], [30, 30, 8, 4], [30, 30, 30, 3]])
    assert slope.downstream[1 * 4 + 1] == 1 * 4 + 2


def test_a_valley_gathers_both_slopes_into_its_stream() -> None:
    valley = drainage([[9, 6, 9], [8, 5, 8], [7, 4, 7], [6, 3, 6]])
    assert valley.area_km2[:, 1].tolist() == [3, 6, 9, 12]
    streams = valley.streams(4.0)
    assert streams[:, 1].tolist() == [False, True, True, True]
    hand = valley.hand(streams)
    # Straight across it is 3 m down over one cell; the diagonal's 4 m over 1.41 cells are less steep.
    assert hand.tolist() == [[4, 1, 4], [3, 0, 3], [3, 0, 3], [3, 0, 3]]


def test_a_pit_is_filled_to_its_spill_point_and_drains_over_it() -> None:
    pit = drainage([[9, 9, 9, 9, 9], [9, 5, 2, 6, 4], [9, 9, 9, 9, 9]])
    assert pit.filled_m[1].tolist() == [9, 6, 6, 6, 4]
    assert pit.elevation_m[1, 2] == 2
    assert pit.downstream[1 * 5 + 2] == 1 * 5 + 3
    assert pit.downstream[1 * 5 + 3] == 1 * 5 + 4


def test_a_flat_drains_towards_where_the_water_leaves_it() -> None:
    flat = drainage([[9, 9, 9, 9, 9], [9, 5, 5, 5, 4], [9, 9, 9, 9, 9]])
    assert flat.downstream.reshape(3, 5)[1].tolist() == [6, 7, 8, 9, 9]


def test_water_leaves_into_the_sea_even_where_land_beside_it_is_lower() -> None:
    coast = drainage([[9, 9, 9, 9], [8, 6, -3, -3], [9, 7, 4, -3], [9, 9, 9, 9]], sea_below=0.0)
    # 6 m to the sea at 0 m is a drop of 6 over one cell; 2 m to the diagonal cell of 4 m is less.
    assert coast.downstream[1 * 4 + 1] == 1 * 4 + 1
    assert np.isnan(coast.filled_m[1, 2])
    assert coast.downstream[1 * 4 + 2] == -1


def test_cells_without_elevation_take_no_part() -> None:
    holed = drainage([[9, 8, 7], [9, NAN, 6], [9, 8, 5]])
    assert holed.downstream[4] == -1
    assert np.isnan(holed.area_km2[1, 1])
    assert np.isnan(holed.hand(holed.streams(2.0))[1, 1])
    # The ring's western cells find their way round the hole.
    assert holed.order.size == 8


def test_a_terrain_without_land_is_refused() -> None:
    with pytest.raises(RasterError, match="no land"):
        drainage([[-1, -2], [-3, -1]], sea_below=0.0)


def test_a_gauge_is_moved_to_the_nearest_cell_of_the_main_stream() -> None:
    valley = drainage([[9, 6, 9], [8, 5, 8], [7, 4, 7], [6, 3, 6]])
    # Catchments down the valley are 3, 6, 9 and 12 km²: half of the largest within 1 km is 4.5.
    assert valley.snap(1, 0, 1000.0) == (1, 1)
    assert valley.snap(3, 0, 2000.0) == (3, 1)
    assert valley.snap(0, 1, 1000.0) == (0, 1)
    assert valley.snap(0, 0, 3000.0) == (1, 1)


def test_a_gauge_at_sea_has_no_stream() -> None:
    coast = drainage([[9] * 6, [9, -1, -1, -1, -1, -1]] + [[-1] * 6] * 4, sea_below=0.0)
    assert coast.snap(5, 5, 1000.0) is None


def test_open_water_keeps_a_lagoon_and_leaves_a_river_of_the_same_level() -> None:
    elevation = np.full((40, 80), 5.0, dtype=np.float32)
    elevation[10:30, 50:] = -1.0
    elevation[19:22, :50] = -1.0
    water = open_water(elevation, 100.0, width_m=600.0)
    assert water[15:25, 55:].all()
    assert not water[:, :45].any()


@pytest.mark.parametrize("level_m", [5.0, -5.0])
def test_open_water_on_terrain_that_is_all_dry_or_all_wet(level_m: float) -> None:
    water = open_water(np.full((5, 5), level_m, dtype=np.float32), 100.0)
    assert water.all() == (level_m < 0)
    assert water.any() == (level_m < 0)


terrains = st.tuples(st.integers(0, 10_000), st.sampled_from([1.0, 0.1, 1 / 3])).map(
    # Steps that are no binary fractions: depressions then fill to levels that round differently.
    lambda drawn: (
        np.random.default_rng(drawn[0]).integers(-3, 25, size=(30, 31)).astype(np.float32)
        * np.float32(drawn[1])
    )
)


@settings(max_examples=60, deadline=None)
@given(terrains)
def test_all_water_reaches_an_outlet_and_never_runs_uphill(elevation: np.ndarray) -> None:
    sea = elevation <= elevation.min()
    sea[:, 0] = True
    derived = derive_drainage(elevation, CELL_M, sea)
    land = np.flatnonzero(~sea)
    assert np.sort(derived.order).tolist() == land.tolist()
    filled = derived.filled_m.ravel()
    below = derived.downstream[land]
    assert (filled[below] <= filled[land]).all()
    outlets = land[below == land]
    assert derived.area_km2.ravel()[outlets].sum() == pytest.approx(land.size)
    assert np.nanmin(derived.hand(derived.streams(4.0))) >= 0
