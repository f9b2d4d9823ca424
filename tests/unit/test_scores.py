"""Scores worked by hand, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from gis_core.analysis.scores import brier, contingency, edge_distance_m


def test_counts_and_scores_worked_by_hand() -> None:
    simulated = np.array([1, 1, 1, 0, 0, 0, 0, 1], dtype=bool)
    observed = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    judged = np.array([1, 1, 1, 1, 1, 1, 1, 0], dtype=bool)
    counted = contingency(simulated, observed, judged)
    assert (counted.hits, counted.misses, counted.false_alarms, counted.correct_negatives) == (2, 1, 1, 3)
    assert counted.csi == pytest.approx(2 / 4)
    assert counted.pod == pytest.approx(2 / 3)
    assert counted.far == pytest.approx(1 / 3)
    assert contingency(simulated, observed).hits == 3


def test_brier_worked_by_hand() -> None:
    # (0.8 - 1)², (0.3 - 0)² and (0.5 - 1)², whose mean is 0.38 / 3.
    found = brier(np.array([0.8, 0.3, 0.5, np.nan]), np.array([True, False, True, True]))
    assert found == pytest.approx(0.38 / 3)
    assert brier(np.array([np.nan]), np.array([True])) is None


def test_the_edges_of_two_floods_lie_as_far_apart_as_they_were_drawn() -> None:
    simulated = np.zeros((30, 40), dtype=bool)
    simulated[:, :10] = True
    observed = np.zeros((30, 40), dtype=bool)
    observed[:, :13] = True
    assert edge_distance_m(simulated, observed, 20.0) == pytest.approx(60.0)
    assert edge_distance_m(observed, simulated, 20.0) == pytest.approx(60.0)
    assert edge_distance_m(simulated, simulated, 20.0) == 0
    assert edge_distance_m(simulated, np.zeros_like(simulated), 20.0) is None


def test_nothing_to_judge_is_no_score() -> None:
    dry = contingency(np.zeros(3, dtype=bool), np.zeros(3, dtype=bool))
    assert (dry.csi, dry.pod, dry.far) == (None, None, None)


@given(arrays(bool, (5, 6)), arrays(bool, (5, 6)))
def test_scores_stay_between_0_and_1_and_agreement_is_perfect(one: np.ndarray, other: np.ndarray) -> None:
    counted = contingency(one, other)
    assert counted.hits + counted.misses + counted.false_alarms + counted.correct_negatives == one.size
    for score in (counted.csi, counted.pod, counted.far):
        assert score is None or 0 <= score <= 1
    assert contingency(one, one).csi in (None, 1.0)
    assert brier(one.astype(float), one) == 0
