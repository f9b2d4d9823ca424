"""The project's network on ONNX Runtime: the same detector without torch, and faster on a CPU.

The file holds the network up to its head; what follows, from head to boxes, is here and
does what MMDetection does with the same weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.base import Detections, Frame
from detectors.batching import BatchingDetector, picture_of
from detectors.nms import nms_by_class
from detectors.rtmdet import CANDIDATES, NMS_IOU, PAD_VALUE, SCORE_THRESHOLD, STRIDES_PX
from gis_core.errors import DetectorError
from gis_core.types import FloatArray, IntArray

CLASSES_KEY = "classes"
"""Under this name the file carries its classes, as a JSON list."""

_LEVELS = len(STRIDES_PX)
_Picture = NDArray[np.uint8]
_Level = tuple[NDArray[np.float32], NDArray[np.float32]]


class OnnxDetector(BatchingDetector):
    """The project's own network, exported, as a ``Detector``.

    Args:
        file: made by ``huegis detectors export``.
        classes: what the model should tell apart, in its order; empty takes the file's word.
        threads: threads of the CPU.
        batch: frames of equal size that go through the network together.
        size_px: the longer side of the input.
        min_confidence: findings below it are left out.

    Raises:
        DetectorError: the file is missing, broken, another network, or of other classes.
    """

    def __init__(
        self,
        file: Path,
        *,
        classes: Sequence[str] = (),
        threads: int = 1,
        batch: int = 1,
        size_px: int = 640,
        min_confidence: float = 0.05,
    ) -> None:
        self._session, self.classes = _open(file, threads)
        if classes and tuple(classes) != self.classes:
            raise DetectorError(
                f"Model {file.name} tells apart {', '.join(self.classes)}, "
                f"but the configuration says {', '.join(classes)}."
            )
        super().__init__(batch)
        self._size_px = size_px
        self._min_confidence = max(min_confidence, SCORE_THRESHOLD)

    def _detect_together(self, frames: Sequence[Frame]) -> list[Detections]:
        fitted = [fit(picture_of(frame), self._size_px) for frame in frames]
        height, width = fitted[0].shape[:2]
        outputs = self._session.run(None, {"pictures": np.stack([pad(picture) for picture in fitted])})
        return [
            self._detections(
                frame, width, height, [(outputs[i][n], outputs[_LEVELS + i][n]) for i in range(_LEVELS)]
            )
            for n, frame in enumerate(frames)
        ]

    def _detections(self, frame: Frame, width: int, height: int, levels: Sequence[_Level]) -> Detections:
        boxes, scores, labels = decode(levels, self._min_confidence)
        kept = nms_by_class(boxes, scores, labels, NMS_IOU)[:CANDIDATES]
        edge = np.array([frame.width_px, frame.height_px] * 2, float)
        scale = edge / np.array([width, height] * 2)
        return Detections(
            frame,
            (boxes[kept] * scale).clip(0, edge),
            tuple(self.classes[i] for i in labels[kept]),
            scores[kept],
        )


def fit(picture: _Picture, size_px: int) -> _Picture:
    """Scale a picture so that its longer side has ``size_px``; shape (h, w, 3)."""
    height, width = picture.shape[:2]
    scale = size_px / max(height, width)
    size = (int(width * scale + 0.5), int(height * scale + 0.5))
    if size == (width, height):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def pad(picture: _Picture) -> _Picture:
    """Grey to the right and below, up to whole cells of the coarsest level."""
    cell = STRIDES_PX[-1]
    height, width = picture.shape[:2]
    padded = np.full((-(-height // cell) * cell, -(-width // cell) * cell, 3), PAD_VALUE, np.uint8)
    padded[:height, :width] = picture
    return padded


def decode(levels: Sequence[_Level], min_confidence: float) -> tuple[FloatArray, FloatArray, IntArray]:
    """Boxes from the head's answers, before any suppression.

    Args:
        levels: of each stride, the classes' logits (c, rows, cols) and the distances from
            the cell's corner to left, top, right and bottom (4, rows, cols) in pixels.
        min_confidence: candidates must be above it.

    Returns:
        Boxes (n, 4) in pixels of the input, which they do not leave, confidences (n,) and
        numbers of classes (n,).
    """
    # The logistic function keeps order: comparing before it spares it for nearly all cells.
    least = np.log(min_confidence / (1 - min_confidence))
    parts = []
    for stride, (logits, distances) in zip(STRIDES_PX, levels, strict=True):
        label, row, col = np.nonzero(logits > least)
        logit = logits[label, row, col]
        if len(logit) > CANDIDATES:
            best = np.argsort(-logit, kind="stable")[:CANDIDATES]
            label, row, col, logit = label[best], row[best], col[best], logit[best]
        reach = distances[:, row, col].astype(np.float64)
        corner = np.array([col, row], np.float64) * stride
        parts.append((np.concatenate([corner - reach[:2], corner + reach[2:]]), logit, label))
    boxes = np.concatenate([part[0] for part in parts], axis=1).T
    scores = 1 / (1 + np.exp(-np.concatenate([part[1] for part in parts]).astype(np.float64)))
    labels = np.concatenate([part[2] for part in parts])
    rows, cols = levels[0][0].shape[1:]
    boxes = boxes.clip(0, np.array([cols, rows, cols, rows]) * STRIDES_PX[0])
    some = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return boxes[some], scores[some], labels[some]


def _open(file: Path, threads: int) -> tuple[Any, tuple[str, ...]]:
    """A session over the file, and its classes."""
    try:
        import onnxruntime
    except ImportError as error:
        raise DetectorError(f"ONNX Runtime is not installed: {error}.") from error
    if not file.is_file():
        raise DetectorError(f"There is no model {file}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        classes = json.loads(session.get_modelmeta().custom_metadata_map[CLASSES_KEY])
    except KeyError as error:
        raise DetectorError(f"Model {file.name} was not made by 'huegis detectors export'.") from error
    except Exception as error:
        # ONNX Runtime's own errors share no other base class.
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise DetectorError(f"Model {file.name} cannot be read: it is cut short or no ONNX file.") from error
    return session, tuple(str(name) for name in classes)
