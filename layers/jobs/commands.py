"""``huegis jobs``: work over months of detections, in the database and in the archive alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from layers.jobs.days import Day

Command = TypeVar("Command", bound=Callable[..., Any])


def _days(command: Command) -> Command:
    for name, parameter, said in (("--to", "last", "Last"), ("--from", "first", "First")):
        command = click.option(
            name, parameter, required=True, metavar="YYYY-MM-DD", help=f"{said} day, in UTC as the archive's."
        )(command)
    return command


@click.group()
def jobs() -> None:
    """Work through many days: here, or on the Dask cluster of the setting dask.scheduler."""


@jobs.command()
@_days
def resnap(first: str, last: str) -> None:
    """Put detections anew on today's roads, wards and zones, and count them anew."""
    from gis_core.config import get_settings
    from layers.archive.month import alone
    from layers.jobs.resnap import resnap as work

    folder = get_settings().archive_dir
    with alone():
        days = _between(first, last, folder)
        changed = 0
        for done in work(days, folder):
            changed += done.changed
            click.echo(f"{done.day.day.isoformat()}: {'changed' if done.changed else 'as it was'}.")
    click.echo(f"{len(days)} days, {changed} of them changed.")


@jobs.command()
@_days
def reroll(first: str, last: str) -> None:
    """Count detections by road, hour and class anew."""
    from gis_core.config import get_settings
    from layers.archive.month import alone
    from layers.jobs.reroll import reroll_day
    from layers.jobs.run import by_day

    with alone():
        days = _between(first, last, get_settings().archive_dir)
        for done in by_day(reroll_day, days):
            click.echo(f"{done.day.day.isoformat()}: counted anew.")
    click.echo(f"{len(days)} days.")


@jobs.command()
@_days
@click.option("--output", type=click.Path(path_type=str, dir_okay=False), help="File to write; a .tif.")
def density(first: str, last: str, output: str | None) -> None:
    """Build the surface of vehicle density over all these days, into a file of its own."""
    from pathlib import Path

    from gis_core.config import get_settings
    from gis_core.time import Window
    from layers.archive.month import alone
    from layers.jobs.days import Day
    from layers.jobs.density import density_of
    from layers.raster import write_surface
    from layers.surfaces.vehicle_density import SURFACE

    with alone():
        days = _between(first, last, get_settings().archive_dir)
        window = Window(Day(_day(first), None).window.start, Day(_day(last), None).window.end)
        surface = density_of(days, window)
    path = Path(output or f"{SURFACE.name}-{first}-{last}.tif")
    write_surface(SURFACE, window, surface, path)
    click.echo(f"{path}: {surface.attrs['inputs']['detections']:,} vehicles of {len(days)} days.")


def _between(first: str, last: str, folder: Path) -> list[Day]:
    from gis_core.db import writing
    from gis_core.errors import InvalidParameterError
    from layers.jobs.days import days_between

    if _day(first) > _day(last):
        raise InvalidParameterError("to", f"{last} is before {first}.")
    with writing() as connection:
        days = days_between(connection, _day(first), _day(last), folder)
    if not days:
        raise InvalidParameterError("from", f"there are no detections from {first} to {last}.")
    return days


def _day(text: str) -> date:
    from gis_core.errors import InvalidParameterError, quoted

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidParameterError("day", f"{quoted(text)} is not a day such as 2023-10-31.") from error
