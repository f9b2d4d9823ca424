"""A watched folder: whatever file is put into it is loaded, and moved to ``done/`` or ``refused/``.

A file is taken when two looks in a row found it the same size and age, or at once when a file
``<name>.done`` stands beside it. Hidden files and names that end in ``.part``, ``.tmp``,
``.filepart``, ``.crdownload`` or ``~`` are still being written. A refused file has the reason
beside it as ``<name>.txt``.

The move comes after the commit. Whoever is killed between the two finds the file again, loads
it again, which changes nothing, and moves it then.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event

from sqlalchemy import Connection

from gis_core.collect_settings import WatchedFolder
from gis_core.config import Settings
from gis_core.errors import ConfigError
from layers.collect.base import Connector, Delivery
from layers.collect.claims import Claims
from layers.collect.intake import Receipt, take_in
from layers.ingest.readers import open_source
from layers.ingest.source import Request, plain_name
from layers.registry import LAYERS

DONE, REFUSED = "done", "refused"
_MARKER = ".done"
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", "~", "-wal", "-shm", "-journal", _MARKER)
_SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd")

_Looks = tuple[tuple[int, int], ...]
"""Size and time of last change (ns) of a file and of those that belong to it."""


def connectors(settings: Settings, claims: Claims) -> list[FolderConnector]:
    """One for each folder of the settings; a lock of the folder itself stands for a claim."""
    return [FolderConnector(folder, settings.collect.interval_s) for folder in settings.collect.folders]


def request_of(folder: WatchedFolder) -> Request:
    """How the files of a folder are meant.

    Raises:
        LayerNotFoundError: the settings name a layer that is none.
    """
    return Request(LAYERS[folder.layer], folder.crs, folder.table, folder.columns)


class FolderConnector(Connector):
    """Gives the files of one folder that have been written to their end."""

    looks = 2

    def __init__(self, folder: WatchedFolder, interval_s: float = 5.0) -> None:
        self._folder = folder
        self._interval = timedelta(seconds=interval_s)
        self._request = request_of(folder)
        self._seen: dict[Path, _Looks] = {}

    @property
    def name(self) -> str:
        """As the settings name the folder."""
        return self._folder.name

    def next_at(self) -> datetime:
        """After the pause of the settings."""
        return datetime.now(UTC) + self._interval

    def check(self, stop: Event) -> str:
        """Look for files, and whether they could be moved away."""
        with _alone_in(self._folder.path) as alone:
            count = len(_files(self._folder.path))
            if not os.access(self._folder.path, os.W_OK | os.X_OK):
                raise ConfigError(f"The watched folder {self._folder.path} cannot be written to.")
        return f"holds {count:,} files{'' if alone else ', and a collector is at work in it'}"

    def poll(self, stop: Event, *, due_only: bool = True) -> Generator[Delivery, None, None]:
        """The files that can be taken, the oldest first.

        Raises:
            ConfigError: the folder is not there, or cannot be written to.
        """
        with _alone_in(self._folder.path) as alone:
            if not alone:
                return
            looks = {file: look for file in _files(self._folder.path) if (look := _look(file))}
            settled = [file for file, look in looks.items() if self._is_settled(file, look)]
            self._seen = looks
            for file in sorted(settled, key=lambda file: looks[file][0][1]):
                yield Delivery(
                    title=plain_name(file),
                    layer=self._request.layer,
                    take=partial(self._take, file=file),
                    settle=partial(_put_away, file),
                    keep_good=self._folder.keep_good,
                )

    def _take(self, connection: Connection, file: Path) -> Receipt:
        source = open_source(file, self._request)
        return take_in(connection, self.name, source, self._request, document=plain_name(file))

    def _is_settled(self, file: Path, look: _Looks) -> bool:
        return self._seen.get(file) == look or _marker(file).exists()


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Whether no other collector is at work in the folder; the lock goes with the process."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"The watched folder {folder} cannot be entered: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _files(folder: Path) -> list[Path]:
    return [
        file
        for file in folder.iterdir()
        if file.is_file()
        and not file.name.startswith(".")
        and not file.name.lower().endswith((*_UNFINISHED, *_SHAPEFILE_PARTS))
    ]


def _look(file: Path) -> _Looks | None:
    try:
        stats = [part.stat() for part in (file, *_parts(file))]
    except FileNotFoundError:
        # Whoever writes it renamed or removed it just now.
        return None
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)


def _parts(file: Path) -> list[Path]:
    """The files that belong to a shapefile."""
    if file.suffix.lower() != ".shp":
        return []
    return sorted(
        part
        for part in file.parent.iterdir()
        if part.stem == file.stem and part.suffix.lower() in _SHAPEFILE_PARTS
    )


def _marker(file: Path) -> Path:
    return file.with_name(file.name + _MARKER)


def _put_away(file: Path, refused: str | None) -> None:
    """Move a file and what belongs to it out of the way; again after a crash, what is left of them.

    Raises:
        ConfigError: it cannot be moved there.
    """
    try:
        _move(file, refused)
    except OSError as error:
        raise ConfigError(f"{file} cannot be put away: {error.strerror}.") from error


def _move(file: Path, refused: str | None) -> None:
    target = file.parent / (DONE if refused is None else REFUSED)
    target.mkdir(exist_ok=True)
    name = _free_name(target, file)
    if refused is not None:
        (target / f"{name}.txt").write_text(refused + "\n", encoding="utf-8")
    # The file itself goes last: as long as it is here, all is done again.
    for part in (*_parts(file), file):
        part.replace(target / (Path(name).stem + part.suffix))
    _marker(file).unlink(missing_ok=True)


def _free_name(folder: Path, file: Path) -> str:
    name, number = file.name, 1
    while (folder / name).exists():
        number += 1
        name = f"{file.stem}-{number}{file.suffix}"
    return name
