"""What became of a file: the rows that went in, and those that could not, with their reasons."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from gis_core.errors import IngestError
from layers.ingest.source import Source
from layers.store import LoadReport

SHOWN = 20
"""Rejected rows that a report shows; the rest are counted, and written with ``--rejected``."""


class Rejected(NamedTuple):
    """One row that did not go in."""

    file: str
    unit: str
    number: int
    reason: str


class Rejections:
    """Rejected rows of one run: all of them to a CSV file if one is named, the first in memory."""

    def __init__(self, file: Path | None = None) -> None:
        self.first: list[Rejected] = []
        self.count = 0
        try:
            # Excel takes a CSV for UTF-8 only where a byte order mark says so.
            self._file = None if file is None else file.open("w", encoding="utf-8-sig", newline="")
        except OSError as error:
            raise IngestError(
                str(file), None, f"rejected rows cannot be written there ({error.strerror})."
            ) from error
        self._writer = None if self._file is None else csv.writer(self._file)
        if self._writer is not None:
            self._writer.writerow(["file", "unit", "row", "reason"])

    def __enter__(self) -> Rejections:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, file: Path, unit: str, faults: list[tuple[int, str]]) -> None:
        """Note rejected rows of a file."""
        rows = [Rejected(str(file), unit, number, reason) for number, reason in faults]
        self.count += len(rows)
        self.first += rows[: max(0, SHOWN - len(self.first))]
        if self._writer is not None:
            self._writer.writerows(rows)


@dataclass(frozen=True)
class FileReport:
    """What a file that was loaded brought.

    ``notes`` are sentences on how it was understood.
    """

    path: Path
    rows: LoadReport
    rejected: int
    notes: tuple[str, ...]


class RefusedError(IngestError):
    """The file as a whole was refused because some of its rows cannot be loaded."""

    def __init__(
        self, source: Source, rejected: int, offered: int, first: tuple[int, str], *, keep_good: bool
    ) -> None:
        number, reason = first
        rest = "" if keep_good or rejected >= offered else "; --keep-good loads the others"
        super().__init__(
            str(source.path),
            None,
            f"refused, because {rejected:,} of its {offered:,} rows cannot be loaded "
            f"(the first is {source.unit} {number}: {reason}); nothing was written{rest}.",
        )
