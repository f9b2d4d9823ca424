"""``huegis layers add``, ``change`` and ``remove``: a file becomes a layer of the running service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layers.printing_for_commands import print_rejections, print_report, progress

if TYPE_CHECKING:
    from layers.added.keeping import FileOfRows, Wanted
    from layers.ingest.report import Rejections

_FILE = click.Path(path_type=Path)
_SAYING = (
    click.option("--title-vi", metavar="TEXT", help="Title in Vietnamese."),
    click.option("--title-en", metavar="TEXT", help="Title in English."),
    click.option("--description-vi", metavar="TEXT", help="Description in Vietnamese."),
    click.option("--description-en", metavar="TEXT", help="Description in English."),
    click.option("--steward", metavar="TEXT", help="Agency in charge."),
    click.option("--color", metavar="#rrggbb", help="Colour on maps and in QGIS."),
    click.option("--size-px", type=float, metavar="N", help="Radius of points or width of lines."),
    click.option(
        "--id-column", metavar="NAME", help="Column that identifies a feature; else rows are numbered."
    ),
    click.option("--label-column", metavar="NAME", help="Column that names a feature to people."),
    click.option("--time-column", metavar="NAME", help="Column of time: the layer is then of events."),
)
_READING = (
    click.option("--crs", metavar="EPSG:n", help="CRS of the coordinates, where the file does not say."),
    click.option("--layer-name", "--table", "table", metavar="NAME", help="Which layer of a GeoPackage."),
    click.option("--keep-good", is_flag=True, help="Take the good rows of a file that has bad ones."),
    click.option("--rejected", type=_FILE, help="Write all rejected rows to this CSV file."),
)


def _with(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.command()
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="Name of the layer in addresses and commands, such as schools.")
@_with(*_SAYING, *_READING)
def add(*, file: Path, name: str, **given: Any) -> None:
    """Make a layer of FILE, which every running service then shows within a second.

    GeoJSON, GeoPackage, FlatGeobuf, shapefile (also zipped), CSV with coordinates. Names of columns
    lose their Vietnamese marks and spaces; the names that the file has are kept as their titles.
    """
    from layers.added.keeping import add_layer

    _change(file, given, lambda wanted, rows, rejections: add_layer(name, wanted, _needed(rows), rejections))
    click.echo(f"Layer {name} is there: /ogc/collections/{name}")


@click.command()
@click.argument("name")
@click.option("--file", type=_FILE, help="Other rows and columns, in place of those that are there.")
@_with(*_SAYING, *_READING)
def change(*, name: str, file: Path | None, **given: Any) -> None:
    """Change what is said of the added layer NAME, or with --file replace all of its rows."""
    from layers.added.keeping import change_layer

    if all(value in (None, False) for value in given.values()) and file is None:
        raise click.UsageError("Say what is to change; see 'huegis layers change --help'.")
    _change(file, given, lambda wanted, rows, rejections: change_layer(name, wanted, rows, rejections))
    click.echo(f"Layer {name} has changed.")


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Remove it without asking.")
def remove(*, name: str, yes: bool) -> None:
    """Remove the added layer NAME with all of its rows."""
    from gis_core.db import writing
    from layers.added.keeping import remove_layer, rows_of

    with writing() as connection:
        rows = rows_of(connection, name)
    if not yes:
        click.confirm(f"Remove layer {name} with its {rows:,} features?", abort=True)
    remove_layer(name)
    click.echo(f"Layer {name} and its {rows:,} features are removed.")


def _change(
    file: Path | None,
    given: dict[str, Any],
    make: Callable[[Wanted, FileOfRows | None, Rejections], Any],
) -> None:
    from layers.added.keeping import FileOfRows, Wanted
    from layers.added.scan import Asked
    from layers.ingest.report import Rejections

    crs, table, keep_good, rejected = (given.pop(name) for name in ("crs", "table", "keep_good", "rejected"))
    if file is not None and rejected is not None and rejected.resolve() == file.resolve():
        raise click.UsageError("--rejected would overwrite the file that is to be read.")
    wanted = Wanted(**given)
    with Rejections(rejected) as rejections:
        try:
            if file is None:
                make(wanted, None, rejections)
                return
            with progress(file) as tell:
                report = make(wanted, FileOfRows(file, Asked(crs, table), keep_good, tell), rejections)
            print_report(file.stem, report)
        finally:
            print_rejections(rejections, rejected)


def _needed(rows: FileOfRows | None) -> FileOfRows:
    if rows is None:
        raise click.UsageError("A layer is made of a file.")
    return rows
