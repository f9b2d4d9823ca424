"""The shipped detector on ONNX Runtime against the same weights on torch: frames/s, one core.

Both get the same drawn scenes, one at a time and by turns, from picture to finished boxes:
scaling, network, decoding and suppression are all counted. Fails where the two do not find
the same things.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

import numpy as np

from detectors.base import Detections, Detector, Frame
from detectors.mmdet import MmdetDetector
from detectors.models import SHIPPED
from detectors.onnx import OnnxDetector
from detectors.training.scenes import draw
from gis_core.types import BoolArray, FloatArray

_FRAMES = 16
_ROUNDS = 3
_SIZES_PX = (640, 320)
_TARGET = 2.0
_SURE = 0.3
_SAME_OVERLAP = 0.65
_SAME_CONFIDENCE = 0.005
_A_TOUCH = 0.01


def run() -> None:
    """Print one line for each size of the input."""
    frames = [_frame(seed) for seed in range(_FRAMES)]
    for size_px in _SIZES_PX:
        fast = OnnxDetector(SHIPPED["onnx"], threads=1, size_px=size_px)
        reference = MmdetDetector(SHIPPED["torch"], device="cpu", threads=1, size_px=size_px)
        for ours, theirs in zip(fast.detect(frames), reference.detect(frames), strict=True):
            _check_same(ours, theirs)
        fast_s, reference_s = _take_turns((fast, reference), frames)
        print(
            f"BENCH detector-onnx-{size_px} ratio={reference_s / fast_s:.2f} target={_TARGET} "
            f"{1 / fast_s:.1f} frames/s on ONNX Runtime against {1 / reference_s:.1f} on torch, one thread, "
            f"medians of {_FRAMES * _ROUNDS} frames by turns",
            flush=True,
        )


def _frame(seed: int) -> Frame:
    image = draw(seed).image
    return Frame("benchmark", datetime(2025, 10, 27, tzinfo=UTC), image.shape[1], image.shape[0], image)


def _take_turns(detectors: tuple[Detector, ...], frames: list[Frame]) -> list[float]:
    """Median seconds a frame of each detector."""
    taken: list[list[float]] = [[] for _ in detectors]
    for frame in frames * _ROUNDS:
        for spent, detector in zip(taken, detectors, strict=True):
            begun = time.perf_counter()
            detector.detect([frame])
            spent.append(time.perf_counter() - begun)
    return [statistics.median(spent) for spent in taken]


def _check_same(ours: Detections, theirs: Detections) -> None:
    """Every finding that torch is sure of must be among ours; the tests compare more closely.

    But for those that nearly as much of a surer one covers as suppresses them: there the last
    digit decides.
    """
    for i in np.flatnonzero(theirs.confidence > _SURE):
        surer = (theirs.confidence > theirs.confidence[i]) & _of_class(theirs, theirs.class_names[i])
        if (np.abs(_overlap(theirs.boxes_px, theirs.boxes_px[i])[surer] - _SAME_OVERLAP) < _A_TOUCH).any():
            continue
        same = (
            _of_class(ours, theirs.class_names[i])
            & (_overlap(ours.boxes_px, theirs.boxes_px[i]) > _SAME_OVERLAP)
            & (np.abs(ours.confidence - theirs.confidence[i]) < _SAME_CONFIDENCE)
        )
        if not same.any():
            raise RuntimeError(f"ONNX Runtime misses a {theirs.class_names[i]} that torch finds")


def _of_class(found: Detections, name: str) -> BoolArray:
    return np.array(found.class_names) == name


def _overlap(boxes_px: FloatArray, box_px: FloatArray) -> FloatArray:
    """Intersection over union of each box with one."""
    low, high = np.maximum(boxes_px[:, :2], box_px[:2]), np.minimum(boxes_px[:, 2:], box_px[2:])
    common = np.prod((high - low).clip(0), axis=1)
    area = np.prod(boxes_px[:, 2:] - boxes_px[:, :2], axis=1) + np.prod(box_px[2:] - box_px[:2])
    share: FloatArray = common / (area - common)
    return share
