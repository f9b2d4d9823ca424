"""``huegis collect`` and ``huegis quarantine``: what comes in from others, and what could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from layers.collect.base import Connector
    from layers.collect.claims import Claims
    from layers.collect.run import Outcome


@click.group()
def collect() -> None:
    """Take in what agencies and machines send, and see how each source fares."""


@collect.command()
@click.option("--once", is_flag=True, help="Take what is there now, and end.")
@click.option("--quiet", is_flag=True, help="Say only what goes wrong.")
def run(once: bool, quiet: bool) -> None:
    """Watch, poll and listen to every source of the settings until Ctrl-C."""
    from threading import Event

    from gis_core.config import get_settings
    from gis_core.signals import on_signals
    from layers.collect.claims import Claims
    from layers.collect.collector import Collector
    from layers.collect.run import run_once

    claims = Claims()
    settings, sources = get_settings(), _sources(claims)
    stop = Event()
    on_signals(stop.set)
    tell = _tell_refused if quiet else _tell
    if not quiet:
        click.echo(f"Collecting from {', '.join(source.name for source in sources)}.")
    try:
        if once:
            run_once(sources, tell, _complain, stop, settings.collect.interval_s)
        else:
            Collector(sources, tell, _complain).run(stop)
    finally:
        claims.close()


@collect.command()
def check() -> None:
    """Reach every source of the settings, without taking anything in."""
    from threading import Event

    from gis_core.errors import GisError
    from layers.collect.claims import Claims

    well = True
    for source in _sources(Claims()):
        try:
            click.echo(f"{source.name}: {source.check(Event())}.")
        except GisError as error:
            well = False
            click.echo(f"{source.name}: {error}", err=True)
    if not well:
        raise GisError("Some sources cannot be collected from.")


@collect.command()
def status() -> None:
    """Show how each source fares: when it last brought something, and when it is due again."""
    from datetime import UTC, datetime

    from rich.markup import escape
    from rich.table import Table

    from gis_core.config import get_settings
    from gis_core.console import console
    from gis_core.db import reading
    from gis_core.time import local_text
    from layers.collect.status import lag, read_status

    with reading() as connection:
        rows = {row.source: row for row in read_status(connection)}
    waiting = {source.name for source in get_settings().collect.sources} - rows.keys()
    table = Table("source", "last success (Asia/Ho_Chi_Minh)", "lag", box=None, pad_edge=False)
    for title in ("rows in", "refused"):
        table.add_column(title, justify="right")
    table.add_column("next due")
    table.add_column("failures in a row", justify="right")
    table.add_column("last error")
    now = datetime.now(UTC)
    for name in sorted(rows.keys() | waiting):
        row = rows.get(name)
        if row is None:
            table.add_row(name, "never", "", "0", "0", "", "0", "")
            continue
        behind = lag(row.latest_event_at, now)
        table.add_row(
            escape(name),
            local_text(row.last_success_at) if row.last_success_at else "never",
            "" if behind is None else str(behind).partition(".")[0],
            f"{row.rows_in:,}",
            f"{row.rows_refused:,}",
            local_text(row.next_due_at) if row.next_due_at else "",
            f"{row.failures_in_a_row:,}",
            escape(row.last_error or ""),
        )
    console().print(table)


@collect.command()
@click.argument("name")
def token(name: str) -> None:
    """Make a token for the source NAME, and the line of config.yml that lets it push."""
    from gis_core.access import digest_of, new_token

    made = new_token()
    click.echo(f"Token, shown this once: {made}")
    click.echo(f"In config.yml, under collect.tokens:\n    {name}: {digest_of(made)}")


@click.group()
def quarantine() -> None:
    """Look at the rows that could not go in, try them again, or drop them."""


@quarantine.command("list")
@click.option("--source", metavar="NAME", help="Rows of this source only.")
@click.option("--layer", metavar="NAME", help="Rows for this layer only.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
def list_(source: str | None, layer: str | None, limit: int) -> None:
    """Show the rows that wait, the oldest first."""
    from rich.markup import escape
    from rich.table import Table

    from gis_core.console import console
    from gis_core.db import reading
    from gis_core.time import local_text
    from layers.collect.originals import as_it_came
    from layers.collect.quarantine import MAX_ROW_CHARS, count_waiting, waiting
    from layers.ingest.source import shown

    with reading() as connection:
        total = count_waiting(connection, source=source, layer=layer)
        rows = waiting(connection, source=source, layer=layer, limit=limit)
    table = Table("id", "received (Asia/Ho_Chi_Minh)", "source", "layer", box=None, pad_edge=False)
    for title in ("row", "reason", "as it came"):
        table.add_column(title)
    for row in rows:
        where = str(row.row_number) if row.document is None else f"{row.document}, {row.row_number}"
        text = shown(as_it_came(row.content), 80)
        if row.content_chars > MAX_ROW_CHARS:
            text += f" ({row.content_chars:,} characters)"
        received = local_text(row.received_at)
        cells = (str(row.id), received, row.source, row.layer, where, row.reason, text)
        table.add_row(*map(escape, cells))
    if rows:
        console().print(table)
    click.echo(f"{total:,} rows wait in quarantine.")


@quarantine.command()
@click.option("--source", metavar="NAME", help="Rows of this source only.")
def replay(source: str | None) -> None:
    """Try the rows that wait again, after whatever kept them out was mended."""
    from gis_core.config import get_settings
    from layers.collect.replay import replay as try_again

    done = try_again(get_settings(), source)
    click.echo(f"{done.replayed:,} rows went in, {done.stay:,} stay in quarantine.")


@quarantine.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1, 2**63 - 1))
def drop(ids: tuple[int, ...]) -> None:
    """Remove the rows with these IDS for good."""
    from gis_core.db import writing
    from layers.collect.quarantine import drop as remove

    with writing() as connection:
        gone = remove(connection, ids)
    click.echo(f"{len(gone):,} rows were dropped.")
    missing = sorted(set(ids) - set(gone))
    if missing:
        click.echo(f"Not there: {', '.join(map(str, missing))}.")


def _sources(claims: Claims) -> list[Connector]:
    from gis_core.config import get_settings
    from gis_core.errors import ConfigError
    from layers.collect.connectors import connectors

    sources = connectors(get_settings(), claims)
    if not sources:
        raise ConfigError(
            "Nothing is to be collected: list sources under collect.folders, collect.http or "
            "collect.mqtt in config.yml."
        )
    return sources


def _tell(outcome: Outcome) -> None:
    counts = outcome.receipt
    if counts is None:
        _tell_refused(outcome)
        return
    click.echo(
        f"{outcome.source}, {outcome.title}: {counts.accepted:,} accepted, "
        f"{counts.known_already:,} known already, {counts.quarantined:,} in quarantine."
    )


def _tell_refused(outcome: Outcome) -> None:
    if outcome.receipt is None:
        click.echo(f"{outcome.source}, {outcome.title}: refused. {outcome.refused}")


def _complain(name: str, sentence: str) -> None:
    click.echo(f"huegis: {name}: {sentence}", err=True)
