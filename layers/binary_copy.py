"""Rows in PostgreSQL's binary COPY format, made column by column with numpy.

The format (PostgreSQL manual, COPY, "Binary Format"): a header, then for each row the
number of its fields, and for each field its length in bytes and its bytes; a length of
-1 is NULL; a trailer. All numbers are big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Float, Integer, SmallInteger, Uuid
from sqlalchemy.types import TypeEngine

from gis_core.types import BoolArray, IntArray

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

Bytes = NDArray[np.uint8]

_TEXT_OID = 25

_POSTGRES_EPOCH_US = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL counts from."""


class Field(NamedTuple):
    """One column: the bytes of its values one after the other, and the length of each; -1 is NULL."""

    data: Bytes
    lengths: IntArray


def encode(columns: Sequence[Column[Any]], rows: pd.DataFrame) -> bytes:
    """Rows without header and trailer.

    Args:
        columns: the columns in the order of the COPY statement.
        rows: a column of that name for each; geometries as shapely objects, instants aware.
    """
    fields = [_field(column, rows[column.name]) for column in columns]
    count = len(rows)
    sizes = 2 + sum((4 + np.maximum(field.lengths, 0) for field in fields), np.zeros(count, dtype=np.int64))
    row_starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    out = np.empty(int(sizes.sum()), dtype=np.uint8)
    _put_fixed(out, row_starts, np.full(count, len(fields), dtype=">i2"))
    position = row_starts + 2
    for field in fields:
        _put_fixed(out, position, field.lengths.astype(">i4"))
        present = np.maximum(field.lengths, 0)
        _put_varying(out, position + 4, present, field.data)
        position = position + 4 + present
    return out.tobytes()


def _put_fixed(out: Bytes, starts: IntArray, values: NDArray[Any]) -> None:
    width = values.dtype.itemsize
    out[starts[:, None] + np.arange(width)] = values.view(np.uint8).reshape(-1, width)


def _put_varying(out: Bytes, starts: IntArray, lengths: IntArray, data: Bytes) -> None:
    if not data.size:
        return
    first = int(lengths[0])
    if (lengths == first).all():
        out[starts[:, None] + np.arange(first)] = data.reshape(-1, first)
        return
    before = np.cumsum(lengths) - lengths
    out[np.repeat(starts - before, lengths) + np.arange(data.size)] = data


def _field(column: Column[Any], values: pd.Series) -> Field:
    kind = column.type
    if isinstance(kind, Geometry | Uuid | ARRAY):
        return _of_arrow(pa.array(_binaries(kind, values), pa.large_binary()))
    layout = _layout(kind)
    if layout is None:
        return _of_arrow(pa.array(values, pa.large_string(), from_pandas=True))
    missing = values.isna().to_numpy()
    if isinstance(kind, DateTime):
        instants = pd.to_datetime(values, utc=True).astype("datetime64[us, UTC]")
        return _numbers(instants.astype("int64") - _POSTGRES_EPOCH_US, missing, layout)
    return _numbers(values, missing, layout)


def _layout(kind: TypeEngine[Any]) -> str | None:
    """How numpy calls what PostgreSQL sends for a type of fixed width; None for texts."""
    layouts = {
        SmallInteger: ">i2",
        BigInteger: ">i8",
        Integer: ">i4",
        Float: ">f8",
        Boolean: "u1",
        DateTime: ">i8",
    }
    return next((layout for known, layout in layouts.items() if isinstance(kind, known)), None)


def _binaries(kind: TypeEngine[Any], values: pd.Series) -> Sequence[bytes | None]:
    if isinstance(kind, Geometry):
        shapes = shapely.set_srid(np.asarray(values, dtype=object), kind.srid)
        encoded: Sequence[bytes | None] = shapely.to_wkb(shapes, include_srid=True)
        return encoded
    if isinstance(kind, Uuid):
        return [None if pd.isna(value) else value.bytes for value in values.to_numpy(object)]
    return [_text_array(items) for items in values.to_numpy(object)]


def _numbers(values: pd.Series, missing: BoolArray, layout: str) -> Field:
    width = np.dtype(layout).itemsize
    present = values[~missing] if missing.any() else values
    data = np.ascontiguousarray(present.to_numpy().astype(layout)).view(np.uint8)
    return Field(data, np.where(missing, -1, width).astype(np.int64))


def _text_array(items: Iterable[str] | float | None) -> bytes | None:
    """A one-dimensional ``text[]``: dimensions, flags, element type, size, lower bound, elements."""
    # pandas writes a missing list as NaN once the column went through a join or a selection.
    if items is None or isinstance(items, float):
        return None
    elements = [str(item).encode() for item in items]
    if not elements:
        return struct.pack(">iiI", 0, 0, _TEXT_OID)
    head = struct.pack(">iiIii", 1, 0, _TEXT_OID, len(elements), 1)
    return head + b"".join(struct.pack(">i", len(element)) + element for element in elements)


def _of_arrow(array: pa.Array) -> Field:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    _, offsets_buffer, data_buffer = array.buffers()
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    data = np.frombuffer(data_buffer or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    lengths = np.diff(offsets)
    missing = array.is_null().to_numpy(zero_copy_only=False)
    return Field(data, np.where(missing, -1, lengths))
