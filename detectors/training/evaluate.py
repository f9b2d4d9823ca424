"""COCO metrics of a detector on labelled pictures (Lin et al., "Microsoft COCO", 2014)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from detectors.base import Detections, Detector, Frame
from detectors.training.labels import Labels, Picture
from gis_core.errors import DetectorError

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Labelled pictures carry no time, and none is needed here."""


class ClassScore(NamedTuple):
    """What COCO says of one class; NaN where the set has no such thing.

    ``ap`` is the average precision over overlaps from 0.50 to 0.95, ``ap50`` that at 0.50,
    and ``recall`` the average recall with a hundred findings a picture.
    """

    name: str
    boxes: int
    ap: float
    ap50: float
    recall: float


class Scores(NamedTuple):
    """The scores of every class, and their means over the classes that occur."""

    classes: tuple[ClassScore, ...]
    pictures: int

    @property
    def boxes(self) -> int:
        """How many things were there to find."""
        return sum(score.boxes for score in self.classes)

    @property
    def mean_ap(self) -> float:
        """mAP as COCO reports it first."""
        return float(np.nanmean([score.ap for score in self.classes]))

    @property
    def mean_ap50(self) -> float:
        """mAP at an overlap of 0.50."""
        return float(np.nanmean([score.ap50 for score in self.classes]))


def evaluate(
    detector: Detector, labels: Labels, *, batch: int = 8, after: Callable[[], None] = lambda: None
) -> Scores:
    """Run a detector over labelled pictures and score it.

    Findings of classes that the labels do not have are left out.

    Args:
        detector: any detector.
        labels: the truth.
        batch: pictures handed to the detector together.
        after: called after each picture.

    Raises:
        DetectorError: a picture cannot be read, or nothing of the labels was there to find.
    """
    if all(annotation.iscrowd for annotation in labels.annotations):
        raise DetectorError(f"{labels.file.name} has no boxes, so there is nothing to score.")
    number_of = {category.name: category.id for category in labels.categories}
    found: list[dict[str, Any]] = []
    for start in range(0, len(labels.pictures), batch):
        pictures = labels.pictures[start : start + batch]
        results = detector.detect([_frame(labels, picture) for picture in pictures])
        for picture, detections in zip(pictures, results, strict=True):
            found += _as_coco(picture.id, detections, number_of)
            after()
    return Scores(_judge(labels, found), len(labels.pictures))


def _judge(labels: Labels, found: list[dict[str, Any]]) -> tuple[ClassScore, ...]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth, results = COCO(), COCO()
    truth.dataset = labels.as_coco()
    results.dataset = truth.dataset | {
        "annotations": [finding | {"id": number} for number, finding in enumerate(found, 1)]
    }
    # pycocotools prints what it does.
    with redirect_stdout(io.StringIO()):
        truth.createIndex()
        results.createIndex()
        judge = COCOeval(truth, results, "bbox")
        judge.evaluate()
        judge.accumulate()
    # Axes: overlap, recall, class, size of the thing (all sizes first), findings a picture (100 last).
    precision, recall = judge.eval["precision"][..., 0, -1], judge.eval["recall"][..., 0, -1]
    order = [judge.params.catIds.index(category.id) for category in labels.categories]
    boxes = Counter(annotation.category_id for annotation in labels.annotations if not annotation.iscrowd)
    return tuple(
        ClassScore(
            category.name,
            boxes[category.id],
            _mean(precision[:, :, i]),
            _mean(precision[0, :, i]),
            _mean(recall[:, i]),
        )
        for i, category in zip(order, labels.categories, strict=True)
    )


def _frame(labels: Labels, picture: Picture) -> Frame:
    try:
        with Image.open(labels.folder / picture.file_name) as opened:
            image = np.asarray(opened.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise DetectorError(f"The picture {picture.file_name} cannot be read: {error}.") from error
    return Frame(picture.file_name, _NEVER, image.shape[1], image.shape[0], image)


def _as_coco(picture_id: int, detections: Detections, number_of: dict[str, int]) -> Iterator[dict[str, Any]]:
    for (left, top, right, bottom), name, confidence in zip(
        detections.boxes_px, detections.class_names, detections.confidence, strict=True
    ):
        if name in number_of:
            yield {
                "image_id": picture_id,
                "category_id": number_of[name],
                "bbox": [float(left), float(top), float(right - left), float(bottom - top)],
                "area": float((right - left) * (bottom - top)),
                "iscrowd": 0,
                "score": float(confidence),
            }


def _mean(values: Any) -> float:
    """The mean of what COCO could judge; it marks the rest with -1."""
    judged = values[values > -1]
    return float(judged.mean()) if judged.size else float("nan")
