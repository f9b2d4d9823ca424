"""What holds of the drainage of any terrain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.hydrology import Drainage, derive_drainage

CELL_M = 1000.0


def _terrain(seed: int, step: float, unknown: float) -> np.ndarray:
    draw = np.random.default_rng(seed)
    rows, columns = draw.integers(3, 31, size=2)
    elevation = (draw.integers(-3, 25, size=(rows, columns)) * step).astype(np.float32)
    elevation[draw.random(elevation.shape) < unknown] = np.nan
    elevation[0, 0] = 1.0
    return elevation


terrains = st.builds(
    # Steps that are no binary fractions: whatever is computed from them is rounded.
    _terrain,
    st.integers(0, 10_000),
    st.sampled_from([1.0, 0.1, 1 / 3]),
    st.sampled_from([0.0, 0.02, 0.3]),
)


def _derived(elevation: np.ndarray) -> Drainage:
    return derive_drainage(elevation, CELL_M, np.nan_to_num(elevation, nan=0.0) < 0)


@settings(max_examples=100, deadline=None)
@given(terrains)
def test_all_water_reaches_an_outlet_and_never_runs_uphill(elevation: np.ndarray) -> None:
    derived = _derived(elevation)
    is_land = np.isfinite(elevation) & ~derived.sea
    land = np.flatnonzero(is_land)
    assert np.sort(derived.order).tolist() == land.tolist()
    place = np.full(elevation.size, -1)
    place[derived.order] = np.arange(land.size)
    below = derived.downstream[land]
    assert ((place[below] < place[land]) | (below == land)).all()
    filled = derived.filled_m.ravel()
    assert (filled[land] >= elevation.ravel()[land]).all()
    assert (filled[below] <= filled[land]).all()
    outlets = land[below == land]
    assert derived.area_km2.ravel()[outlets].sum() == pytest.approx(land.size)
    counted = np.bincount(derived.basins().ravel(), minlength=outlets.size + 1)
    assert counted[1:].tolist() == derived.area_km2.ravel()[outlets].tolist()


@settings(max_examples=60, deadline=None)
@given(terrains, st.integers(1, 60))
def test_nothing_lies_below_its_drainage_and_the_drainage_lies_level_with_itself(
    elevation: np.ndarray, cells: int
) -> None:
    derived = _derived(elevation)
    streams = derived.streams(float(cells))
    hand = derived.hand(streams)
    assert (hand[np.isfinite(derived.filled_m)] >= 0).all()
    assert (hand[streams] == 0).all()
    drain = derived.nearest_drain(streams)
    land = drain >= 0
    np.testing.assert_array_equal(hand[land], (derived.filled_m - derived.filled_m.ravel()[drain])[land])
    assert np.isnan(hand[~land]).all()


@settings(max_examples=40, deadline=None)
@given(terrains)
def test_filling_twice_fills_no_more(elevation: np.ndarray) -> None:
    derived = _derived(elevation)
    ground = np.where(derived.sea, elevation, derived.filled_m)
    np.testing.assert_array_equal(derive_drainage(ground, CELL_M, derived.sea).filled_m, derived.filled_m)


@settings(max_examples=40, deadline=None)
@given(st.builds(_terrain, st.integers(0, 10_000), st.just(0.25), st.just(0.02)), st.integers(0, 4000))
def test_a_terrain_that_lies_higher_drains_alike(elevation: np.ndarray, lift_m: int) -> None:
    # Quarters of a metre, which single precision holds exactly; without a sea, whose level stays 0.
    no_sea = np.zeros(elevation.shape, dtype=bool)
    low = derive_drainage(elevation, CELL_M, no_sea)
    high = derive_drainage(elevation + np.float32(lift_m), CELL_M, no_sea)
    np.testing.assert_array_equal(high.filled_m, low.filled_m + np.float32(lift_m))
    np.testing.assert_array_equal(high.downstream, low.downstream)
    np.testing.assert_array_equal(high.hand(high.streams(4.0)), low.hand(low.streams(4.0)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([np.transpose, np.fliplr, np.flipud, np.rot90]))
def test_a_terrain_without_ties_drains_alike_however_it_is_turned(
    seed: int, turn: Callable[[np.ndarray], np.ndarray]
) -> None:
    draw = np.random.default_rng(seed)
    # A rough cone, too steep for hollows: no flat, and no two drops alike.
    x, y = np.meshgrid(np.linspace(-1, 1, 24), np.linspace(-1, 1, 19))
    elevation = (100 - 90 * np.hypot(x, y) + draw.random(x.shape)).astype(np.float32)
    no_sea = np.zeros(elevation.shape, dtype=bool)
    straight = derive_drainage(elevation, CELL_M, no_sea)
    turned = derive_drainage(np.ascontiguousarray(turn(elevation)), CELL_M, turn(no_sea))
    np.testing.assert_array_equal(turned.filled_m, turn(straight.filled_m))
    np.testing.assert_array_equal(turned.area_km2, turn(straight.area_km2))
    hand = straight.hand(straight.streams(4.0))
    np.testing.assert_array_equal(turned.hand(turned.streams(4.0)), turn(hand))
