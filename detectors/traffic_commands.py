"""``huegis traffic``: densities, counts and speeds from a camera's frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from detectors.measuring import Measured
    from gis_core.types import FloatArray


class GroundLine(click.ParamType["FloatArray"]):
    """Two points as lon,lat,lon,lat, given on in EPSG:9214."""

    name = "LON,LAT,LON,LAT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> FloatArray:
        import numpy as np

        from gis_core.crs import lonlat_to_metric

        try:
            numbers = np.array([float(part) for part in str(value).split(",")])
        except ValueError:
            numbers = np.empty(0)
        if numbers.shape != (4,) or not np.isfinite(numbers).all():
            self.fail(f"'{value}' is not two points as lon,lat,lon,lat.", param, ctx)
        line = np.column_stack(lonlat_to_metric(numbers[::2], numbers[1::2]))
        if not (np.isfinite(line).all() and np.hypot(*(line[1] - line[0])) > 0.1):
            self.fail(f"'{value}' is no line on the ground: its points are one, or lie nowhere.", param, ctx)
        return line


@click.group()
def traffic() -> None:
    """Measure traffic in the frames of cameras."""


@traffic.command()
@click.argument("source")
@click.option("--camera", "code", required=True, metavar="CODE", help="The camera whose frames they are.")
@click.option("--model", default="hue", show_default=True, help="The model of setting detectors.models.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Frames a second; 1 by default, 10 with --line or --tracks-csv, which need them close together.",
)
@click.option("--at", metavar="TIME", help="When the first frame was taken, where the source does not tell.")
@click.option("--limit", type=click.IntRange(min=1), help="End after so many frames.")
@click.option("--line", type=GroundLine(), help="Count what crosses this line, with direction and speed.")
@click.option(
    "--precision", type=click.FloatRange(0, 1, min_open=True), default=1.0,
    help="Of what the model finds, so much is there.",
)  # fmt: skip
@click.option(
    "--recall", type=click.FloatRange(0, 1, min_open=True), default=1.0,
    help="Of what is there, the model finds so much.",
)  # fmt: skip
@click.option(
    "--frames-csv", type=click.Path(path_type=Path, dir_okay=False), help="Write each frame's densities."
)
@click.option(
    "--crossings-csv",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write each crossing of the line.",
)
@click.option(
    "--tracks-csv",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write where each vehicle was, for 'huegis corridors tracks'.",
)
def measure(
    *,
    source: str,
    code: str,
    model: str,
    rate: float | None,
    at: str | None,
    limit: int | None,
    line: FloatArray | None,
    precision: float,
    recall: float,
    frames_csv: Path | None,
    crossings_csv: Path | None,
    tracks_csv: Path | None,
) -> None:
    """Measure traffic in SOURCE: a picture, a folder, a video file, or a stream's address.

    Densities are told for each stretch of road that the camera sees ('huegis cameras
    viewsheds'), in vehicles and passenger-car units. Nothing is stored.
    """
    from itertools import islice

    from detectors.measuring import measure as measure_frames
    from detectors.models import make_detector
    from detectors.showing import complain
    from detectors.sources import Asked, open_source
    from detectors.stretch import read_stretches
    from detectors.watched import read_camera
    from gis_core.analysis.stretches import DetectorQuality
    from gis_core.config import get_settings
    from gis_core.db import reading
    from gis_core.time import parse_instant
    from layers.passenger_cars import chosen_units

    if crossings_csv is not None and line is None:
        raise click.UsageError("--crossings-csv needs --line.")
    settings = get_settings()
    with reading() as connection:
        camera = read_camera(connection, code, settings)
        stretches = read_stretches(connection, code)
    if not len(stretches.lines):
        complain(f"Camera {code} is not known to see any road; see 'huegis cameras viewsheds'.")
    rate_hz = rate or (1.0 if line is None and tracks_csv is None else 10.0)
    asked = Asked(code, 1 / rate_hz, None if at is None else parse_instant(at, "--at"), complain)
    try:
        done = measure_frames(
            islice(open_source(source, asked, settings.detect).frames(), limit),
            make_detector(model, settings),
            camera.georeferencer,
            stretches,
            units=chosen_units(settings),
            quality=DetectorQuality(precision, recall),
            line=line,
            with_tracks=tracks_csv is not None,
            rate_hz=rate_hz,
            sigma_px=settings.georeference.pixel_sigma_px,
        )
    finally:
        asked.stop.set()
    _tell(done, settings.traffic.units)
    tables = {frames_csv: done.by_frame, crossings_csv: done.crossings, tracks_csv: done.tracks}
    for path, table in tables.items():
        if path is not None and table is not None:
            _write(table, path)


def _tell(done: Measured, units: str) -> None:
    from gis_core.analysis.traffic import LEVELS, level_of_service

    click.echo(f"{done.frames} frames; PCU by table {units}; ± is one standard error.")
    levels = level_of_service(done.by_stretch["pcu_km_lane"].to_numpy(float))
    for row, level in zip(done.by_stretch.itertuples(index=False), levels, strict=True):
        click.echo(
            f"{row.segment_code}: {row.veh_km:.1f} ± {row.veh_km_sigma:.1f} veh/km, "
            f"{row.pcu_km:.1f} ± {row.pcu_km_sigma:.1f} PCU/km, {row.pcu_km_lane:.1f} PCU/km/lane, "
            f"level {LEVELS[level]}; {row.seen_length_m:.0f} m seen ({row.seen_fraction:.0%})"
        )
    if done.crossings is None:
        return
    if done.crossings.empty:
        click.echo("Nothing crossed the line.")
        return
    from detectors.measuring import crossing_counts

    ways = {1: "left to right", -1: "right to left"}
    for row in crossing_counts(done.crossings).itertuples(index=False):
        click.echo(
            f"{row.class_name}, {ways[row.direction]}: {row.count}, "
            f"{row.speed_kmh:.1f} ± {row.speed_sigma_kmh:.1f} km/h"
        )


def _write(table: pd.DataFrame, path: Path) -> None:
    from gis_core.errors import GisError

    try:
        table.to_csv(path, index=False)
    except OSError as error:
        raise GisError(f"{path} cannot be written ({error.strerror or error}).") from error
