"""One source of one camera, from its frames to the rows of the layers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from detectors.base import Frame
from detectors.crops import keep, keeps_pictures
from detectors.findings import Looked
from detectors.looking import Lookout, Turns
from detectors.pipeline import NOTHING, Stored, place, store
from detectors.solutions import Solutions
from detectors.sources import FrameSource
from detectors.watched import WatchedCamera
from gis_core.config import Settings
from gis_core.db import writing
from gis_core.errors import DatabaseUnavailableError, DetectorError

_MOST_WAITING = 64
"""So many analysed frames at most wait to be stored together."""


@dataclass
class Tally:
    """What has become of a camera's frames so far."""

    frames: int = 0
    stored: Stored = NOTHING
    dropped: int = 0
    lost: int = 0
    lag_s: float | None = None
    began_s: float = field(default_factory=time.monotonic)

    @property
    def frames_per_s(self) -> float:
        """Analysed frames per second."""
        return self.frames / max(time.monotonic() - self.began_s, 1e-3)


class Once:
    """Passes each sentence on the first time only: a fault of every frame is said once."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._said: set[str] = set()

    def __call__(self, sentence: str) -> None:
        """Say it, unless it was said before."""
        if sentence not in self._said and len(self._said) < 1_000:
            self._said.add(sentence)
            self._complain(sentence)


class CameraRun:
    """Looks at the frames of one camera with its solutions, and stores what they notice.

    Args:
        camera: whose frames they are.
        solutions: those that run on it.
        lookout: the models.
        settings: those in force.
        complain: hears one sentence of whatever goes wrong; the run goes on.
        simulated: whether the frames were drawn rather than taken.
        every_frame: look with every solution at every frame, whatever their intervals.
    """

    def __init__(
        self,
        camera: WatchedCamera,
        solutions: Solutions,
        lookout: Lookout,
        settings: Settings,
        complain: Callable[[str], None],
        *,
        simulated: bool = False,
        every_frame: bool = False,
    ) -> None:
        self.tally = Tally()
        self.camera = camera
        self._solutions = solutions
        self._turns = None if every_frame else Turns(solutions)
        self._lookout = lookout
        self._settings = settings
        self._complain = Once(complain)
        self._simulated = simulated
        self._waiting: list[Looked] = []
        self._waiting_since_s = 0.0

    def look(self, frame: Frame) -> None:
        """Analyse a frame; its findings are stored soon, together with those of others."""
        due = self._solutions if self._turns is None else self._turns.due(frame.taken_at)
        if due:
            try:
                looked = self._lookout.look(frame, due)
            except DetectorError as error:
                self._complain(str(error))
                return
            if not keeps_pictures(due):
                # Pictures are large; what waits to be stored does without.
                looked = looked._replace(frame=replace(looked.frame, image=None), detections=())
            if not self._waiting:
                self._waiting_since_s = time.monotonic()
            self._waiting.append(looked)
            self.tally.frames += 1
            self.tally.lag_s = (datetime.now(UTC) - frame.taken_at).total_seconds()
        self.store_when_due()

    def store_when_due(self) -> None:
        """Store what waits if it has waited long enough."""
        waited_s = time.monotonic() - self._waiting_since_s
        if len(self._waiting) >= _MOST_WAITING or (
            self._waiting and waited_s >= self._settings.detect.commit_s
        ):
            self.store()

    def store(self) -> None:
        """Store what waits, in one transaction; a database out of reach is complained of and tried again."""
        if not self._waiting:
            return
        placed = place(
            self._waiting, lambda _: self.camera, simulated=self._simulated, complain=self._complain
        )
        frames = [looked.frame for looked in self._waiting]
        try:
            with writing() as connection:
                stored = store(connection, placed, frames, simulated=self._simulated)
        except DatabaseUnavailableError as error:
            self._complain(str(error))
            self._waiting_since_s = time.monotonic()
            self._give_up_oldest()
            return
        self.tally.stored += stored
        for looked in self._waiting:
            keep(looked, self._solutions, self._settings.var_dir)
        self._waiting = []

    def _give_up_oldest(self) -> None:
        """Keep memory bounded while nothing can be stored."""
        surplus = len(self._waiting) - _MOST_WAITING // 2
        if surplus > 0:
            self.tally.lost += surplus
            self._waiting = self._waiting[surplus:]


def run(
    source: FrameSource,
    camera_run: CameraRun,
    after: Callable[[Tally], None],
    limit: int | None = None,
) -> Tally:
    """Take a source's frames to their end, or until so many were analysed.

    Args:
        source: of the frames.
        camera_run: what becomes of them.
        after: hears how it stands after each frame.
        limit: of analysed frames.
    """
    try:
        for frame in source.frames():
            camera_run.look(frame)
            camera_run.tally.dropped = source.dropped
            after(camera_run.tally)
            if limit is not None and camera_run.tally.frames >= limit:
                break
    finally:
        camera_run.store()
    return camera_run.tally
