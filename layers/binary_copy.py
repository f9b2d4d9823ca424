"""Rows in PostgreSQL's binary COPY format, made column by column with numpy and Arrow.

The format (PostgreSQL manual, COPY, "Binary Format"): a header, then for each row the
number of its fields, and for each field its length in bytes and its bytes; a length of
-1 is NULL; a trailer. All numbers are big-endian. So a row is some blocks of bytes one
after the other: blocks of one width for all rows, which numpy makes, and texts of any
length, which Arrow has. Arrow joins them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from geoalchemy2 import Geometry
from numpy.typing import NDArray
from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Float, Integer, SmallInteger, Uuid
from sqlalchemy.types import TypeEngine

from gis_core.types import BoolArray, IntArray
from layers.identifiers import uuid_array

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

Bytes = NDArray[np.uint8]

_TEXT_OID = 25

_POSTGRES_EPOCH_US = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL counts from."""

_LITTLE_ENDIAN_POINT, _HAS_SRID = 1, 0x2000_0001
"""The byte order and the type of a point in PostGIS's extended WKB."""


def encode(columns: Sequence[Column[Any]], rows: pd.DataFrame) -> memoryview:
    """Rows without header and trailer.

    Args:
        columns: the columns in the order of the COPY statement.
        rows: a column of that name for each; geometries as shapely objects, instants aware.
    """
    parts: list[Bytes | pa.Array] = [_repeated(struct.pack(">h", len(columns)), len(rows))]
    for column in columns:
        parts += _field(column, rows[column.name])
    joined = pc.binary_join_element_wise(
        *_blocks(parts), pa.scalar(b"", pa.large_binary()), null_handling="replace", null_replacement=""
    )
    return _data(joined)


def _blocks(parts: list[Bytes | pa.Array]) -> Iterator[pa.Array]:
    """Each part as a column of Arrow's, those of one width that stand side by side as one."""
    for fixed, some in groupby(parts, lambda part: isinstance(part, np.ndarray)):
        if not fixed:
            yield from some
            continue
        block = np.ascontiguousarray(np.hstack(list(some)))
        offsets = np.arange(len(block) + 1, dtype=np.int64) * block.shape[1]
        yield pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(block), [None, pa.py_buffer(offsets), pa.py_buffer(block)]
        )


def _data(joined: pa.Array) -> memoryview:
    return memoryview(joined.buffers()[2])


def _repeated(value: bytes, count: int) -> Bytes:
    return np.broadcast_to(np.frombuffer(value, dtype=np.uint8), (count, len(value)))


def _field(column: Column[Any], values: pd.Series) -> tuple[Bytes | pa.Array, ...]:
    """One column: the lengths of its values, shape (n, 4), and their bytes."""
    kind = column.type
    if isinstance(kind, Geometry):
        return _geometries(kind, np.asarray(values, dtype=object))
    if isinstance(kind, Uuid):
        return _varying(uuid_array(values).cast(pa.large_binary()))
    if isinstance(kind, ARRAY):
        return _varying(pa.array(map(_text_array, values.to_numpy(object)), pa.large_binary()))
    layout = _layout(kind)
    if layout is None:
        return _varying(pa.array(values, pa.large_string(), from_pandas=True))
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


def _numbers(values: pd.Series, missing: BoolArray, layout: str) -> tuple[Bytes | pa.Array, ...]:
    width = np.dtype(layout).itemsize
    if missing.all():
        return (_lengths(np.full(len(values), -1)),)
    filled = np.zeros(len(values), dtype=layout)
    filled[~missing] = values[~missing].to_numpy()
    data = filled.view(np.uint8).reshape(-1, width)
    if not missing.any():
        return _repeated(struct.pack(">i", width), len(values)), data
    return _varying(pa.array(filled.view(f"V{width}").tolist(), pa.large_binary(), mask=missing))


def _geometries(kind: Geometry, shapes: NDArray[np.object_]) -> tuple[Bytes | pa.Array, ...]:
    """Shapes as extended WKB; points, which are most of all there is, without a call for each."""
    if (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all() and not (
        shapely.is_empty(shapes) | shapely.has_z(shapes)
    ).any():
        head = struct.pack("<BII", _LITTLE_ENDIAN_POINT, _HAS_SRID, kind.srid)
        place = shapely.get_coordinates(shapes).astype("<f8", copy=False).view(np.uint8)
        length = struct.pack(">i", len(head) + place.shape[1])
        return _repeated(length + head, len(shapes)), place
    encoded = shapely.to_wkb(shapely.set_srid(shapes, kind.srid), include_srid=True)
    return _varying(pa.array(encoded, pa.large_binary()))


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


def _varying(values: pa.Array) -> tuple[Bytes | pa.Array, ...]:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    lengths = pc.fill_null(pc.binary_length(values), -1).to_numpy(zero_copy_only=False)
    return _lengths(lengths), values.cast(pa.large_binary())


def _lengths(lengths: IntArray) -> Bytes:
    return lengths.astype(">i4").view(np.uint8).reshape(-1, 4)
