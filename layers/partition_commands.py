"""``huegis db partitions``: the monthly tables."""

from __future__ import annotations

import click


@click.command("partitions")
def partitions() -> None:
    """List the monthly tables: rows, size, and whether they are in use, ahead or archived."""
    from datetime import UTC, datetime

    from rich.table import Table

    from gis_core.console import console
    from gis_core.db import writing
    from layers import registry  # noqa: F401 - declares every table
    from layers.partition_states import month_states

    with writing() as connection:
        states = month_states(connection, datetime.now(UTC))
    shown = Table("table", "month", "rows", "MiB", "state", box=None, pad_edge=False)
    for one in states:
        rows = "?" if one.rows is None else f"{one.rows:,}"
        shown.add_row(one.table, f"{one.month:%Y-%m}", rows, f"{one.bytes / (1 << 20):,.1f}", one.state)
    console().print(shown)
