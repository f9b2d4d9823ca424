"""Delimited text, read row by row with the numbers of its lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gis_core.errors import IngestError
from gis_core.types import IntArray
from layers.ingest.source import BATCH_ROWS, ObjectArray, no_faults

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class TextTable:
    """The form of a delimited text: its header, and how its cells and decimals are set apart."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]

    @property
    def decimal(self) -> str:
        """Where semicolons stand between cells, the comma stands before decimals."""
        return "," if self.delimiter == ";" else "."


@dataclass(frozen=True)
class TextBatch:
    """Some rows as text: the line each begins at, its cells, and what is wrong with it."""

    numbers: IntArray
    cells: pd.DataFrame
    faults: ObjectArray
    done: float


def encoding_of(head: bytes) -> str:
    """The encoding that a byte order mark names, else UTF-8."""
    return "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"


def header_of(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The delimiter and the cells of a text's first line, or None where it is no table."""
    try:
        line = head.decode(encoding_of(head), errors="ignore").splitlines()[0]
        delimiter = max(_DELIMITERS, key=line.count)
        cells = next(csv.reader([line], delimiter=delimiter))
    except (IndexError, StopIteration, csv.Error, UnicodeDecodeError):
        return None
    # One cell alone cannot hold a position and anything else.
    if len(cells) < 2 or "\x00" in line:
        return None
    return delimiter, tuple(cell.strip() for cell in cells)


def open_table(path: Path) -> TextTable:
    """Look at the first line of a delimited text.

    Raises:
        IngestError: the header is missing or names a column twice.
    """
    with path.open("rb") as file:
        head = file.read(65_536)
    found = header_of(head)
    if found is None:
        raise IngestError(
            str(path), 1, "there is no header line with names of columns between commas, semicolons or tabs."
        )
    delimiter, header = found
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise IngestError(str(path), 1, f"the header names '{twice[0]}' more than once.")
    return TextTable(path, encoding_of(head), delimiter, header)


def read_batches(table: TextTable) -> Iterator[TextBatch]:
    """All rows after the header.

    Raises:
        IngestError: the bytes are no text.
    """
    size = max(table.path.stat().st_size, 1)
    with table.path.open("rb") as raw:
        text = io.TextIOWrapper(raw, encoding=table.encoding, newline="")
        reader = csv.reader(text, delimiter=table.delimiter, strict=True)
        while True:
            numbers, rows, faults = _some_rows(table, reader)
            if not numbers:
                return
            yield _batch(table, numbers, rows, faults, min(raw.tell() / size, 1.0))


def _some_rows(
    table: TextTable, reader: Iterator[list[str]]
) -> tuple[list[int], list[list[str]], dict[int, str]]:
    numbers: list[int] = []
    rows: list[list[str]] = []
    faults: dict[int, str] = {}
    width = len(table.header)
    while len(rows) < BATCH_ROWS:
        begins = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            break
        except UnicodeDecodeError as error:
            raise IngestError(
                str(table.path), begins, "the file is not UTF-8 text from about here on; save it as UTF-8."
            ) from error
        except csv.Error as error:
            faults[len(rows)] = _csv_fault(error)
            row = [""] * width
        if begins == 1 or not row:
            continue
        if len(row) != width:
            faults[len(rows)] = f"it has {len(row)} cells, and the header has {width}"
            row = [""] * width
        numbers.append(begins)
        rows.append(row)
    return numbers, rows, faults


def _csv_fault(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {csv.field_size_limit():,} characters; is a quote left open?"
    return f"it is no valid CSV ({error})"


def _batch(
    table: TextTable, numbers: list[int], rows: list[list[str]], reasons: dict[int, str], done: float
) -> TextBatch:
    cells = {
        name: pd.Series([cell or None for cell in column], dtype="str")
        for name, column in zip(table.header, zip(*rows, strict=True), strict=True)
    }
    faults = no_faults(len(rows))
    for row, reason in reasons.items():
        faults[row] = reason
    return TextBatch(np.array(numbers), pd.DataFrame(cells), faults, done)
