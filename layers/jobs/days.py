"""The days of a stretch of time, each with where its detections are: in a file, or in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Connection

from gis_core.time import Window
from layers import detections
from layers.archive.catalogue import entries
from layers.archive.errors import ArchiveError
from layers.archive.files import days_of
from layers.partitions import standing_months

LAYER = detections.LAYER


class Day(NamedTuple):
    """A day in UTC; ``path`` is its file where the month is archived and not restored."""

    day: date
    path: Path | None

    @property
    def window(self) -> Window:
        """From midnight to midnight, UTC."""
        start = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return Window(start, start + timedelta(days=1))

    @property
    def month(self) -> pd.Period:
        """The month that it is of."""
        return pd.Period(self.day, "M")


def days_between(connection: Connection, first: date, last: date, folder: Path) -> list[Day]:
    """Every day from ``first`` to ``last`` that may have detections, in order.

    Raises:
        ArchiveError: a month is being archived, or its files are not there.
    """
    in_files = {pd.Period(one.month, "M") for one in entries(connection, LAYER.name) if not one.restored}
    standing = standing_months(connection, LAYER.table)
    days: list[Day] = []
    for month in pd.period_range(first, last, freq="M"):
        if month in standing:
            if not standing[month].attached:
                raise ArchiveError(
                    f"{month:%Y-%m} of {LAYER.name} is being archived; finish that with 'huegis archive run'."
                )
            days += [Day(moment.date(), None) for moment in pd.date_range(month.start_time, month.end_time)]
        elif month in in_files:
            files = days_of(folder, LAYER.name, month)
            if not files:
                raise ArchiveError(f"{month:%Y-%m} of {LAYER.name} is archived, and its files are gone.")
            days += [Day(file.day, file.path) for file in files]
    return [day for day in days if first <= day.day <= last]
