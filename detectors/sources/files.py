"""Pictures and videos from files and folders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from detectors.base import Frame
from detectors.sources import pictures, video
from detectors.sources.base import Asked, Sampler, SourceError


class Files:
    """One file, or all in a folder and its folders in the order of their names."""

    dropped = 0

    def __init__(self, path: Path, asked: Asked) -> None:
        self._path = path
        self._asked = asked

    def frames(self) -> Iterator[Frame]:
        """The frames of every file that can be read; of the others a sentence is said."""
        asked = self._asked
        sampler = Sampler(asked.interval_s)
        seen: dict[object, str] = {}
        for number, file in enumerate(_files(self._path)):
            try:
                for frame in self._of(file, number):
                    if asked.stop.is_set():
                        return
                    earlier = seen.setdefault(frame.taken_at, file.name)
                    if earlier != file.name:
                        # Both would be one frame to everything that knows frames by their time.
                        raise SourceError(
                            file.name, f"it was taken at the same time as {earlier}; it is left out."
                        )
                    if _is_video(file) or sampler.takes(frame.taken_at.timestamp()):
                        yield frame
            except SourceError as error:
                asked.complain(str(error))

    def _of(self, file: Path, number: int) -> Iterator[Frame]:
        asked = self._asked
        if _is_video(file):
            yield from video.read_video(file, asked)
        elif file.suffix.lower() in pictures.SUFFIXES:
            step = timedelta(seconds=(asked.interval_s or 1.0) * number)
            given = None if asked.first_at is None else asked.first_at + step
            yield pictures.read_picture(file, asked.camera_code, given)
        else:
            raise SourceError(file.name, "it is neither a picture nor a video, by its name.")


def _is_video(file: Path) -> bool:
    return file.suffix.lower() in video.SUFFIXES


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = (file for file in path.rglob("*") if file.is_file())
    visible = (
        file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    return sorted(visible, key=lambda file: _natural(str(file.relative_to(path))))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts ``frame2`` before ``frame10``."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", text)]
