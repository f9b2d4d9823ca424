"""What a query answers, as a data frame."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Executable


def read_frame(
    connection: Connection, query: Executable, values: dict[str, Any] | None = None
) -> pd.DataFrame:
    """One row for each of the answer, with its column names.

    Column by column: asked row by row, pandas looks each over for a named tuple, which takes longer
    than the query itself where thousands answer.
    """
    result = connection.execute(query, values)
    names = list(result.keys())
    rows = result.all()
    if not rows:
        return pd.DataFrame(columns=names)
    return pd.DataFrame(dict(zip(names, zip(*rows, strict=True), strict=True)))
