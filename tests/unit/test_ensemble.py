"""The probability of a flood, what risk is made of, and how both grow with the stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.ensemble import Ensemble, Errors, correlated_field, flood_ensemble
from gis_core.analysis.flood import FloodPlain, flood_plain, rise_along_streams, water_levels
from gis_core.analysis.flood_risk import built_exposure, composite_class, raised, road_exposure, vulnerability
from gis_core.analysis.hydrology import derive_drainage

GAUGE = np.array([18 * 21 + 10])
CURVE = (np.array([0.0, 1.0, 4.0]), np.array([0.0, 0.5, 1.0]))
SURE = Errors(0.0, 0.0, 2000.0, 0.0)
UNSURE = Errors(0.3, 0.5, 2000.0, 0.2)


@pytest.fixture(scope="module")
def coast() -> FloodPlain:
    """A valley 40 km long that falls 1 m in 5 km to a sea in the south."""
    row, column = np.mgrid[0:40, 0:21]
    elevation = 8.2 - 0.2 * row + 0.8 * np.abs(column - 10)
    elevation[38:] = -2.0
    drainage = derive_drainage(elevation.astype(np.float32), 1000.0, elevation < 0)
    return flood_plain(drainage, drainage.streams(30.0))


def rise(plain: FloodPlain, stage_m: float, error_m: float = 0.0) -> np.ndarray:
    told = np.array([max(0.0, stage_m + error_m)])
    return rise_along_streams(plain.drainage, plain.streams, GAUGE, told)


def ensemble(plain: FloodPlain, stage_m: float, errors: Errors, seed: int = 1) -> Ensemble:
    return flood_ensemble(
        plain, lambda error: rise(plain, stage_m, float(error[0])), 1, errors,
        members=8, seed=seed, threshold_m=0.3, damage=CURVE,
    )  # fmt: skip


def test_without_errors_the_probability_is_the_flood_itself(coast: FloodPlain) -> None:
    depth = coast.depth(water_levels(coast.drainage, coast.streams, rise(coast, 3.0)))
    found = ensemble(coast, 3.0, SURE)
    land = ~coast.drainage.sea
    np.testing.assert_array_equal(found.probability[land], (depth[land] > 0.3).astype(float))
    lost = np.where(depth > 0.3, np.interp(depth, *CURVE), 0)
    assert found.expected_damage[land] == pytest.approx(lost[land], abs=1e-6)
    assert np.isnan(found.probability[coast.drainage.sea]).all()


def test_the_same_seed_gives_the_same_and_errors_make_the_edge_uncertain(coast: FloodPlain) -> None:
    first, again = ensemble(coast, 3.0, UNSURE), ensemble(coast, 3.0, UNSURE)
    np.testing.assert_array_equal(first.probability, again.probability)
    assert not np.array_equal(
        ensemble(coast, 3.0, UNSURE, seed=2).probability, first.probability, equal_nan=True
    )
    between = (first.probability > 0) & (first.probability < 1)
    assert between.any()
    assert np.nanmax(first.probability) == 1


@settings(max_examples=25, deadline=None)
@given(low=st.floats(0, 6), more=st.floats(0, 6))
def test_more_stage_never_means_less_probability_damage_or_risk(
    coast: FloodPlain, low: float, more: float
) -> None:
    land = ~coast.drainage.sea
    before, after = (ensemble(coast, stage, UNSURE) for stage in (low, low + more))
    assert (after.probability[land] >= before.probability[land]).all()
    assert (after.expected_damage[land] >= before.expected_damage[land]).all()


def test_a_river_in_its_bed_floods_nothing_whatever_the_terrain_is_wrong_by(coast: FloodPlain) -> None:
    errors = Errors(0.0, 2.0, 2000.0, 0.5)
    assert np.nanmax(ensemble(coast, 0.0, errors).probability) == 0


def test_the_field_of_errors_is_standard_and_correlated_as_told() -> None:
    field = correlated_field((800, 900), 60.0, 1200.0, np.random.default_rng(5))
    assert field.shape == (800, 900)
    assert field.mean() == pytest.approx(0, abs=0.1)
    assert field.std() == pytest.approx(1, abs=0.1)
    assert np.corrcoef(field[:, :-20].ravel(), field[:, 20:].ravel())[0, 1] == pytest.approx(
        np.exp(-1), abs=0.08
    )
    assert correlated_field((5, 7), 1000.0, 100.0, np.random.default_rng(5)).shape == (5, 7)


def test_risk_is_made_of_its_factors() -> None:
    told = Ensemble(
        np.array([[0.0, 0.5, 1.0, np.nan]], dtype=np.float32),
        np.array([[0.0, 0.2, 0.9, np.nan]], dtype=np.float32),
    )
    assert vulnerability(told)[0, :3] == pytest.approx([0.0, 0.4, 0.9])
    exposure = raised(np.float32([[0.1, 0.6, 0.6, 0.6]]), np.float32([[0, 0, 0.5, 0]]))
    assert exposure[0] == pytest.approx([0.1, 0.6, 0.8, 0.6])
    risk = told.probability * exposure * vulnerability(told)
    assert risk[0, :3] == pytest.approx([0, 0.12, 0.72])
    depth = np.float32([[0.05, 0.4, 2.0, np.nan]])
    classes = composite_class(depth, risk, (0.02, 0.08, 0.2, 0.4))
    np.testing.assert_array_equal(classes, [[1, 3, 5, np.nan]])
    assert composite_class(np.float32([[0.0]]), np.float32([[0.0]]), (0.02, 0.08, 0.2, 0.4))[0, 0] == 0


def test_exposure_by_buildings_is_the_share_of_the_ground_that_they_cover() -> None:
    area_m2 = np.array([[0.0, 90.0, 270.0, 900.0]], dtype=np.float32)
    assert built_exposure(area_m2, 30.0, 0.3).tolist() == [pytest.approx([0, 1 / 3, 1, 1])]


def test_exposure_by_roads_is_their_length_on_a_square_kilometre() -> None:
    road_m = np.zeros((21, 21), dtype=np.float32)
    road_m[:, 10] = 100.0
    # 5 cells of 100 m wide: 1 of them holds 100 m, so 20 m of road on 100 m x 100 m, 2 km on a km².
    share = road_exposure(road_m, 100.0, 200.0, 10.0)
    assert share[10, 8:13] == pytest.approx([0.2] * 5, abs=1e-6)
    assert share[10, 7] == pytest.approx(0, abs=1e-6)
    assert road_exposure(road_m * 100, 100.0, 200.0, 10.0).max() == 1
