"""Months that a load makes for itself, and fills before anyone can see them.

While rows come in, every index of a table is filled row by row; made at once over all rows, an
index takes a fraction of that time. So the table of a month that is not there yet has its key
alone until the load's end (the key refuses what comes twice), and the rest when it is attached.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Table, text

from gis_core.db import SCHEMA
from layers.copying import quoted_names
from layers.partitions import attach, create_standing, make_missing, months_of, partition_name, time_column


class FreshMonths:
    """The months that one load has made of one table, in its own transaction."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._months: list[pd.Period] = []

    def parts(self, rows: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
        """Rows by the table that takes them; the months they need are made.

        Raises:
            IngestError: the rows of one of the months are archived; none is made then.
        """
        times = rows[time_column(self._table)]
        months = months_of(times)
        known = set(self._months)
        others = [month for month in months if month not in known]
        self._months += make_missing(self._connection, self._table, others, _with_its_key)
        fresh = set(self._months)
        if len(months) == 1:
            return {self._name(months[0], fresh): rows}
        names = {month: self._name(month, fresh) for month in months}
        month_of_row = pd.to_datetime(times, utc=True).dt.tz_localize(None).dt.to_period("M")
        return {str(name): part for name, part in rows.groupby(month_of_row.map(names), sort=True)}

    def attach(self) -> None:
        """Make the months a part of their table, with all of its indexes."""
        for month in sorted(self._months):
            attach(self._connection, self._table, month)
        self._months.clear()

    def _name(self, month: pd.Period, fresh: set[pd.Period]) -> str:
        return f"{SCHEMA}.{partition_name(self._table, month)}" if month in fresh else self._table.fullname


def _with_its_key(connection: Connection, table: Table, month: pd.Period) -> None:
    # Identifiers are made from a declared table and a month: no outside text is in them.
    name = create_standing(connection, table, month, indexed=False)
    connection.execute(
        text(f"ALTER TABLE {name} ADD PRIMARY KEY ({quoted_names(table.primary_key.columns)})")
    )
