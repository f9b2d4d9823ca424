"""``huegis detections``: the status of what was detected, and its history."""

from __future__ import annotations

from uuid import UUID

import click


@click.group("detections")
def group() -> None:
    """Change the status of detections, and see who changed it when."""


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


def _identifier(text: str) -> UUID:
    from gis_core.errors import FeatureNotFoundError

    try:
        return UUID(text)
    except ValueError as error:
        raise FeatureNotFoundError("detections", text) from error
