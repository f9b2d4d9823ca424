"""Frames that can go through a network together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detections, Frame
from gis_core.errors import DetectorError


class BatchingDetector(ABC):
    """A ``Detector`` whose network takes several frames of one size together, at most ``batch``."""

    def __init__(self, batch: int) -> None:
        self._batch = batch

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """What is in each frame.

        Raises:
            DetectorError: a frame comes without its picture, or with one of another size.
        """
        return [
            found for together in batches(frames, self._batch) for found in self._detect_together(together)
        ]

    @abstractmethod
    def _detect_together(self, frames: Sequence[Frame]) -> list[Detections]:
        """What is in each of some frames of one size."""


def batches(frames: Sequence[Frame], most: int) -> Iterator[list[Frame]]:
    """Neighbours of equal size, at most so many together, in their order.

    Frames of unequal size would be padded to the largest, and a finding must not depend on
    what else was looked at.
    """
    for _, alike in groupby(frames, key=lambda frame: (frame.width_px, frame.height_px)):
        together = list(alike)
        for start in range(0, len(together), most):
            yield together[start : start + most]


def picture_of(frame: Frame) -> NDArray[np.uint8]:
    """The frame's picture, RGB, shape (height, width, 3).

    Raises:
        DetectorError: it has none, or one of another size than it says.
    """
    name = f"The frame of {frame.camera_code} at {frame.taken_at.isoformat()}"
    if frame.image is None:
        raise DetectorError(f"{name} comes without its picture.")
    if frame.image.shape != (frame.height_px, frame.width_px, 3):
        raise DetectorError(f"{name} has a picture of the shape {frame.image.shape}, not what it says.")
    return frame.image
