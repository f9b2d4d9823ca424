"""``huegis surfaces``: list the computed surfaces, build them, and keep them up to date."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from layers.surfaces.origin_commands import origin

if TYPE_CHECKING:
    from datetime import datetime

    import xarray as xr

    from gis_core.time import Window
    from layers.raster import RasterLayer, SurfaceRecord


@click.group()
def surfaces() -> None:
    """List and build the computed surfaces."""


surfaces.add_command(origin)


@surfaces.command("list")
def list_surfaces() -> None:
    """List every surface: its window, when it was built, and its file."""
    from gis_core.config import get_settings
    from gis_core.errors import SurfaceNotBuiltError
    from layers.raster import read_record
    from layers.registry import SURFACES

    settings = get_settings()
    for surface in SURFACES.values():
        path = surface.path(settings)
        click.echo(f"{surface.name}: {surface.title.both}")
        try:
            record = read_record(surface, path)
        except SurfaceNotBuiltError as error:
            click.echo(f"  {error}")
        else:
            click.echo(_describe(record, path))


@surfaces.command("build")
@click.argument("name")
@click.option("--at", help="Time that the surface is for; by default that of the latest data.")
@click.option("--window", help="Stretch of time before it that is averaged, such as 6h (vehicle-density).")
@click.option(
    "--terrain",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another terrain (flood-risk). Makes a file of its own and leaves the service's surface alone.",
)
@click.option(
    "--stage-m",
    type=float,
    help="Rise of every stream above its drainage level, in place of the gauges' (flood-risk). "
    "Makes a file of its own too.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; by default the service's own, or NAME-TERRAIN.tif here for a file of its own.",
)
def build_surface(
    name: str,
    *,
    at: str | None,
    window: str | None,
    terrain: Path | None,
    stage_m: float | None,
    output: Path | None,
) -> None:
    """Build the surface NAME and replace its file in one step.

    A flood-risk surface shows one moment and takes no window. A terrain without gauges is
    flooded by --stage-m; without it the gauges that stand on the terrain count.
    """
    from gis_core.config import get_settings
    from gis_core.time import parse_instant
    from layers.raster import write_surface
    from layers.registry import SURFACES
    from layers.surfaces.series import publish

    surface = SURFACES[name]
    settings = get_settings()
    _refuse_unsuitable(name, window=window, terrain=terrain, stage_m=stage_m)
    instant = None if at is None else parse_instant(at)
    click.echo(f"Building {surface.title.both} ...", err=True)
    started = time.monotonic()
    if terrain is None and stage_m is None:
        span = _span(surface, instant, window)
        array = surface.build(span)
    else:
        terrain = terrain or settings.terrain_file
        output = output or Path(f"{name}-{terrain.stem}.tif")
        span, array = _what_if(surface, instant, terrain, stage_m)
    if output is None:
        record, path = publish(surface, span, array, settings)
    else:
        record, path = write_surface(surface, span, array, output), output
    click.echo(f"{name} built in {time.monotonic() - started:.1f} s:\n{_describe(record, path)}")


@surfaces.command("series")
@click.argument("name")
def list_series(name: str) -> None:
    """List the kept surfaces of NAME, the oldest first: the instant each shows, and its file."""
    from gis_core.config import get_settings
    from gis_core.time import local_text
    from layers.registry import SURFACES
    from layers.surfaces.series import series

    for kept in series(SURFACES[name], get_settings()):
        click.echo(f"{local_text(kept.at)}  {kept.path}")


@surfaces.command("watch")
@click.option("--once", is_flag=True, help="Look once and end.")
def watch(*, once: bool) -> None:
    """Build each surface anew when its inputs change, until Ctrl-C.

    Looks as often as surfaces.rebuild_every says. 'huegis up' does this beside the service.
    """
    from gis_core.config import get_settings
    from gis_core.errors import ConfigError
    from gis_core.signals import unwind_on_signals
    from gis_core.time import parse_duration
    from layers.surfaces.building import prepare

    every = get_settings().surfaces.rebuild_every
    if every is None and not once:
        raise ConfigError("surfaces.rebuild_every is null, so nothing is built by itself.")
    # A build may take long, and a surface that is not whole is never seen: no need to wait for its end.
    unwind_on_signals()
    while True:
        prepare(lambda sentence: click.echo(sentence, err=True))
        if once or every is None:
            return
        time.sleep(parse_duration(every, "surfaces.rebuild_every").total_seconds())


def _refuse_unsuitable(name: str, *, window: str | None, terrain: Path | None, stage_m: float | None) -> None:
    from gis_core.errors import InvalidParameterError
    from layers.surfaces import flood_risk

    is_flood = name == flood_risk.SURFACE.name
    if window is not None and is_flood:
        raise InvalidParameterError("window", f"'{name}' shows one moment and averages nothing; use --at.")
    for option, value in (("terrain", terrain), ("stage-m", stage_m)):
        if value is not None and not is_flood:
            raise InvalidParameterError(option, f"'{name}' is not built on a terrain.")


def _span(surface: RasterLayer, instant: datetime | None, window: str | None) -> Window:
    from gis_core.errors import InvalidParameterError
    from gis_core.time import Window, parse_duration

    try:
        span = surface.default_window(instant)
        return span if window is None else Window(span.end - parse_duration(window), span.end)
    except OverflowError as error:
        raise InvalidParameterError("window", "it reaches back beyond the calendar.") from error


def _what_if(
    surface: RasterLayer, instant: datetime | None, terrain: Path, stage_m: float | None
) -> tuple[Window, xr.DataArray]:
    from layers.surfaces import flood_risk, inundation

    if stage_m is not None:
        return flood_risk.window_at(instant), inundation.from_uniform_rise(stage_m, terrain)
    span = surface.default_window(instant)
    return span, inundation.from_gauges(span, terrain, keep_drainage=False)


def _describe(record: SurfaceRecord, path: Path) -> str:
    from gis_core.time import local_text

    lines = [
        f"  from {local_text(record.window.start)} to {local_text(record.window.end)}, Huế time",
        f"  built at {local_text(record.built_at)}{', from simulated data' if record.simulated else ''}",
    ]
    if "flooded_km2" in record.inputs:
        lines.append(f"  flooded: {record.inputs['flooded_km2']} km²")
    if missing := record.inputs.get("gauges_without_reading"):
        lines.append(f"  gauges without a reading: {', '.join(missing)}")
    lines += [f"  note: {note}" for note in record.inputs.get("terrain_notes", ())]
    return "\n".join([*lines, f"  {path}"])
