"""Non-maximum suppression against a brute-force one, pair by pair as the definition says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detectors.nms import nms, nms_by_class
from gis_core.types import FloatArray


def brute_force(boxes: FloatArray, scores: FloatArray, iou_threshold: float, offset: int = 0) -> list[int]:
    left = sorted(range(len(boxes)), key=lambda i: (-scores[i], i))
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if overlap(boxes[best], boxes[i], offset) <= iou_threshold]
    return kept


def overlap(a: FloatArray, b: FloatArray, offset: int) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]) + offset)
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]) + offset)
    common = width * height
    together = sum((box[2] - box[0] + offset) * (box[3] - box[1] + offset) for box in (a, b)) - common
    return common / together if common else 0.0


def random_set(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Crowded boxes on a coarse grid, so that equal boxes, equal scores and flat boxes are common."""
    count = rng.integers(0, 40)
    corner = rng.integers(0, 12, (count, 2)).astype(float)
    size = rng.integers(0, 9, (count, 2)).astype(float)
    return np.hstack([corner, corner + size]), rng.integers(0, 6, count) / 5


def test_agrees_with_brute_force_on_thousands_of_sets() -> None:
    rng = np.random.default_rng(3)
    for _ in range(4_000):
        boxes, scores = random_set(rng)
        # No quotient of small whole numbers equals these, so no rounding decides.
        threshold = float(rng.choice([0.123456, 0.345678, 0.654321, 0.876543]))
        offset = int(rng.integers(0, 2))
        assert nms(boxes, scores, threshold, offset=offset).tolist() == brute_force(
            boxes, scores, threshold, offset
        )


def test_by_class_agrees_with_each_class_alone() -> None:
    rng = np.random.default_rng(4)
    for _ in range(1_000):
        boxes, scores = random_set(rng)
        labels = rng.integers(0, 3, len(boxes))
        apart = [
            np.flatnonzero(labels == label)[
                brute_force(boxes[labels == label], scores[labels == label], 0.345678)
            ]
            for label in range(3)
        ]
        assert sorted(nms_by_class(boxes, scores, labels, 0.345678)) == sorted(np.concatenate(apart))


def test_nothing_stays_of_nothing() -> None:
    assert nms(np.empty((0, 4)), np.empty(0), 0.5).shape == (0,)
    assert nms_by_class(np.empty((0, 4)), np.empty(0), np.empty(0, int), 0.5).shape == (0,)


def test_the_earlier_of_two_equals_stays() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [20, 20, 30, 30]])
    assert nms(boxes, np.array([0.5, 0.5, 0.9]), 0.5).tolist() == [2, 0]


@pytest.mark.parametrize(("threshold", "kept"), [(1 / 3 - 1e-9, [0]), (1 / 3 + 1e-9, [0, 1])])
def test_half_shifted_boxes_overlap_by_a_third(threshold: float, kept: list[int]) -> None:
    boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10]])
    assert nms(boxes, np.array([0.9, 0.8]), threshold).tolist() == kept


@given(hnp.arrays(float, (20, 4), elements=st.floats(0, 100)), st.floats(0, 1))
def test_what_stays_does_not_suppress_itself(raw: FloatArray, threshold: float) -> None:
    boxes = np.hstack([np.minimum(raw[:, :2], raw[:, 2:]), np.maximum(raw[:, :2], raw[:, 2:])])
    scores = np.linspace(1, 0, 20)
    kept = boxes[nms(boxes, scores, threshold)]
    assert len(kept)
    assert nms(kept, np.linspace(1, 0, len(kept)), threshold).tolist() == list(range(len(kept)))
