"""``huegis processes``: what can be computed, computing it here, and the jobs of others."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("processes")
def group() -> None:
    """List processes, run one here, and see or work on the jobs of the service."""


@group.command("list")
def list_() -> None:
    """Show every process with its inputs; those in brackets may be left out."""
    from layers.processes.registry import PROCESSES

    for process in PROCESSES.values():
        click.echo(f"{process.id} {process.version}: {process.title.both}")
        names = (name if one.required else f"[{name}]" for name, one in process.inputs().items())
        click.echo(f"    {' '.join(names)}")


@group.command()
@click.argument("process_id", metavar="ID")
@click.option(
    "--inputs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with an object of inputs by name; the example of the process by default.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for a file of every output; without it those in JSON are printed.",
)
def run(*, process_id: str, inputs: Path | None, output: Path | None) -> None:
    """Run process ID in this program, without a job."""
    import json

    from gis_core.config import get_settings
    from gis_core.errors import GisError
    from layers.processes.checking import check_text, checked_inputs
    from layers.processes.hosts import fetch_json
    from layers.processes.outputs import encoded, is_json
    from layers.processes.registry import find_process

    process, settings = find_process(process_id), get_settings()
    given = process.example
    if inputs is not None:
        try:
            given = json.loads(inputs.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GisError(f"{inputs} cannot be read as JSON: {error}.") from error
    check_text(given)
    values = checked_inputs(
        process,
        given,
        lambda href, name: fetch_json(href, name, settings.processes, settings.access.max_body_mib),
    )
    found = process.run(values, lambda percent, said: click.echo(f"{percent:3.0f} % {said}", err=True))
    for one in encoded(process, found, [*process.outputs], settings.processes.max_result_mib):
        if output is None:
            if is_json(one.media_type):
                click.echo(one.content.decode())
            else:
                click.echo(f"{one.name}: {len(one.content):,} bytes; --output keeps them.", err=True)
            continue
        output.mkdir(parents=True, exist_ok=True)
        file = output / f"{one.name}.{'json' if is_json(one.media_type) else 'tif'}"
        file.write_bytes(one.content)
        click.echo(str(file))


@group.command()
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many."
)
def jobs(*, limit: int) -> None:
    """Show the latest jobs that anybody may see, and why those that failed did."""
    from gis_core.db import writing
    from gis_core.time import local_text
    from layers.processes.jobs import Wanted, find_jobs

    with writing() as connection:
        found = find_jobs(connection, Wanted(), None, limit)
    for job in found:
        click.echo(
            f"{job.id}  {local_text(job.created_at)}  {job.status:<10} {job.progress:3d} %  {job.process}"
            f"{'  ' + job.message if job.message else ''}"
        )


@group.command()
@click.option("--slots", type=click.IntRange(1, 64), help="Jobs at a time; processes.workers by default.")
def work(*, slots: int | None) -> None:
    """Work on jobs until Ctrl-C, beside services elsewhere that share the database."""
    from threading import Event

    from gis_core.config import get_settings
    from gis_core.signals import on_signals
    from layers.processes.service import working

    settings, stop = get_settings(), Event()
    on_signals(stop.set)
    with working(settings, slots or max(1, settings.processes.workers)):
        click.echo("Working on jobs; Ctrl-C stops it.")
        stop.wait()
