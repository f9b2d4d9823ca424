"""Rows into any table by binary COPY, and what COPY sends as a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Column, Connection

from gis_core.ahead import ahead
from layers.binary_copy import HEADER, TRAILER, encode

_CHUNK_ROWS = 10_000
"""Rows that are encoded together, while the server stores those before them."""


def copy_rows(connection: Connection, table: str, columns: Sequence[Column[Any]], rows: pd.DataFrame) -> None:
    """Copy rows, which have a column of each name, into a table of ours inside the caller's transaction."""
    driver = connection.connection.cursor()
    with driver.copy(f"COPY {table} ({quoted_names(columns)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(HEADER)
        starts = range(0, len(rows), _CHUNK_ROWS)
        for piece in ahead(encode(columns, rows.iloc[start : start + _CHUNK_ROWS]) for start in starts):
            copy.write(piece)
        copy.write(TRAILER)


def quoted_name(column: Column[Any]) -> str:
    """A column's name for SQL; a layer may well have one that is an SQL word."""
    return f'"{column.name}"'


def quoted_names(columns: Iterable[Column[Any]]) -> str:
    """The names of columns for SQL, with commas between them."""
    return ", ".join(map(quoted_name, columns))


class Reader:
    """What COPY sends row by row, as a file that is read once, from its beginning."""

    closed = False

    def __init__(self, rows: Iterable[bytes | bytearray | memoryview]) -> None:
        self._rows = iter(rows)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next bytes, fewer than asked for only at the end."""
        parts, length = [self._rest], len(self._rest)
        while length < size and (row := next(self._rows, None)) is not None:
            parts.append(bytes(row))
            length += len(parts[-1])
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Never."""
        return False

    def seekable(self) -> bool:
        """Never: what was read is gone."""
        return False

    def close(self) -> None:
        """Nothing is held that must be given back."""
        self.closed = True
