"""Columns of text whose every value is plainly good, read by Arrow all at once.

Each function gives None where any value needs a closer look: then the general way of
``layers.ingest.values`` decides, value by value, with the same results for those that are good.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gis_core.types import FloatArray

_EXACT_DIGITS = 15
"""A number of so few digits is the same double by whatever way it is read."""

_ZONED_INSTANT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)$"


def plain_numbers(texts: pd.Series) -> FloatArray | None:
    """Numbers of nothing but a few digits, sign and decimal point; NaN where there is no text."""
    array = _arrow(texts)
    if array is None or _longest(array) > _EXACT_DIGITS:
        return None
    signs = _bytes(array)
    if signs.size and (signs.min() < ord("+") or signs.max() > ord("9")):
        return None
    try:
        numbers = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    # The general way reads -0 as 0 among whole numbers only.
    return None if (np.signbit(numbers) & (numbers == 0)).any() else numbers


def plain_instants(texts: pd.Series) -> pd.Series | None:
    """ISO 8601 instants with a zone, to the microsecond, as UTC; NaT where there is no text."""
    array = _arrow(texts)
    if array is None or not pc.all(pc.match_substring_regex(array, _ZONED_INSTANT), min_count=0).as_py():
        return None
    try:
        instants = array.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return None
    return pd.Series(instants.to_pandas(), index=texts.index, dtype="datetime64[us, UTC]")


def are_plain_texts(texts: pd.Series, most_characters: int) -> bool:
    """Whether no text is nearly as long as that, and none holds a NUL."""
    array = _arrow(texts)
    return array is not None and _longest(array) <= most_characters and not (_bytes(array) == 0).any()


def _arrow(texts: pd.Series) -> pa.Array | None:
    if not isinstance(texts.dtype, pd.StringDtype):
        return None
    array = pa.array(texts, pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _longest(array: pa.Array) -> int:
    return pc.max(pc.binary_length(array)).as_py() or 0


def _bytes(array: pa.Array) -> NDArray[np.uint8]:
    _, offsets, data = array.buffers()
    if data is None:
        return np.zeros(0, dtype=np.uint8)
    limits = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data, dtype=np.uint8)[limits[0] : limits[-1]]
