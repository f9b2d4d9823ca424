"""What a detector takes and gives: plain arrays, so that any model can stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gis_core.errors import DetectorError
from gis_core.types import FloatArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of one camera.

    ``image`` is uint8 of shape (height, width, 3) in RGB, or None where only what was
    recorded of the frame is at hand. ``taken_at`` is aware UTC.
    """

    camera_code: str
    taken_at: datetime
    width_px: int
    height_px: int
    image: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class Detections:
    """What was found in one frame.

    ``boxes_px`` has shape (n, 4): left, top, right, bottom in frame pixels. ``class_names``
    and ``confidence`` (0 to 1) have length n.
    """

    frame: Frame
    boxes_px: FloatArray
    class_names: tuple[str, ...]
    confidence: FloatArray

    def __post_init__(self) -> None:
        count = len(self.class_names)
        if self.boxes_px.shape != (count, 4) or self.confidence.shape != (count,):
            raise DetectorError(
                f"Detections of {self.frame.camera_code} at {self.frame.taken_at.isoformat()}: "
                "boxes, classes and confidences differ in number."
            )

    def __len__(self) -> int:
        return len(self.class_names)

    @property
    def ground_anchor_px(self) -> FloatArray:
        """The middle of each box's lower edge, where a thing stands on the ground; shape (n, 2)."""
        left, _, right, bottom = self.boxes_px.T
        return np.column_stack([(left + right) / 2, bottom])


class Detector(Protocol):
    """Finds things in frames."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """One ``Detections`` for each frame, in the same order."""
        ...
