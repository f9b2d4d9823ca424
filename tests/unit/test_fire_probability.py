"""Telling fires from straw: the model, what its threshold promises, and its curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gis_core.analysis.fire_probability import fit, keep_every_fire, reliability, split_half
from gis_core.types import BoolArray, FloatArray
from layers.fire_features import FEATURES, reasons


def drawn(count: int, seed: int) -> tuple[FloatArray, BoolArray]:
    """Features of which the first two tell, with the log-odds 2·a - b - 1."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4))
    odds = 2 * features[:, 0] - features[:, 1] - 1
    return features, rng.random(count) < 1 / (1 + np.exp(-odds))


def test_the_model_finds_what_made_the_data() -> None:
    features, is_fire = drawn(20_000, 1)
    model = fit(features, is_fire)
    assert model.coefficient / model.scale == pytest.approx([2, -1, 0, 0], abs=0.08)


def test_probability_is_the_sum_of_its_contributions() -> None:
    features, is_fire = drawn(500, 2)
    model = fit(features, is_fire)
    odds = model.contributions(features).sum(axis=1) + model.intercept
    assert np.log(model.probability(features) / (1 - model.probability(features))) == pytest.approx(odds)


@given(hnp.arrays(float, st.integers(1, 50), elements=st.floats(0, 1)))
def test_the_threshold_keeps_every_fire_and_no_higher_one_does(scores: FloatArray) -> None:
    keep = keep_every_fire(scores)
    assert (scores >= keep.threshold).all()
    assert not (scores >= np.nextafter(keep.threshold, 2)).all()
    assert keep.guarantee == len(scores) / (len(scores) + 1)


def test_the_guarantee_holds_for_further_fires() -> None:
    """With nine fires at least 90 % of further ones are kept: the average over calibration sets is 9/10."""
    scores = np.random.default_rng(3).random((20_000, 10))
    kept = [row[9] >= keep_every_fire(row[:9]).threshold for row in scores]
    assert np.mean(kept) == pytest.approx(0.9, abs=0.01)


def test_what_is_said_comes_true_as_often() -> None:
    features, is_fire = drawn(5_000, 4)
    curve = reliability(features, is_fire)
    assert sum(one.events for one in curve.bins) == len(is_fire)
    assert curve.brier < curve.brier_of_share
    for one in curve.bins:
        assert one.came_true == pytest.approx(one.said, abs=4 * 0.5 / np.sqrt(one.events))


def test_the_halves_have_both_kinds_and_are_drawn_alike() -> None:
    is_fire = np.arange(40) % 4 == 0
    trains = split_half(is_fire)
    assert trains[is_fire].sum() == 5
    assert trains[~is_fire].sum() == 15
    assert (trains == split_half(is_fire)).all()


def test_reasons_name_the_strongest_first_and_say_which_way() -> None:
    added = np.zeros(len(FEATURES))
    added[list(FEATURES).index("in_forest")] = 1.2
    added[list(FEATURES).index("straw_share")] = -2.0
    told = reasons(added)
    assert told.en == "reported as straw burning (lowers); in or near forest (raises)"
    assert told.vi == "được báo là đốt rơm rạ (giảm); trong hay gần rừng (tăng)"
    assert reasons(np.zeros(len(FEATURES))).en == "nothing stands out"
