"""``huegis detections``: the status of what was detected, its history, and catching up on enrichment."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import click


@click.group("detections")
def group() -> None:
    """Change the status of detections, see who changed it when, and enrich what is stored."""


@group.command("set-status")
@click.argument("event_id", metavar="ID")
@click.argument("status")
@click.option("--by", required=True, metavar="NAME", help="The agency or account that decided.")
@click.option("--at", metavar="TIME", help="When it was decided; now by default.")
@click.option("--note", metavar="TEXT", help="Why, in a sentence.")
def set_status(*, event_id: str, status: str, by: str, at: str | None, note: str | None) -> None:
    """Change the status of detection ID to STATUS and keep the change on record."""
    from gis_core.db import writing
    from gis_core.time import local_text, parse_instant
    from layers.status import change_status

    moment = None if at is None else parse_instant(at, "--at")
    with writing() as connection:
        done = change_status(connection, _identifier(event_id), status, by, at=moment, note=note)
    click.echo(
        f"{event_id}: {done.from_status} -> {done.to_status} by {done.changed_by}, "
        f"{local_text(done.changed_at)}."
    )


@group.command()
@click.argument("event_id", metavar="ID")
def history(event_id: str) -> None:
    """Show every change of the status of detection ID, from the first on."""
    from gis_core.db import reading
    from gis_core.time import local_text
    from layers.status import history as changes_of
    from layers.status import status_of

    with reading() as connection:
        status = status_of(connection, _identifier(event_id))
        changes = changes_of(connection, _identifier(event_id))
    for change in changes:
        note = f": {change.note}" if change.note else ""
        click.echo(
            f"{local_text(change.changed_at)}  {change.from_status} -> {change.to_status}  "
            f"{change.changed_by}{note}"
        )
    click.echo(f"It is {status}{'' if changes else ', as it came; nobody has changed it'}.")


@group.command()
@click.option("--from", "start", metavar="TIME", help="From then on; all that waits for it by default.")
@click.option("--to", "end", metavar="TIME", help="Up to then; now by default.")
def enrich(*, start: str | None, end: str | None) -> None:
    """Put stored detections on roads, wards and forest zones anew, and recount their hours.

    Each day is committed by itself: after an interruption the rest still waits for the next run.
    With --from or --to also what is enriched already is done again, as after a change of the roads.
    """
    from rich.console import Console
    from rich.progress import Progress

    from gis_core.db import writing
    from gis_core.time import Window, window_between
    from layers.enrich.stored import days_to_enrich, enrich_day

    ever = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime.now(UTC))
    with writing() as connection:
        days = days_to_enrich(connection, window_between(start, end, ever) if start or end else None)
    detections = changed = 0
    shown = Console(stderr=True)
    with Progress(console=shown, transient=True, disable=not shown.is_terminal) as bar:
        for day in bar.track(days):
            with writing() as connection:
                done = enrich_day(connection, day)
            detections, changed = detections + done.detections, changed + done.changed
    click.echo(
        f"{len(days):,} days: {detections:,} detections, {changed:,} of them changed; hours recounted."
    )


def _identifier(text: str) -> UUID:
    from gis_core.errors import FeatureNotFoundError

    try:
        return UUID(text)
    except ValueError as error:
        raise FeatureNotFoundError("detections", text) from error
