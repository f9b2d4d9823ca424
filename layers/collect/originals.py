"""A bad row as it came, as JSON text: what the quarantine keeps, and what a replay reads.

Rows of delimited texts are ``{"header": …, "line": …}`` with the very characters of the file,
for a cell too many or a letter in a number is lost in any other form. All others are objects or
GeoJSON Features.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from layers.collect.quarantine import BadRow
from layers.ingest.fit import Fault
from layers.ingest.reference import WGS84
from layers.ingest.source import Batch, Source
from layers.ingest.table_text import open_table


def to_json(row: Any) -> str:
    """A row as JSON that a database can hold: no NUL, no halves of surrogate pairs."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(row, sort_keys=True)
    return text


def as_it_came(content: str) -> str:
    """A row of the quarantine for people: the line of a delimited text without its header."""
    try:
        row = json.loads(content)
    except ValueError:
        # It was too long to be kept whole.
        return content
    return (
        str(row["line"]).rstrip() if isinstance(row, dict) and "header" in row and "line" in row else content
    )


class Originals:
    """Gives the bad rows of a source back as they were; batches must be asked for in their order."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = _Lines(source.path) if source.unit == "line" else None

    def bad_rows(self, batch: Batch, faults: list[Fault]) -> list[BadRow]:
        """The rows that ``faults`` name, each with its reason."""
        if self._lines is not None:
            return [BadRow(number, self._lines.record(number), reason) for number, reason in faults]
        crs = None if self._source.crs == WGS84 else self._source.crs.to_string()
        rows = np.searchsorted(batch.numbers, [number for number, _ in faults])
        return [
            BadRow(number, to_json(_original(batch, int(row))), reason, crs)
            for row, (number, reason) in zip(rows, faults, strict=True)
        ]


def _original(batch: Batch, row: int) -> Any:
    if batch.given is not None:
        return batch.given[row]
    shape = batch.shapes[row]
    return {
        "type": "Feature",
        "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        "properties": {name: _plain(values.iloc[row]) for name, values in batch.columns.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | list):
        return [_plain(item) for item in value]
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool | dict) else str(value)


class _Lines:
    """The records of a delimited text by the line that they begin at, asked for in rising order."""

    def __init__(self, path: Path) -> None:
        self._table = open_table(path)
        self._lines = self._read()
        self._at = 0
        self._header = self._record()
        self._number, self._latest = 1, self._header

    def record(self, number: int) -> str:
        # A line of a table of series holds several rows.
        if number != self._number:
            while self._at + 1 < number:
                next(self._lines)
            self._number, self._latest = number, self._record()
        return to_json({"header": self._header, "line": self._latest})

    def _read(self) -> Iterator[str]:
        with io.TextIOWrapper(self._table.path.open("rb"), encoding=self._table.encoding, newline="") as text:
            for line in text:
                self._at += 1
                yield line

    def _record(self) -> str:
        """From here to the end of the record: a quoted cell may hold line breaks."""
        taken: list[str] = []

        def remembered() -> Iterator[str]:
            for line in self._lines:
                taken.append(line)
                yield line

        # Where it is no CSV, the reader of the file stopped at this same place and has said so.
        with suppress(csv.Error):
            next(csv.reader(remembered(), delimiter=self._table.delimiter, strict=True), None)
        return "".join(taken)
