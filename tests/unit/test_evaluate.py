"""COCO metrics on answers that can be worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from detectors.base import Detections, Frame
from detectors.training.evaluate import evaluate
from detectors.training.labels import Labels, read_labels
from tests.detecting import write_labelled


class Answering:
    """A detector that answers with the truth, moved and mixed as told."""

    def __init__(
        self, labels: Labels, shift: float = 0.0, only: Sequence[str] = (), false_alarms: int = 0
    ) -> None:
        self._labels, self._shift, self._only, self._false_alarms = labels, shift, only, false_alarms

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._of(frame) for frame in frames]

    def _of(self, frame: Frame) -> Detections:
        number = next(
            picture.id for picture in self._labels.pictures if picture.file_name == frame.camera_code
        )
        names = {category.id: category.name for category in self._labels.categories}
        boxes, classes = [], []
        for annotation in self._labels.annotations:
            left, top, width, height = annotation.bbox
            name = names[annotation.category_id]
            if annotation.image_id == number and (not self._only or name in self._only):
                left += self._shift * width
                boxes.append([left, top, left + width, top + height])
                classes.append(name)
        boxes += [[0, 0, 2, 2]] * self._false_alarms
        classes += ["car"] * self._false_alarms
        confidence = np.r_[np.full(len(boxes) - self._false_alarms, 0.9), np.full(self._false_alarms, 0.95)]
        return Detections(frame, np.array(boxes, float).reshape(-1, 4), tuple(classes), confidence)


@pytest.fixture
def labels(tmp_path: Path) -> Labels:
    return read_labels(write_labelled(tmp_path))


def test_the_truth_scores_one(labels: Labels) -> None:
    scores = evaluate(Answering(labels), labels)
    assert (scores.mean_ap, scores.mean_ap50) == pytest.approx((1.0, 1.0))
    assert [(score.name, score.boxes, score.recall) for score in scores.classes] == [
        ("car", 8, 1.0),
        ("boat", 8, 1.0),
    ]


def test_a_shift_by_a_quarter_passes_at_overlaps_up_to_three_fifths(labels: Labels) -> None:
    """0.75 / 1.25 = 0.6: found at overlaps 0.50, 0.55 and 0.60 of the ten."""
    scores = evaluate(Answering(labels, shift=0.2499), labels)
    assert scores.mean_ap50 == pytest.approx(1.0)
    assert scores.mean_ap == pytest.approx(0.3)


def test_a_class_that_is_never_found_scores_nothing(labels: Labels) -> None:
    by_name = {score.name: score for score in evaluate(Answering(labels, only=["car"]), labels).classes}
    assert (by_name["car"].ap, by_name["boat"].ap) == pytest.approx((1.0, 0.0))


def test_one_surer_false_alarm_for_each_true_finding_halves_precision(labels: Labels) -> None:
    """All eight false alarms come first, then the truth: precision at full recall is 8 / 16."""
    by_name = {score.name: score for score in evaluate(Answering(labels, false_alarms=1), labels).classes}
    assert by_name["car"].ap50 == pytest.approx(0.5)
    assert by_name["boat"].ap50 == pytest.approx(1.0)


def test_finding_nothing_at_all_scores_nothing(labels: Labels) -> None:
    scores = evaluate(Answering(labels, only=["nothing"]), labels)
    assert scores.mean_ap == 0
    assert not math.isnan(scores.mean_ap50)
