"""Recorded detections, given back frame by frame as if a model had just made them.

A recording is a file of JSON lines, one a frame: ``{"camera": "CAM-0001", "at":
"2025-10-27T08:00:00+07:00", "width_px": 1280, "height_px": 720, "objects": [{"box_px":
[left, top, right, bottom], "class": "car", "confidence": 0.91}]}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from detectors.base import Detections, Frame
from detectors.findings import Looked, findings_of
from detectors.solutions import Solutions
from gis_core.errors import DetectorError, IngestError
from layers.ingest.values import CLOCK_SKEW, EARLIEST

Pixel = Annotated[float, Field(ge=-1e6, le=1e6)]
"""A frame coordinate; a box may reach out of its frame, but is somewhere."""


class RecordedObject(BaseModel):
    """One object of a recorded frame."""

    model_config = ConfigDict(extra="forbid")

    box_px: tuple[Pixel, Pixel, Pixel, Pixel]
    class_name: str = Field(alias="class", min_length=1, max_length=100)
    confidence: float = Field(ge=0, le=1)


class RecordedFrame(BaseModel):
    """One line of a recording."""

    model_config = ConfigDict(extra="forbid")

    camera: str = Field(min_length=1, max_length=100)
    at: AwareDatetime
    width_px: int = Field(ge=1, le=20_000)
    height_px: int = Field(ge=1, le=20_000)
    objects: list[RecordedObject]

    @field_validator("at")
    @classmethod
    def _is_past(cls, at: datetime) -> datetime:
        if not EARLIEST <= at <= datetime.now(UTC) + CLOCK_SKEW:
            raise ValueError(f"it lies before {EARLIEST.year} or in the future")
        return at


class ReplayDetector:
    """A detector that knows the frames of one recording, and only those."""

    def __init__(self, recording: Path) -> None:
        self._found = {(found.frame.camera_code, found.frame.taken_at): found for found in _read(recording)}

    @property
    def frames(self) -> list[Frame]:
        """The recorded frames, in the order of the file."""
        return [found.frame for found in self._found.values()]

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """What was recorded of each frame.

        Raises:
            DetectorError: a frame is not in the recording.
        """
        return [self._of(frame.camera_code, frame.taken_at) for frame in frames]

    def _of(self, camera_code: str, taken_at: datetime) -> Detections:
        try:
            return self._found[camera_code, taken_at]
        except KeyError:
            raise DetectorError(
                f"The recording has no frame of {camera_code} at {taken_at.isoformat()}."
            ) from None


def read_findings(detector: ReplayDetector, solutions: Solutions) -> list[Looked]:
    """What was recorded, each class as the first solution takes it that names it.

    What counts only together was counted by whoever recorded it: then the group's own class
    is what the solution takes.

    Raises:
        DetectorError: no solution takes a class of the recording.
    """
    taking: Solutions = _taking(solutions)
    known = {class_name for solution in taking.values() for class_name in solution.classes}
    looked = []
    for detections in detector.detect(detector.frames):
        unknown = sorted(set(detections.class_names) - known)
        if unknown:
            raise DetectorError(f"No solution takes the classes: {', '.join(unknown)}.")
        findings = findings_of(detections, "recorded", taking)
        looked.append(Looked(detections.frame, tuple(findings), (detections,)))
    return looked


def _taking(solutions: Solutions) -> Solutions:
    """Solutions with the classes that no earlier one takes."""
    taken: set[str] = set()
    taking = {}
    for name, solution in solutions.items():
        own = solution.classes if solution.group is None else (solution.group.class_name,)
        classes = tuple(class_name for class_name in own if class_name not in taken)
        if classes:
            taken |= set(classes)
            taking[name] = solution.model_copy(update={"classes": classes, "group": None})
    return taking


def _read(recording: Path) -> list[Detections]:
    """Every frame of a recording.

    Raises:
        IngestError: the file cannot be read, or a line of it is no recorded frame.
    """
    try:
        lines = recording.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise IngestError(recording.name, None, f"the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise IngestError(recording.name, None, "the file is not UTF-8 text.") from error
    frames = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            frames.append(RecordedFrame.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "line"
            raise IngestError(recording.name, number, f"{place}: {first['msg']}.") from error
    return [_detections(frame) for frame in frames]


def _detections(recorded: RecordedFrame) -> Detections:
    frame = Frame(recorded.camera, recorded.at.astimezone(UTC), recorded.width_px, recorded.height_px)
    return Detections(
        frame,
        np.array([item.box_px for item in recorded.objects], float).reshape(-1, 4),
        tuple(item.class_name for item in recorded.objects),
        np.array([item.confidence for item in recorded.objects], float),
    )
