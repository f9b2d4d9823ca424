"""``huegis archive``: old months into files, and back into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from layers.base import Layer

_MIB = 1 << 20


@click.group()
def archive() -> None:
    """Keep old months as GeoParquet files, and bring them back."""


@archive.command()
@click.option("--older-than", metavar="AGE", help="Months that ended so long ago, such as 24mo.")
@click.option("--before", metavar="YYYY-MM", help="Months before this one.")
@click.option("--layer", metavar="NAME", help="This layer only.")
def run(older_than: str | None, before: str | None, layer: str | None) -> None:
    """Take old months out of the database, each when its files are whole and verified.

    Without an option the age is that of the settings. What an earlier run left unfinished is
    finished too.
    """
    import time

    from gis_core.config import get_settings
    from gis_core.db import writing
    from layers.archive.month import alone, archive_month
    from layers.archive.run import archivable, archivable_layers, months_to_archive

    limit = _limit(older_than, before)
    folder = get_settings().archive_dir
    count = 0
    with alone() as keeper:
        for one in archivable_layers() if layer is None else [archivable(layer)]:
            with writing() as connection:
                months = months_to_archive(connection, one, limit)
            for month in months:
                started = time.monotonic()
                done = archive_month(keeper, one, month, folder)
                click.echo(
                    f"{done.layer} {month:%Y-%m}: {done.rows:,} rows, {done.bytes / _MIB:,.1f} MiB, "
                    f"in {time.monotonic() - started:.0f} s."
                )
                count += 1
    click.echo(
        f"{count} months archived in {folder}." if count else f"Nothing before {limit:%Y-%m} to archive."
    )


@archive.command("list")
def list_months() -> None:
    """List the months that are archived."""
    from rich.table import Table

    from gis_core.console import console
    from gis_core.db import writing
    from gis_core.time import local_text
    from layers.archive.catalogue import entries

    with writing() as connection:
        found = entries(connection)
    if not found:
        click.echo("No month is archived.")
        return
    table = Table("layer", "month", "rows", "MiB", "first", "last", "archived", "", box=None, pad_edge=False)
    for entry in found:
        table.add_row(
            entry.layer, f"{entry.month:%Y-%m}", f"{entry.rows:,}", f"{entry.bytes / _MIB:,.1f}",
            *(local_text(at) for at in (entry.first_at, entry.last_at, entry.archived_at)),
            "restored" if entry.restored else "",
        )  # fmt: skip
    console().print(table)


@archive.command()
@click.argument("layer")
@click.argument("month", metavar="YYYY-MM")
def restore(layer: str, month: str) -> None:
    """Bring a month of LAYER back into the database, for all queries and surfaces."""
    from gis_core.config import get_settings
    from layers.archive.month import alone
    from layers.archive.restore import restore as bring_back

    one, wanted = _named(layer, month)
    with alone():
        rows = bring_back(one, wanted, get_settings().archive_dir)
    click.echo(
        f"{layer} {month}: {rows:,} rows are back; 'huegis archive release {layer} {month}' ends that."
    )


@archive.command()
@click.argument("layer")
@click.argument("month", metavar="YYYY-MM")
def release(layer: str, month: str) -> None:
    """Take a restored month of LAYER out of the database again, if nothing in it has changed."""
    from layers.archive.month import alone
    from layers.archive.restore import release as let_go

    one, wanted = _named(layer, month)
    with alone() as keeper:
        let_go(keeper, one, wanted)
    click.echo(f"{layer} {month} is in the archive only.")


@archive.command()
def verify() -> None:
    """Read every file of the archive and compare it with what was written."""
    from gis_core.config import get_settings
    from layers.archive.errors import ArchiveError
    from layers.archive.run import verify as check

    faults = months = 0
    for checked in check(get_settings().archive_dir):
        months += 1
        faults += checked.fault is not None
        click.echo(
            f"{checked.layer} {checked.month:%Y-%m}: {checked.fault or f'{checked.rows:,} rows, as written'}."
        )
    if faults:
        raise ArchiveError(f"{faults} of {months} months are not what was archived.")
    click.echo(f"{months} months are as they were written.")


def _limit(older_than: str | None, before: str | None) -> pd.Period:
    from datetime import UTC, datetime

    from gis_core.config import get_settings
    from gis_core.errors import InvalidParameterError
    from layers.archive.run import parse_age, parse_month
    from layers.partitions import month_of

    now = month_of(datetime.now(UTC))
    if older_than is not None and before is not None:
        raise InvalidParameterError("before", "give either --older-than or --before.")
    if before is None:
        return now - (
            get_settings().archive.after_months if older_than is None else parse_age(older_than, "older-than")
        )
    limit = parse_month(before, "before")
    if limit > now:
        raise InvalidParameterError(
            "before", f"only months that are over can be archived, at most before {now}."
        )
    return limit


def _named(layer: str, month: str) -> tuple[Layer, pd.Period]:
    from layers.archive.run import archivable, parse_month

    return archivable(layer), parse_month(month, "YYYY-MM")
