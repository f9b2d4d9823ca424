"""``huegis layers``: what the layers are, files into them, and files out of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from layers.added import commands as added
from layers.printing_for_commands import console, print_rejections, print_report, progress

if TYPE_CHECKING:
    from layers.ingest.source import Request


@click.group()
def layers() -> None:
    """List, describe, load, check and export the layers, and add layers of your own."""


for _command in (added.add, added.change, added.remove):
    layers.add_command(_command)


@layers.command("list")
def list_() -> None:
    """Show every layer with its number of rows and its latest time."""
    from rich.table import Table

    from gis_core.db import writing
    from gis_core.time import local_text
    from layers.added.known import known_layers
    from layers.summary import summarise

    table = Table("layer", "tên / title", "geometry", box=None, pad_edge=False)
    for title in ("rows", "simulated"):
        table.add_column(title, justify="right")
    table.add_column("latest (Asia/Ho_Chi_Minh)")
    with writing() as connection:
        for layer in known_layers().values():
            found = summarise(connection, layer)
            latest = local_text(found.latest) if found.latest else ""
            table.add_row(
                layer.name,
                layer.title.both,
                layer.geometry_type,
                f"{found.rows:,}",
                f"{found.simulated:,}",
                latest,
            )
    console().print(table)


@layers.command()
@click.argument("layer")
def describe(layer: str) -> None:
    """Show the columns of LAYER: type, unit, meaning, limits and the names that files may use."""
    from rich.markup import escape
    from rich.table import Table

    from layers.added.known import known_layers
    from layers.summary import describe_columns

    found = known_layers()[layer]
    shown = console()
    shown.print(f"[bold]{escape(found.title.both)}[/bold] ({found.name}, {found.geometry_type}, EPSG:4326)")
    shown.print(escape(f"{found.description.vi}\n{found.description.en}"))
    shown.print(escape(f"Cơ quan phụ trách / steward: {found.steward.both}\n"))
    table = Table(
        "column", "type", "unit", "ý nghĩa", "meaning", "values", "also read as", box=None, pad_edge=False
    )
    for row in describe_columns(found):
        table.add_row(*map(escape, row))
    shown.print(table)
    shown.print("\n* a file must have it.")


@layers.command()
@click.argument("layer")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--crs", metavar="EPSG:n", help="CRS of the coordinates, where a file does not say or is wrong."
)
@click.option("--keep-good", is_flag=True, help="Load the good rows of a file that has bad ones.")
@click.option("--replace-simulated", is_flag=True, help="Remove the layer's simulated rows first.")
@click.option(
    "--no-enrichment",
    is_flag=True,
    help="Leave road segments, wards and roll-ups to a later 'huegis detections enrich'.",
)
@click.option("--column", "columns", multiple=True, metavar="THEIRS=OURS", help="A file's name for a column.")
@click.option(
    "--layer-name", "--table", "table", metavar="NAME", help="Which layer of a GeoPackage or archive."
)
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all rejected rows to this CSV file.",
)
@click.option("--property", "observed_property", metavar="NAME", help="Observed property of every value.")
@click.option(
    "--labels",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the names of the columns, where a table of series has no header.",
)
@click.option("--zone", metavar="NAME", help="Time zone of times that name none, such as Europe/Amsterdam.")
@click.option("--time-format", metavar="FORM", help="Form of the times, such as '%d/%m/%Y %H:%M'.")
@click.option("--start", metavar="TIME", help="Time of the first line, where a table of series has no times.")
@click.option("--step", metavar="LENGTH", help="Time from line to line then, such as 15min.")
@click.option(
    "--station", "stations", multiple=True, metavar="THEIRS=OURS", help="A file's name for a station."
)
@click.pass_context
def load(
    context: click.Context,
    *,
    layer: str,
    files: tuple[Path, ...],
    crs: str | None,
    keep_good: bool,
    replace_simulated: bool,
    no_enrichment: bool,
    columns: tuple[str, ...],
    table: str | None,
    rejected: Path | None,
    observed_property: str | None,
    labels: Path | None,
    zone: str | None,
    time_format: str | None,
    start: str | None,
    step: str | None,
    stations: tuple[str, ...],
) -> None:
    """Load FILES into LAYER: each in one transaction, all of it or nothing.

    GeoJSON, GeoPackage, FlatGeobuf, shapefile (also zipped), CSV with coordinates, OpenStreetMap
    roads (.osm.pbf), FIRMS CSV, and CSV of time series into observations: one value a line; or a
    station and a time a line, and a column for each property (--column Rf=rain_month_mm); or a
    time a line, and a column for each station (--property vehicles_15min). Observations without
    a position stand at their station. Loading a file again changes nothing.
    """
    from gis_core.errors import CRSMismatchError, IngestError
    from layers.added.known import known_layers
    from layers.ingest.load import load_file
    from layers.ingest.report import Rejections
    from layers.ingest.source import Request, SeriesForm

    series = SeriesForm(
        observed_property, labels, zone, time_format, start, step, _pairs(stations, "--station")
    )
    request = Request(known_layers()[layer], crs, table, _pairs(columns, "--column"), series)
    if rejected is not None and rejected.resolve() in {file.resolve() for file in files}:
        raise click.UsageError("--rejected would overwrite a file that is to be loaded.")
    refused, forget = 0, replace_simulated
    with Rejections(rejected) as rejections:
        for file in files:
            try:
                with progress(file) as tell:
                    report = load_file(
                        file, request, rejections,
                        keep_good=keep_good, replace_simulated=forget, enrich=not no_enrichment,
                        on_progress=tell,
                    )  # fmt: skip
            except (IngestError, CRSMismatchError) as error:
                refused += 1
                click.echo(f"huegis: {error}", err=True)
            else:
                # Rows of the first file may be marked as simulated themselves; they stay.
                forget = False
                print_report(layer, report)
    print_rejections(rejections, rejected)
    if not replace_simulated and refused < len(files):
        _hint_simulated(request)
    if refused:
        context.exit(1)


@layers.command()
@click.argument("layer")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--crs", metavar="EPSG:n", help="CRS to write in; EPSG:4326 by default.")
@click.option("--bbox", metavar="W,S,E,N", help="Only features that meet this box, in degrees.")
@click.option(
    "--datetime", "interval", metavar="START/END", help="Only events of this time; '..' leaves an end open."
)
@click.option(
    "--format", "form", type=click.Choice(["sensorthings"]), help="Observations as SensorThings in .json."
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def export(
    *,
    layer: str,
    file: Path,
    crs: str | None,
    bbox: str | None,
    interval: str | None,
    form: str | None,
    overwrite: bool,
) -> None:
    """Write LAYER to FILE: .gpkg, .geojson, .fgb, .parquet, .csv or .shp.zip.

    Every file says in its own way whose data it holds, what the columns mean, and how many rows are
    simulated. With --format sensorthings, observations go to .json under the names of that standard.
    """
    from layers.added.known import known_layers
    from layers.export import export as write
    from layers.export import export_sensor_things, parse_bbox, parse_interval

    found = known_layers()[layer]
    bounds = None if bbox is None else parse_bbox(bbox)
    window = None if interval is None else parse_interval(interval)
    if form is not None:
        if crs is not None:
            raise click.UsageError("SensorThings is always in WGS 84; leave out --crs.")
        written = export_sensor_things(found, file, bounds=bounds, window=window, overwrite=overwrite)
    else:
        written = write(found, file, crs=crs, overwrite=overwrite, bounds=bounds, window=window)
    click.echo(f"{file}: {written.features:,} features of {layer}.")
    for note in written.notes:
        click.echo(f"  {note}")


@layers.command()
@click.argument("layer")
@click.argument("feature")
def history(layer: str, feature: str) -> None:
    """Show who added, changed or removed a FEATURE of LAYER by editing, and when."""
    from gis_core.db import reading
    from gis_core.time import local_text
    from layers.added.known import known_layers
    from layers.feature_edits import changes_in, edits_of

    with reading() as connection:
        edits = edits_of(connection, known_layers()[layer], feature)
    if not edits:
        click.echo(
            f"No edit of '{feature}' in layer {layer} is on record; loads of files are in the journal."
        )
    for edit in edits:
        click.echo(f"{local_text(edit.edited_at)}  {edit.action} by {edit.edited_by}")
        for name, before, after in changes_in(edit):
            click.echo(f"    {name}: {before} -> {after}")


@layers.command()
@click.option("--layer", metavar="NAME", help="Check this layer only.")
def check(layer: str | None) -> None:
    """Find what is wrong in the layers, show it, and write it into the layer quality_findings."""
    from rich.markup import escape
    from rich.table import Table

    from gis_core.config import get_settings
    from gis_core.db import writing
    from layers.quality.run import run_checks

    with writing() as connection:
        done = run_checks(connection, get_settings(), layer=layer)
    if done.findings:
        table = Table("check", "layer", "feature", "nội dung / finding", box=None, pad_edge=False)
        for one, finding in done.findings:
            table.add_row(one.name, finding.layer, escape(finding.feature_id), escape(finding.sentence.both))
        console().print(table)
    for name, where in done.cut:
        click.echo(f"{name} found more in {where} than quality.max_findings keeps.")
    click.echo(
        f"{len(done.findings):,} findings in quality_findings: {done.written.inserted:,} new, "
        f"{done.written.updated + done.written.unchanged:,} as before, {done.gone:,} gone."
    )


@layers.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def dictionary(file: Path | None, *, overwrite: bool) -> None:
    """Show what every column of every layer means, or write it to FILE: .csv, .json or .md."""
    from rich.markup import escape
    from rich.table import Table

    from layers.dictionary import Term, terms, write_dictionary

    if file is not None:
        click.echo(f"{file}: {write_dictionary(file, overwrite=overwrite):,} columns.")
        return
    table = Table(*Term._fields, box=None, pad_edge=False)
    for term in terms():
        table.add_row(*(escape(str(value)) for value in term))
    console().print(table)


def _pairs(pairs: tuple[str, ...], option: str) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = pair.rpartition("=")
        if not equals or not theirs or not ours:
            raise click.BadParameter(f"'{pair}' is not of the form theirs=ours.", param_hint=option)
        mapped[theirs] = ours
    return mapped


def _hint_simulated(request: Request) -> None:
    from gis_core.db import writing
    from layers.summary import summarise

    with writing() as connection:
        simulated = summarise(connection, request.layer).simulated
    if simulated:
        click.echo(
            f"{request.layer.name} also holds {simulated:,} simulated rows; "
            "--replace-simulated would remove them."
        )
