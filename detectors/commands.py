"""``huegis detect``: what cameras see, through models and solutions, into the layers."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def detect() -> None:
    """Turn what cameras see into features on the ground."""


@detect.command()
@click.argument("source")
@click.option(
    "--camera", "camera_code", required=True, metavar="CODE", help="The camera whose frames they are."
)
@click.option(
    "--solution", "names", multiple=True, metavar="NAME", help="Look with this solution; can be given again."
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Frames a second; as the solutions say by default.",
)
@click.option("--at", metavar="TIME", help="When the first frame was taken, where the source does not tell.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many frames.")
@click.option("--simulated", is_flag=True, help="Mark the findings as simulated: the frames were drawn.")
def run(
    *,
    source: str,
    camera_code: str,
    names: tuple[str, ...],
    rate: float | None,
    at: str | None,
    limit: int | None,
    simulated: bool,
) -> None:
    """Look at SOURCE: a picture, a folder, a video file, or a stream's address.

    Pictures and videos are taken at the times that their names or tags tell; frames of a
    stream when they arrive, until Ctrl-C. What cannot be read is named, and the rest goes on.
    """
    from detectors.looking import Lookout, Turns
    from detectors.running import CameraRun
    from detectors.running import run as run_through
    from detectors.showing import complain, progress, summary
    from detectors.solutions import catalogue, named, running_on
    from detectors.sources import Asked, SourceError, open_source
    from detectors.watched import read_camera
    from gis_core.config import get_settings
    from gis_core.db import reading
    from gis_core.errors import ConfigError
    from gis_core.signals import on_signals
    from gis_core.time import parse_instant

    settings = get_settings()
    with reading() as connection:
        camera = read_camera(connection, camera_code, settings)
    solutions = (
        named(settings, names)
        if names
        else running_on(catalogue(settings), camera_code, camera.purpose, camera.stated_solutions)
    )
    if not solutions:
        raise ConfigError(
            f"No solution that can run does so on camera {camera_code}; name one with --solution."
        )
    lookout = Lookout(settings)
    lookout.prepare(solutions)
    interval_s = 1 / rate if rate else Turns(solutions).interval_s
    first_at = None if at is None else parse_instant(at, "--at")
    asked = Asked(camera_code, interval_s, first_at, complain)
    on_signals(asked.stop.set)
    camera_run = CameraRun(
        camera, solutions, lookout, settings, complain, simulated=simulated, every_frame=rate is not None
    )
    with progress(limit) as show:
        tally = run_through(open_source(source, asked, settings.detect), camera_run, show, limit)
    asked.stop.set()
    if not tally.frames:
        raise SourceError(source.rpartition("@")[2], "not one frame of it was analysed.")
    click.echo(summary(tally, ", ".join(solutions)))


@detect.command()
def watch() -> None:
    """Watch all cameras of the setting detect.cameras until Ctrl-C."""
    from threading import Event

    from detectors.looking import Lookout
    from detectors.showing import board, complain
    from detectors.watching import Pool, plans
    from gis_core.config import get_settings
    from gis_core.signals import on_signals

    settings = get_settings()
    chosen = plans(settings, complain)
    solutions = {name: one for plan in chosen.values() for name, one in plan.solutions.items()}
    # A model that cannot be opened is said once here, not by every process.
    Lookout(settings).prepare(solutions)
    stop = Event()
    on_signals(stop.set)
    click.echo(f"Watching {len(chosen)} cameras with {', '.join(sorted(solutions))}.")
    with board() as show:
        Pool(settings, list(chosen), show, complain).watch(stop)
    click.echo("Stopped; what was analysed is stored.")


@detect.command("solutions")
def list_solutions() -> None:
    """List the AI solutions, what each needs, and whether it can run."""
    from rich.table import Table

    from detectors.showing import console
    from detectors.solutions import catalogue, state_of
    from gis_core.config import get_settings

    settings = get_settings()
    table = Table("solution", "title", "subject", "model", "steward", "state", box=None, pad_edge=False)
    solutions = catalogue(settings)
    for name, one in solutions.items():
        state = state_of(one, settings)
        table.add_row(name, one.title.vi, one.subject, one.detector or "", one.steward, state)
    console().print(table)
    ready = sum(state_of(one, settings) == "ready" for one in solutions.values())
    click.echo(f"{len(solutions)} solutions, {ready} of them ready.")


@detect.command()
def expire() -> None:
    """Remove kept pictures that are older than their solution's retention."""
    from detectors.crops import expire as remove
    from detectors.showing import complain
    from detectors.solutions import catalogue
    from gis_core.config import get_settings

    settings = get_settings()
    done = remove(catalogue(settings), settings.var_dir)
    click.echo(f"{done.removed} pictures removed, {done.kept} are still within their retention.")
    for folder in done.unknown:
        complain(f"{folder}: no solution of this name is configured, so nothing says how long it may stay.")


@detect.command()
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--simulated", is_flag=True, help="Mark the findings as simulated: the frames were drawn.")
def replay(recording: Path, simulated: bool) -> None:
    """Load recorded detections (JSON lines, one a frame) through the cameras' poses."""
    from functools import cache

    from detectors.pipeline import place, store
    from detectors.replay import ReplayDetector, read_findings
    from detectors.solutions import catalogue
    from detectors.watched import read_camera
    from gis_core.config import get_settings
    from gis_core.db import writing
    from layers.journal import record_load

    settings = get_settings()
    detector = ReplayDetector(recording)
    looked = read_findings(detector, catalogue(settings))
    with writing() as connection:
        camera_of = cache(lambda code: read_camera(connection, code, settings))
        placed = place(looked, camera_of, simulated=simulated)
        stored = store(connection, placed, detector.frames, simulated=simulated)
        record_load(connection, recording.name, "detections", stored.detections)
    without = len(placed.bearings) + placed.nowhere
    click.echo(
        f"{recording.name}: {len(detector.frames)} frames, {stored.detections.inserted} new findings, "
        f"{stored.detections.unchanged} known already, {without} without a position on the ground."
    )
