"""Flow directions, streams and HAND on grids small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gis_core.analysis.hydrology import Drainage, derive_drainage, network_of, open_water
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


def test_basins_are_numbered_by_their_outlets_and_catchments_by_their_cells() -> None:
    # Two valleys side by side with a ridge between: each column's water leaves at its southern end.
    ridge = drainage([[9, 6, 9, 6, 9], [8, 5, 9, 5, 8], [7, 4, 9, 4, 7]])
    west, east = 2 * 5 + 1, 2 * 5 + 3
    basins = ridge.basins()
    assert basins.max() == 2
    assert (basins[:, :2] == basins[2, 1]).all()
    assert (basins[:, 3:] == basins[2, 3]).all()
    # The ridge is as steep on both sides: the first from the north-west takes it.
    assert (basins[:, 2] == basins[2, 1]).all()
    catchments = ridge.catchments(np.array([1 * 5 + 1, west, east], dtype=np.int32))
    assert catchments.tolist() == [[1, 1, 1, 3, 3], [1, 1, 1, 3, 3], [2, 2, 2, 3, 3]]


def test_a_catchment_begins_on_the_land() -> None:
    coast = drainage([[9, 9, 9], [9, 5, -1], [9, 9, 9]], sea_below=0.0)
    for cell in (5, -1, 9):
        with pytest.raises(RasterError, match=f"Cell {cell} is not on the land"):
            coast.catchments(np.array([cell], dtype=np.int32))


def test_nested_hollows_fill_to_the_pass_over_which_the_last_of_them_spills() -> None:
    # From the west: a hollow of 1 behind a pass of 3, one of 2 behind a pass of 5, then 4 and out.
    nested = drainage([[9] * 7, [9, 1, 3, 2, 5, 4, 4], [9] * 7])
    assert nested.filled_m[1].tolist() == [9, 5, 5, 5, 5, 4, 4]
    assert nested.area_km2[1, 6] == nested.area_km2[1, 5] + 3


def test_a_hollow_spills_over_the_lower_of_two_passes() -> None:
    two = drainage([[9] * 7, [3, 6, 9, 1, 9, 7, 2], [9, 9, 5, 9, 8, 9, 9], [9] * 7])
    # West over 5 and 6, east over 8 and 7: the highest on the way counts.
    assert two.filled_m[1, 3] == 6
    assert two.filled_m[2, 2] == 6
    assert two.filled_m[2, 4] == 8


def test_a_plain_of_one_level_drains_to_the_nearest_edge() -> None:
    plain = drainage([[7] * 7] * 7)
    assert (plain.filled_m == 7).all()
    ring = np.minimum.outer(np.minimum(np.arange(7), 6 - np.arange(7)), np.full(7, 3))
    assert (plain.distance_m >= np.minimum(ring, ring.T) * CELL_M).all()
    steps = np.minimum(ring, ring.T)
    below = plain.downstream.reshape(7, 7)
    inner = steps > 0
    assert (steps.ravel()[below[inner]] == steps[inner] - 1).all()
    assert (plain.hand(plain.streams(3.0)) == 0).all()


def test_a_void_within_the_land_takes_what_flows_into_it() -> None:
    # As at the edge of the data: what is not known is not guessed, and no water is led through it.
    bowl = np.full((5, 5), 9.0)
    bowl[1:4, 1:4] = 5
    bowl[2, 2] = NAN
    holed = drainage(bowl.tolist())
    assert np.isnan(holed.filled_m[2, 2])
    assert (holed.filled_m[1:4, 1:4][~np.isnan(bowl[1:4, 1:4])] == 5).all()
    assert holed.directions[2, 2] == 247


def test_elevations_stay_as_they_are_where_nothing_is_filled() -> None:
    slope = drainage([[0.3, 0.2, 0.1]] * 3)
    np.testing.assert_array_equal(slope.filled_m, np.float32([[0.3, 0.2, 0.1]] * 3))


@pytest.mark.parametrize(
    ("elevation", "cell_m", "sea", "reason"),
    [
        (np.ones(5), 1.0, np.zeros(5, dtype=bool), "grid of rows and columns"),
        (np.ones((3, 3)), 1.0, np.zeros((3, 4), dtype=bool), "one of the same size"),
        (np.ones((3, 3)), 0.0, np.zeros((3, 3), dtype=bool), "so many metres wide"),
        (np.ones((3, 3)), NAN, np.zeros((3, 3), dtype=bool), "so many metres wide"),
        (np.full((3, 3), NAN), 1.0, np.zeros((3, 3), dtype=bool), "no land"),
    ],
)
def test_what_is_no_grid_of_land_is_refused_with_a_sentence(
    elevation: np.ndarray, cell_m: float, sea: np.ndarray, reason: str
) -> None:
    with pytest.raises(RasterError, match=reason):
        derive_drainage(elevation.astype(np.float32), cell_m, sea)


def test_directions_that_lead_in_a_circle_are_refused() -> None:
    level = np.ones((1, 3), dtype=np.float32)
    with pytest.raises(RasterError, match="do not lead all water off the terrain"):
        network_of(level, level, np.array([[1, 16, 0]], dtype=np.uint8), CELL_M)


def test_directions_that_lead_off_the_grid_end_there() -> None:
    level = np.ones((1, 3), dtype=np.float32)
    network = network_of(level, level, np.array([[1, 1, 1]], dtype=np.uint8), CELL_M)
    assert network.downstream.tolist() == [1, 2, 2]
    assert network.area_km2.tolist() == [[1, 2, 3]]
