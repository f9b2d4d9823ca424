"""``huegis db``: the private database, and the schema of whichever database is used."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from gis_core.cli import OfferedCommands
from gis_core.cluster import Cluster
from gis_core.config import get_settings
from gis_core.db import describe_target, working_engine
from gis_core.errors import GisError


@click.group(cls=OfferedCommands, offered="huegis.db")
def db() -> None:
    """Start, stop and upgrade the database."""


@db.command()
def start() -> None:
    """Start the private database and leave it running."""
    cluster = _private_cluster()
    started = cluster.start()
    click.echo(f"The database is running at {cluster.socket_dir}." if started else "It was running already.")


@db.command()
def stop() -> None:
    """Stop the private database."""
    click.echo("Stopped." if _private_cluster().stop() else "It was not running.")


@db.command()
def status() -> None:
    """Say which database is used and whether it answers."""
    click.echo(f"Answers: {describe_target(working_engine())}.")


@db.command()
def upgrade() -> None:
    """Bring schema gis to the newest version, naming the target first."""
    for step in entry_points(group="huegis.setup", name="1_schema"):
        step.load()(click.echo)


def _private_cluster() -> Cluster:
    settings = get_settings()
    if settings.database_url:
        raise GisError("HUEGIS_DATABASE_URL is set: that server is not ours to start or stop.")
    return Cluster.of(settings)
