"""Frames through the models of their solutions, each model once a frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from detectors.base import Detector, Frame
from detectors.findings import Finding, Looked, findings_of
from detectors.models import make_detector
from detectors.solutions import Solutions, check_classes
from gis_core.config import Settings
from gis_core.errors import DetectorError


class Lookout:
    """The models of one process; each is opened when a solution first needs it, and kept.

    Args:
        settings: those in force.
        open_model: makes a model by its name; by default those of the settings.
    """

    def __init__(self, settings: Settings, open_model: Callable[[str], Detector] | None = None) -> None:
        self._open = open_model or (lambda name: make_detector(name, settings))
        self._models: dict[str, Detector] = {}

    def prepare(self, solutions: Solutions) -> None:
        """Open what the solutions need, so that a fault shows before the first frame.

        Raises:
            DetectorError: a model cannot be opened, or does not tell a solution's classes.
        """
        for model in _models_of(solutions):
            if model not in self._models:
                self._models[model] = self._open(model)
            classes = getattr(self._models[model], "classes", None)
            if classes is not None:
                check_classes(solutions, model, classes)

    def look(self, frame: Frame, solutions: Solutions) -> Looked:
        """What the solutions notice in a frame.

        Raises:
            DetectorError: a model cannot run on it.
        """
        self.prepare(solutions)
        found: list[Finding] = []
        every = []
        for model in _models_of(solutions):
            of_model = {name: one for name, one in solutions.items() if one.detector == model}
            (detections,) = self._models[model].detect([frame])
            every.append(detections)
            found += findings_of(detections, model, of_model)
        return Looked(frame, tuple(found), tuple(every))


class Turns:
    """Which solutions are due on the frames of one camera, each at its own interval."""

    def __init__(self, solutions: Solutions) -> None:
        self._solutions = solutions
        self._last: dict[str, datetime] = {}

    @property
    def interval_s(self) -> float:
        """The shortest interval of all."""
        return min(solution.interval_s for solution in self._solutions.values())

    def due(self, at: datetime) -> Solutions:
        """Those to look with at this time, which they are then noted for."""
        due = {
            name: one
            for name, one in self._solutions.items()
            # Frames hardly ever come at the very moment; nearly due is due.
            if name not in self._last
            or not 0 <= (at - self._last[name]).total_seconds() < 0.9 * one.interval_s
        }
        self._last |= dict.fromkeys(due, at)
        return due


def look_at_all(
    lookout: Lookout, frames: Sequence[Frame], solutions: Solutions, complain: Callable[[str], None]
) -> list[Looked]:
    """What the solutions notice in each frame; one that a model cannot run on is complained of."""
    looked = []
    for frame in frames:
        try:
            looked.append(lookout.look(frame, solutions))
        except DetectorError as error:
            complain(str(error))
    return looked


def _models_of(solutions: Solutions) -> list[str]:
    return list(dict.fromkeys(one.detector for one in solutions.values() if one.detector is not None))
