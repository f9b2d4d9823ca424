"""Delimited text, with the numbers of its lines: plain lines all at once, others row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from gis_core.errors import IngestError
from gis_core.types import IntArray
from layers.ingest.plain_lines import plain_cells
from layers.ingest.source import BATCH_ROWS, ObjectArray, no_faults

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class TextTable:
    """The form of a delimited text: its header, and how its cells and decimals are set apart.

    ``headed`` says whether the header stands in the first line of the text itself.
    """

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    headed: bool = True

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
        line, *rest = head.decode(encoding_of(head), errors="ignore").splitlines()[:2]
        delimiter = max(_DELIMITERS, key=line.count)
        # A table set in columns of blanks is told from a sentence by its next line.
        if delimiter not in line and [other.count(" ") for other in rest] == [line.count(" ")]:
            delimiter = " "
        cells = next(csv.reader([line], delimiter=delimiter))
    except (ValueError, StopIteration, csv.Error):
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
        before = 0
        while lines := _some_lines(table, text, before):
            first = 1 if before == 0 and table.headed else 0
            cells = plain_cells(lines[first:], table.header, table.delimiter)
            if cells is None:
                batch, read = _row_by_row(table, lines, text, before)
            else:
                numbers = np.arange(before + first + 1, before + len(lines) + 1)
                batch, read = TextBatch(numbers, cells, no_faults(len(numbers)), 0.0), len(lines)
            before += read
            if len(batch.numbers):
                yield replace(batch, done=min(raw.tell() / size, 1.0))


def _some_lines(table: TextTable, text: Iterator[str], before: int) -> list[str]:
    lines: list[str] = []
    try:
        lines.extend(islice(text, BATCH_ROWS))
    except UnicodeDecodeError as error:
        raise _no_text(table, before + len(lines) + 1) from error
    return lines


def _no_text(table: TextTable, line: int) -> IngestError:
    return IngestError(
        str(table.path), line, "the file is not UTF-8 text from about here on; save it as UTF-8."
    )


def _row_by_row(
    table: TextTable, lines: list[str], rest: Iterator[str], before: int
) -> tuple[TextBatch, int]:
    """The rows that begin in some lines, and how many lines they take up.

    The last of them may go on in the rest of the text. ``before`` lines precede them.
    """
    numbers: list[int] = []
    rows: list[list[str]] = []
    reasons: dict[int, str] = {}
    width = len(table.header)
    reader = csv.reader(chain(lines, rest), delimiter=table.delimiter, strict=True)
    while reader.line_num < len(lines):
        begins = before + reader.line_num + 1
        is_header = begins == 1 and table.headed
        try:
            row = next(reader)
        except StopIteration:
            break
        except UnicodeDecodeError as error:
            raise _no_text(table, begins) from error
        except csv.Error as error:
            row = [""] * width
            if not is_header:
                reasons[len(rows)] = _csv_fault(error)
        if is_header or not row:
            continue
        if len(row) != width:
            reasons[len(rows)] = f"it has {len(row)} cells, and the header has {width}"
            row = [""] * width
        numbers.append(begins)
        rows.append(row)
    return _batch(table, numbers, rows, reasons), reader.line_num


def _csv_fault(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"a cell is longer than {csv.field_size_limit():,} characters; is a quote left open?"
    return f"it is no valid CSV ({error})"


def _batch(table: TextTable, numbers: list[int], rows: list[list[str]], reasons: dict[int, str]) -> TextBatch:
    columns = zip(*rows, strict=True) if rows else ((),) * len(table.header)
    cells = {
        name: pd.Series([cell or None for cell in column], dtype="str")
        for name, column in zip(table.header, columns, strict=True)
    }
    faults = no_faults(len(rows))
    for row, reason in reasons.items():
        faults[row] = reason
    return TextBatch(np.array(numbers, dtype=np.int64), pd.DataFrame(cells), faults, 0.0)
