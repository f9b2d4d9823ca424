"""What a set of rows is known by: how many they are, and a digest of all their values.

The bytes of each value are those of PostgreSQL's binary COPY. The database computes the digest
from its rows by its own functions of sending, and we from what we read back from a file and
encode for COPY: if both agree, restoring the file brings back every value of every row.

Columns count by name and NULLs do not count, so that rows keep their digest when their layer
gains a column. The rows' digests are added up: their order does not matter, and the digest of
many rows is the sum of those of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, text

from gis_core.types import IntArray
from layers.binary_copy import encode

_MODULUS = 1 << 64
_TAG_BYTES = 4

_Bytes = NDArray[np.uint8]


class Digest(NamedTuple):
    """The number of rows, and the sum of the first 64 bits of their SHA-256, modulo 2**64."""

    rows: int = 0
    value: int = 0

    def plus(self, other: Digest) -> Digest:
        """The digest of both sets of rows together."""
        return Digest(self.rows + other.rows, (self.value + other.value) % _MODULUS)

    def minus(self, other: Digest) -> Digest:
        """The digest of these rows without those of the other."""
        return Digest(self.rows - other.rows, (self.value - other.value) % _MODULUS)

    @property
    def hex(self) -> str:
        """How the catalogue writes the value: 16 hexadecimal digits."""
        return f"{self.value:016x}"


def digest_of_table(connection: Connection, table: str, columns: Sequence[Column[Any]]) -> Digest:
    """The digest of all rows of a table, computed by the database.

    Args:
        connection: where to ask.
        table: the table's full name, made from declarations.
        columns: which columns count.
    """
    senders = _senders(connection, table)
    fields = " || ".join(_field(column.name, senders[column.name]) for column in _in_order(columns))
    rows, value = connection.execute(
        text(
            "SELECT count(*), "
            f"sum(CAST(CAST('x' || encode(substr(sha256({fields}), 1, 8), 'hex') AS bit(64)) AS bigint)) "
            f"FROM {table}"
        )
    ).one()
    return Digest(rows, int(value or 0) % _MODULUS)


def digest_of_rows(columns: Sequence[Column[Any]], rows: pd.DataFrame) -> Digest:
    """The digest of rows as ``layers.binary_copy.encode`` takes them."""
    ordered = _in_order(columns)
    encoded = np.frombuffer(encode(ordered, rows), dtype=np.uint8)
    tags = np.frombuffer(b"".join(_tag(column.name) for column in ordered), dtype=np.uint8)
    tagged = np.empty(encoded.size + len(rows) * tags.size, dtype=np.uint8)
    ends = _tag_fields(encoded, tags, tagged, np.empty(len(rows), dtype=np.int64)).tolist()
    view = tagged.data
    value = begin = 0
    for end in ends:
        value += int.from_bytes(sha256(view[begin:end]).digest()[:8], "big")
        begin = end
    return Digest(len(rows), value % _MODULUS)


def _in_order(columns: Sequence[Column[Any]]) -> list[Column[Any]]:
    return sorted(columns, key=lambda column: column.name)


def _tag(name: str) -> bytes:
    """What stands before a value to say which column it is of."""
    return sha256(name.encode()).digest()[:_TAG_BYTES]


def _senders(connection: Connection, table: str) -> dict[str, str]:
    """The function by which the database sends each column of a table."""
    found = connection.execute(
        text(
            "SELECT attname, CAST(CAST(typsend AS regproc) AS text) FROM pg_attribute "
            "JOIN pg_type ON pg_type.oid = atttypid "
            "WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped"
        ),
        {"table": table},
    )
    return {row.attname: row.typsend for row in found}


def _field(name: str, sender: str) -> str:
    sent = f'{sender}("{name}")'
    return f"coalesce('\\x{_tag(name).hex()}' || int4send(octet_length({sent})) || {sent}, '')"


def _copy_tagged(encoded: _Bytes, tags: _Bytes, tagged: _Bytes, ends: IntArray) -> IntArray:
    """Put tag, length and bytes of every value that is not NULL into ``tagged``.

    Args:
        encoded: rows of binary COPY: the number of fields (2 bytes), then of each its length
            (4 bytes, big-endian) and its bytes.
        tags: those of the columns, one after the other.
        tagged: room for all of it.
        ends: filled with where each row ends in ``tagged``, shape (rows,).
    """
    read = write = 0
    for row in range(len(ends)):
        read += 2
        for tag in range(0, len(tags), 4):
            size = 0
            for byte in range(4):
                size = size * 256 + encoded[read + byte]
            if size < 2147483648:  # more is a negative length: NULL
                tagged[write : write + 4] = tags[tag : tag + 4]
                tagged[write + 4 : write + 8 + size] = encoded[read : read + 4 + size]
                write += 8 + size
                read += size
            read += 4
        ends[row] = write
    return ends


_tag_fields = njit(cache=True)(_copy_tagged)
