"""Lines of delimited text that Arrow's reader splits into the same cells as Python's, and much faster.

They differ on what is no valid CSV: a quote out of place, a cell that is longer than the limit, a
row with too many cells. So only lines that leave no doubt are read here.
"""

from __future__ import annotations

import csv
import re
from functools import cache

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

_MAX_BLOCK_BYTES = 1 << 30
_BYTE_ORDER_MARK = "\ufeff"


def plain_cells(lines: list[str], header: tuple[str, ...], delimiter: str) -> pd.DataFrame | None:
    """The cells of lines, one row for each; an empty cell is missing.

    Args:
        lines: with their line ends.
        header: the names of the columns, none of them twice.
        delimiter: what stands between cells.

    Returns:
        Columns of texts by the names of the header, or None where a line is blank, has not as many
        cells as the header, goes on in the next, or is no valid CSV.
    """
    if not lines or lines[0].startswith(_BYTE_ORDER_MARK) or max(map(len, lines)) > csv.field_size_limit():
        return None
    quoted = [line for line in lines if '"' in line]
    if not all(map(_well_quoted(delimiter).fullmatch, quoted)):
        return None
    block = "".join(lines).encode()
    if len(block) > _MAX_BLOCK_BYTES:
        return None
    text = pa.large_string()
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(block),
            arrow_csv.ReadOptions(use_threads=False, block_size=len(block), column_names=header),
            arrow_csv.ParseOptions(delimiter=delimiter, quote_char='"' if quoted else False),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, text), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.to_pandas() if table.num_rows == len(lines) else None


@cache
def _well_quoted(delimiter: str) -> re.Pattern[str]:
    """A line whose quotes all stand around cells or, doubled, within such."""
    cell = rf'(?:"(?:[^"\r\n]|"")*+"|[^"\r\n{delimiter}]*+)'
    return re.compile(rf"{cell}(?:[{delimiter}]{cell})*+(?:\r\n?|\n)?")
