"""Identifiers of events as a column: sixteen bytes a row in one block, and no object for each."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from gis_core.ids import event_ids
from gis_core.types import BoolArray, IntArray

_UUID = pa.binary(16)


def identify(at: pd.Series, origin: pd.Series, origin_key: pd.Series) -> pd.Series:
    """The identifier of each event, as 16 bytes of Arrow's.

    Args:
        at: instants, aware.
        origin: who knows the event.
        origin_key: as what.
    """
    at_ms = at.astype("datetime64[ms, UTC]").astype("int64").to_numpy()
    raw = event_ids(at_ms, origin.to_numpy(object), origin_key.to_numpy(object))
    array = pa.Array.from_buffers(_UUID, len(raw), [None, pa.py_buffer(raw)])
    return pd.Series(pd.arrays.ArrowExtensionArray(array), index=at.index)


def uuid_array(values: pd.Series) -> pa.FixedSizeBinaryArray:
    """A column of UUIDs, or of their bytes, as those of Arrow; null where there is none."""
    if isinstance(values.dtype, pd.ArrowDtype):
        array = pa.array(values)
        return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return pa.array([None if pd.isna(value) else value.bytes for value in values.to_numpy(object)], _UUID)


def uuid_bytes(values: pd.Series) -> NDArray[np.bytes_]:
    """UUIDs none of which is missing as numpy's byte strings, shape (n,), which sort as they do.

    numpy leaves out zeros at the end of each when it makes Python's bytes of them; as all are
    of one length, two that differ still do.
    """
    array = uuid_array(values)
    raw = np.frombuffer(array.buffers()[1], dtype="S16")
    return raw[array.offset : array.offset + len(array)]


def order_of(identifiers: pd.Series) -> IntArray:
    """The rows in the order of their identifiers, which is that of their times."""
    return np.argsort(uuid_bytes(identifiers))


def which_are(identifiers: pd.Series, found: Iterable[UUID]) -> BoolArray:
    """Which rows have one of these identifiers: of several with the same one, the first."""
    wanted = np.array([identifier.bytes for identifier in found], dtype="S16")
    first = ~identifiers.duplicated().to_numpy()
    return np.asarray(np.isin(uuid_bytes(identifiers), wanted) & first)
