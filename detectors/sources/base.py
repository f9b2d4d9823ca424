"""What every source of frames takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition, Event
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.base import Frame
from gis_core.errors import GisError
from layers.ingest.values import CLOCK_SKEW, EARLIEST

LONGEST_SIDE_PX = 20_000
_MOST_PIXELS = 100_000_000


class SourceError(GisError):
    """A picture, a video or a stream cannot be read."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of a source.

    ``interval_s`` is the time between two frames that are taken, None for all of them.
    ``first_at`` is when the first frame was taken, for sources that do not tell. ``complain``
    hears one sentence of whatever cannot be read; the source goes on with the rest. ``stop``
    ends it.
    """

    camera_code: str
    interval_s: float | None = None
    first_at: datetime | None = None
    complain: Callable[[str], None] = lambda sentence: None
    stop: Event = field(default_factory=Event)


class FrameSource(Protocol):
    """Gives frames of one camera, as long as there are any."""

    @property
    def dropped(self) -> int:
        """Frames that were taken and given up for newer ones."""
        ...

    def frames(self) -> Iterator[Frame]:
        """The frames in the order of their times."""
        ...


class Sampler:
    """Chooses moments that lie so far apart; without an interval it takes all."""

    def __init__(self, interval_s: float | None) -> None:
        self._interval_s = interval_s
        self._last_s = -np.inf
        self._due_s = -np.inf

    def takes(self, moment_s: float) -> bool:
        """Whether the frame of this moment is taken; moments that go back begin anew."""
        if self._interval_s is None:
            return True
        if moment_s < self._last_s:
            self._due_s = moment_s
        self._last_s = moment_s
        # Times of frames are rounded; one that is due must not be missed by a hair.
        if moment_s < self._due_s - 1e-3:
            return False
        # From due time to due time, so that the mean rate is the one asked for.
        follows = self._due_s + self._interval_s
        self._due_s = follows if follows > moment_s else moment_s + self._interval_s
        return True


class Newest:
    """Room for one frame: a newer one takes the place of one that nobody has taken, and that is counted.

    So memory stays bounded, and a slow detector always sees the present.
    """

    def __init__(self, arrived: Event | None = None) -> None:
        self._change = Condition()
        self._arrived = arrived
        self._frame: Frame | None = None
        self._closed = False
        self.dropped = 0

    def put(self, frame: Frame) -> None:
        """Offer a frame."""
        with self._change:
            self.dropped += self._frame is not None
            self._frame = frame
            self._change.notify()
        if self._arrived is not None:
            self._arrived.set()

    def take(self, timeout_s: float = 0.0) -> Frame | None:
        """The newest frame that nobody has taken, or None if none comes in time."""
        with self._change:
            self._change.wait_for(lambda: self._frame is not None or self._closed, timeout_s)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """Say that no more will come."""
        with self._change:
            self._closed = True
            self._change.notify()

    @property
    def is_over(self) -> bool:
        """Whether no frame is here and none will come."""
        with self._change:
            return self._closed and self._frame is None


def frame_of(name: str, camera_code: str, taken_at: datetime, image: NDArray[np.uint8]) -> Frame:
    """A frame, its time known to the millisecond as identifiers are.

    Raises:
        SourceError: the time lies in the future or long past, or the picture is too large.
    """
    if not EARLIEST <= taken_at <= datetime.now(UTC) + CLOCK_SKEW:
        raise SourceError(name, f"its time, {taken_at.isoformat()}, lies in the future or long past.")
    height, width = image.shape[:2]
    check_size(name, width, height)
    utc = taken_at.astimezone(UTC)
    known = utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    return Frame(camera_code, known, width, height, np.ascontiguousarray(image, np.uint8))


def check_size(name: str, width_px: int, height_px: int) -> None:
    """Refuse what no camera takes, before it fills the memory.

    Raises:
        SourceError: the picture is too large.
    """
    if max(width_px, height_px) > LONGEST_SIDE_PX or width_px * height_px > _MOST_PIXELS:
        raise SourceError(name, f"{width_px} x {height_px} pixels are more than a camera takes.")
