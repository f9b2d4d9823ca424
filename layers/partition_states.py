"""What became of every month of every table that is kept by month."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import pandas as pd
from sqlalchemy import Connection, Table, text

from gis_core.db import SCHEMA
from layers.archive.catalogue import entries
from layers.partitions import month_of, partitioned_tables, standing_months

State = Literal["attached", "ahead", "restored", "archived", "detached"]


class MonthState(NamedTuple):
    """One month: ``rows`` as last estimated, None where nobody has looked yet; ``bytes`` with indexes.

    ``ahead`` stands ready for months to come; ``restored`` is in files too; ``archived`` is in files
    only, and rows and bytes are theirs; ``detached`` was left by an interrupted 'huegis archive'.
    """

    table: str
    month: pd.Period
    rows: int | None
    bytes: int
    state: State


def month_states(connection: Connection, at: datetime) -> list[MonthState]:
    """Every month that is known, by table and month; those after that of ``at`` are ahead."""
    return [state for table in partitioned_tables() for state in _states(connection, table, at)]


def _states(connection: Connection, table: Table, at: datetime) -> list[MonthState]:
    sizes = {
        name: (None if tuples < 0 else int(tuples), size)
        for name, tuples, size in connection.execute(
            text(
                "SELECT relname, reltuples, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind = 'r'"
            ),
            {"schema": SCHEMA},
        )
    }
    archived = {pd.Period(entry.month, "M"): entry for entry in entries(connection, table.name)}
    states = [
        MonthState(table.name, month, entry.rows, entry.bytes, "archived")
        for month, entry in archived.items()
        if not entry.restored
    ]
    for month, standing in standing_months(connection, table).items():
        state: State = "attached"
        if not standing.attached:
            state = "detached"
        elif month in archived:
            state = "restored"
        elif month > month_of(at):
            state = "ahead"
        states.append(MonthState(table.name, month, *sizes[standing.name], state))
    return sorted(states)
