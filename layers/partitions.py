"""Monthly partitions: made ahead of need, found again, and closed where their rows are archived.

What stands in the database says by itself what became of a month: a table attached to its
parent takes rows; one that stands alone is on its way out (``layers.archive``); and a month
that the archive's catalogue names and that is not restored is in files only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd
from psycopg.errors import OutOfMemory
from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.exc import OperationalError

from gis_core.config import get_settings
from gis_core.db import SCHEMA, writing
from gis_core.errors import GisError, IngestError
from layers.archive.catalogue import MONTHS
from layers.base import Base, Layer

ROWS_COME_IN = 4_836_711
"""Advisory lock, with a table's hash: shared by whoever adds rows, alone for who takes a month out."""


MakeMonth = Callable[[Connection, Table, pd.Period], None]
"""What makes the table of a month in the caller's transaction."""


class Standing(NamedTuple):
    """The table of one month: ``attached`` takes rows; ``pending`` is being detached."""

    name: str
    attached: bool
    pending: bool


def partitioned_tables() -> list[Table]:
    """Every declared table that is kept by month."""
    return [table for table in Base.metadata.sorted_tables if _partitioned_by(table)]


def time_column(table: Table) -> str:
    """The column whose month decides where a row goes."""
    found = re.fullmatch(r"RANGE \((\w+)\)", _partitioned_by(table))
    if found is None:
        raise GisError(f"Table {table.name} is not partitioned by a range of one column.")
    return found[1]


def month_of(at: datetime) -> pd.Period:
    """The month of an aware instant, in UTC."""
    return pd.Period(at.astimezone(UTC).replace(tzinfo=None), "M")


def months_of(times: pd.Series) -> list[pd.Period]:
    """The different months of aware instants, in UTC."""
    return list(pd.to_datetime(times, utc=True).dt.tz_localize(None).dt.to_period("M").unique())


def ensure_partitions(connection: Connection, table: Table, times: pd.Series) -> None:
    """Make the monthly partitions that these times need; those that exist are left alone.

    A table is made first and attached then: that lets readers go on, whereas making it as
    a partition would lock them out until the whole load is committed.

    Raises:
        IngestError: the rows of one of the months are archived; none is made then.
    """
    make_missing(connection, table, months_of(times), _make_attached)


def make_missing(
    connection: Connection, table: Table, months: list[pd.Period], make: MakeMonth
) -> list[pd.Period]:
    """Have ``make`` called for each of the months that the table lacks, and say which those are.

    Raises:
        IngestError: the rows of one of the months are archived; none is made then.
    """
    # Until the end of this transaction no month is taken out, so what is attached now stays so.
    connection.execute(select(func.pg_advisory_xact_lock_shared(ROWS_COME_IN, func.hashtext(table.fullname))))
    missing = _not_attached(connection, table, months)
    if not missing:
        return []
    closed = closed_months(connection, table)
    refused = next((closed[month] for month in missing if month in closed), None)
    if refused is not None:
        raise IngestError(f"layer {table.name}", None, refused)
    return _make(connection, table, missing, make)


def ensure_ahead(at: datetime, months: int) -> list[str]:
    """Make the partitions of the month of ``at`` and of so many more, for every partitioned table.

    So a load at midnight of a new month finds its table. Months that are archived are passed over.
    Each table has a transaction of its own: whoever held the locks of two could wait for a loader
    that holds those of one and waits for the other.

    Returns:
        The names of the tables that were made.
    """
    first = month_of(at)
    wanted = [first + step for step in range(months + 1)]
    made = []
    for table in partitioned_tables():
        with writing() as connection:
            made += _make_ahead(connection, table, wanted)
    return made


def prepare(say: Callable[[str], None]) -> None:
    """Have the partitions of the coming months ready, as the settings say; silent where they are."""
    made = ensure_ahead(datetime.now(UTC), get_settings().database.partitions_ahead_months)
    if made:
        say(f"Monthly tables made ahead: {', '.join(made)}.")


def closed_months(connection: Connection, table: Table) -> Mapping[pd.Period, str]:
    """The months that take no rows, each with the reason as a sentence of what to do."""
    archived = connection.execute(
        select(MONTHS.month).where(MONTHS.layer == table.name, MONTHS.restored.is_(False))
    ).scalars()
    closed = {
        month: f"{month:%Y-%m} of {table.name} is archived; "
        f"bring it back with 'huegis archive restore {table.name} {month:%Y-%m}' and load the row again"
        for month in (pd.Period(first, "M") for first in archived)
    }
    for month, standing in standing_months(connection, table).items():
        if not standing.attached:
            closed.setdefault(
                month,
                f"{month:%Y-%m} of {table.name} is being archived; finish that with 'huegis archive run', "
                f"then 'huegis archive restore {table.name} {month:%Y-%m}', and load the row again",
            )
    return closed


def closed_to(connection: Connection, layer: Layer) -> Mapping[pd.Period, str]:
    """The months that take no rows of a layer; none where it is not kept by month."""
    return closed_months(connection, layer.table) if layer.partitioned else {}


def standing_months(connection: Connection, table: Table) -> dict[pd.Period, Standing]:
    """The tables that stand for the months of ``table``, attached or not."""
    # Read from the catalogue itself: to_regclass may still deny what another session just made.
    found = connection.execute(
        text(
            "SELECT relname, inhrelid IS NOT NULL AND NOT inhdetachpending, "
            "coalesce(inhdetachpending, false) "
            "FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid "
            "WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind = 'r' AND relname ~ :pattern "
            "ORDER BY relname"
        ),
        {"schema": SCHEMA, "pattern": rf"^{table.name}_[0-9]{{4}}_[0-9]{{2}}$"},
    )
    return {
        pd.Period(name[-7:].replace("_", "-"), "M"): Standing(name, attached, pending)
        for name, attached, pending in found
    }


def partition_name(table: Table, month: pd.Period) -> str:
    """What the table of a month is called, without its schema."""
    return f"{table.name}_{month.year:04d}_{month.month:02d}"


def create_standing(connection: Connection, table: Table, month: pd.Period, *, indexed: bool = True) -> str:
    """Make the table of a month beside its parent, and give its full name.

    The indexes that it lacks are made when it is attached.
    """
    # Identifiers and bounds are made here from a table's name and a month: no outside text is in them.
    child = f"{SCHEMA}.{partition_name(table, month)}"
    like = "INCLUDING ALL" if indexed else "INCLUDING ALL EXCLUDING INDEXES"
    connection.execute(text(f"CREATE TABLE {child} (LIKE {table.fullname} {like})"))
    return child


def attach(connection: Connection, table: Table, month: pd.Period) -> None:
    """Make a month's table, which stands already, a part of its parent."""
    first, after = month.start_time, (month + 1).start_time
    connection.execute(
        text(
            f"ALTER TABLE {table.fullname} ATTACH PARTITION {SCHEMA}.{partition_name(table, month)} "
            f"FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{after:%Y-%m-%d}+00')"
        )
    )


def lock_making(connection: Connection, table: Table) -> None:
    """Wait until nobody else makes partitions of a table, and keep others waiting until the commit."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(table.fullname))))


def _make_ahead(connection: Connection, table: Table, wanted: list[pd.Period]) -> list[str]:
    closed = closed_months(connection, table)
    missing = [month for month in _not_attached(connection, table, wanted) if month not in closed]
    made = _make(connection, table, missing, _make_attached) if missing else []
    names = [partition_name(table, month) for month in made]
    for name in names:
        # A table nobody has looked at yet makes the number of all rows unknown.
        connection.execute(text(f"ANALYZE {SCHEMA}.{name}"))
    return names


def _make_attached(connection: Connection, table: Table, month: pd.Period) -> None:
    create_standing(connection, table, month)
    attach(connection, table, month)


def _make(connection: Connection, table: Table, months: list[pd.Period], make: MakeMonth) -> list[pd.Period]:
    # Two loads that need the same month make it one after the other, not both.
    lock_making(connection, table)
    made = []
    try:
        for month in _not_attached(connection, table, months):
            make(connection, table, month)
            made.append(month)
    except OperationalError as error:
        if isinstance(error.orig, OutOfMemory):
            raise GisError(
                f"These rows span {len(months):,} months, more than the database can make at once; "
                "load them in parts, or raise its max_locks_per_transaction."
            ) from error
        raise
    return made


def _not_attached(connection: Connection, table: Table, months: list[pd.Period]) -> list[pd.Period]:
    standing = standing_months(connection, table)
    return sorted(month for month in months if month not in standing or not standing[month].attached)


def _partitioned_by(table: Table) -> str:
    return table.dialect_options["postgresql"]["partition_by"] or ""
