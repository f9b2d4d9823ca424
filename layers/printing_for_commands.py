"""What commands show of files that are loaded: how far they are, what came of them, which rows were bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from layers.ingest.report import FileReport, Rejections

_WIDTH_WITHOUT_TERMINAL = 200


def console() -> Console:
    from rich.console import Console

    made = Console(highlight=False)
    # Without a terminal, whoever reads wants whole lines.
    return made if made.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)


@contextmanager
def progress(file: Path) -> Iterator[Callable[[float], None]]:
    """A bar on stderr that is gone at the end; none where nobody watches."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(
        console=Console(stderr=True), transient=True, disable=not Console(stderr=True).is_terminal
    ) as bar:
        task = bar.add_task(escape(file.name), total=1.0)
        yield lambda done: bar.update(task, completed=done)


def print_report(layer: str, report: FileReport) -> None:
    rows = report.rows
    rejected = f", {report.rejected:,} rejected" if report.rejected else ""
    click.echo(
        f"{report.path}: {rows.inserted:,} inserted, {rows.updated:,} updated, "
        f"{rows.unchanged:,} unchanged{rejected} in {layer}."
    )
    for note in report.notes:
        click.echo(f"  {note}")


def print_rejections(rejections: Rejections, file: Path | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not rejections.count:
        return
    table = Table("file", "row", "reason", box=None, pad_edge=False, title="Rejected", title_justify="left")
    for row in rejections.first:
        table.add_row(escape(row.file), f"{row.unit} {row.number}", escape(row.reason))
    console().print(table)
    more = rejections.count - len(rejections.first)
    if more:
        click.echo(f"and {more:,} more{'' if file else '; --rejected FILE.csv writes them all'}.")
    if file is not None:
        click.echo(f"All {rejections.count:,} rejected rows are in {file}.")
