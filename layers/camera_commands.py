"""``huegis cameras``: calibrate cameras, and find the ground that their pixels show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import datetime

    from pyproj import CRS

    from gis_core.georeference.quality import FitQuality
    from gis_core.time import Window
    from layers.control_points import ControlFile


class FrameSize(click.ParamType[tuple[int, int]]):
    """Width and height of frames, such as 1920x1080."""

    name = "WxH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple) and len(value) == 2:
            return int(value[0]), int(value[1])
        width, _, height = str(value).lower().partition("x")
        if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
            self.fail(f"'{value}' is not a size; write for example 1920x1080.", param, ctx)
        size = int(width), int(height)
        if not all(1 <= side <= 20_000 for side in size):
            self.fail(f"'{value}' is not a size between 1x1 and 20000x20000.", param, ctx)
        return size


@click.group()
def cameras() -> None:
    """Calibrate cameras, and find the ground that their pixels show."""


@cameras.command()
@click.argument("points", type=click.Path(path_type=Path))
@click.option("--crs", required=True, metavar="EPSG:n", help="CRS of the points' x and y.")
@click.option("--camera", "code", metavar="ID", help="Store the calibration for this camera.")
@click.option(
    "--method",
    type=click.Choice(["homography", "pinhole"]),
    help="Flat ground as the points say, or pose and lens; with a column z the latter by default.",
)
@click.option("--frame-size", type=FrameSize(), help="Size of the frames that u and v count in.")
@click.option("--pixel-sigma", type=click.FloatRange(0.01, 1000), help="Standard error of a picked pixel.")
@click.option(
    "--ground-sigma", type=click.FloatRange(0, 1000), default=0.0, help="Of the points' places, in metres."
)
@click.option("--solve-position", is_flag=True, help="Pinhole: find the place of the lens, too.")
@click.option("--solve-lens", is_flag=True, help="Pinhole: find the first coefficient of distortion, too.")
@click.option(
    "--from", "start", metavar="TIME", help="Since when the camera looks like this; now by default."
)
@click.option("--to", "end", metavar="TIME", help="Until when it did.")
@click.option("--by", default="operator", metavar="NAME", help="Who answers for the calibration.")
def calibrate(
    *,
    points: Path,
    crs: str,
    code: str | None,
    method: str | None,
    frame_size: tuple[int, int] | None,
    pixel_sigma: float | None,
    ground_sigma: float,
    solve_position: bool,
    solve_lens: bool,
    start: str | None,
    end: str | None,
    by: str,
) -> None:
    """Calibrate from POINTS, a CSV with columns u,v,x,y and perhaps z (elevation above datum).

    Prints how well each point agrees. With --camera, the calibration is stored and holds for
    frames from --from on; without, a homography is only judged.
    """
    from gis_core.config import get_settings
    from gis_core.crs import read_crs
    from layers.control_points import read_control_points

    settings = get_settings()
    control = read_control_points(points)
    known_crs = read_crs(crs, "--crs")
    pixel_sigma_px = pixel_sigma or settings.georeference.pixel_sigma_px
    chosen = method or ("homography" if control.z_m is None else "pinhole")
    if code is None:
        if chosen == "pinhole":
            raise click.UsageError("A pose is solved for a camera, which --camera names.")
        _print_quality(_judge_flat(control, known_crs, pixel_sigma_px, points.name), control.rows)
        return
    if frame_size is None:
        raise click.UsageError("--frame-size says how large the frames are that u and v count in.")
    from gis_core.calibration import Priors
    from layers.calibrating import Tenure, calibrate_camera

    priors = Priors(
        pixel_sigma_px,
        ground_sigma,
        ground_sigma,
        float("inf") if solve_position else settings.georeference.position_sigma_m,
        float("inf") if solve_position else settings.georeference.mast_height_sigma_m,
        solve_lens,
    )
    tenure = Tenure(*_instants(start, end), by)
    from gis_core.db import writing

    with writing() as connection:
        done = calibrate_camera(
            connection, code, control, known_crs,
            source=points.name, method=chosen, frame_px=frame_size, priors=priors, tenure=tenure,
        )  # fmt: skip
    _print_quality(done.quality, control.rows)
    for line in done.lines:
        click.echo(line)
    click.echo(f"Stored as calibration {done.id} of camera {code}.")


@cameras.command()
@click.argument("pixels", type=click.Path(path_type=Path))
@click.option("--camera", "code", metavar="ID", help="By the calibration or stated pose of this camera.")
@click.option("--points", type=click.Path(path_type=Path), help="By a homography from these control points.")
@click.option("--crs", metavar="EPSG:n", help="CRS of the control points' x and y.")
@click.option("--at", metavar="TIME", help="When the frame was taken; now by default.")
@click.option("--frame-size", type=FrameSize(), help="Size of the frame, where the camera is not calibrated.")
@click.option("--pixel-sigma", type=click.FloatRange(0.01, 1000), help="Standard error of a pixel.")
@click.pass_context
def locate(
    context: click.Context,
    *,
    pixels: Path,
    code: str | None,
    points: Path | None,
    crs: str | None,
    at: str | None,
    frame_size: tuple[int, int] | None,
    pixel_sigma: float | None,
) -> None:
    """Print the ground that PIXELS show, a CSV with columns u and v, as CSV on stdout.

    Covariance and 95 % ellipse are in metres on the grid of x and y (EPSG:9214 for a camera;
    the CRS of the control points, or a metric one there, for --points).
    """
    from layers.control_points import read_pixels
    from layers.locating import by_camera, by_points, write_csv

    if (code is None) == (points is None):
        raise click.UsageError("Give either --camera or --points.")
    if points is not None and crs is None:
        raise click.UsageError("--points needs --crs, the CRS of their x and y.")
    asked = read_pixels(pixels)
    if points is not None and crs is not None:
        located = by_points(points, crs, asked.uv, pixel_sigma)
    else:
        moment = _instants(at, None)[0]
        located = by_camera(str(code), moment, frame_size, asked.uv, pixel_sigma)
    write_csv(sys.stdout, asked, located)
    for fault in asked.faults.values():
        click.echo(f"huegis: {fault}", err=True)
    for line in located.notes:
        click.echo(line, err=True)
    if asked.faults:
        context.exit(1)


@cameras.command()
@click.option("--camera", "code", required=True, metavar="ID", help="The camera.")
@click.option("--from", "start", metavar="TIME", help="Only detections from this time on.")
@click.option("--to", "end", metavar="TIME", help="Only detections before this time.")
def relocate(*, code: str, start: str | None, end: str | None) -> None:
    """Place a camera's detections again by the calibrations that are in force at their times."""
    from gis_core.db import writing
    from layers.relocation import relocate as place_again

    with writing() as connection:
        done = place_again(connection, code, _window(start, end))
    click.echo(
        f"{code}: {done.moved:,} detections moved, {done.unchanged:,} unchanged, "
        f"{done.without_position:,} without a position now and left as they were."
    )


@cameras.command()
@click.option("--camera", "code", required=True, metavar="ID", help="The camera.")
def calibrations(code: str) -> None:
    """List a camera's calibrations, the newest first."""
    from gis_core.db import reading
    from gis_core.time import local_text
    from layers.georeferencing import calibrations_of, stand_of

    with reading() as connection:
        stand_of(connection, code)
        known = calibrations_of(connection, code)
    for one in known:
        until = f" to {local_text(one.valid_to)}" if one.valid_to else ""
        click.echo(
            f"{one.id}  from {local_text(one.valid_from)}{until}  {one.method}, {one.point_count} points, "
            f"RMS {one.rms_m:.2f} m, {one.width_px}x{one.height_px}, by {one.made_by}"
        )
    if not known:
        click.echo(f"{code} has no calibration; its stated pose is used.")


@cameras.command()
@click.option("--camera", "codes", metavar="ID", multiple=True, help="This camera only; may be repeated.")
@click.option("--again", is_flag=True, help="Compute what is up to date, too.")
def viewsheds(*, codes: tuple[str, ...], again: bool) -> None:
    """Compute the ground and the stretches of road that cameras see.

    Over terrain, less what it hides. A view is computed where its inputs have changed: pose,
    calibration, terrain or roads.
    """
    import time

    from gis_core.config import get_settings
    from gis_core.db import writing
    from layers.viewsheds import compute_views

    started = time.monotonic()
    with writing() as connection:
        done = compute_views(connection, get_settings(), codes or None, again=again)
    click.echo(
        f"{done.computed} views computed in {time.monotonic() - started:.1f} s, {done.unchanged} up to date; "
        f"{done.segments} stretches of road seen by the former."
    )
    for sentence in done.failed:
        click.echo(f"huegis: {sentence}", err=True)


def _judge_flat(control: ControlFile, crs: CRS, pixel_sigma_px: float, source: str) -> FitQuality:
    from gis_core.georeference import fit_homography
    from layers.control_points import metric_grid_for, to_grid

    grid = metric_grid_for(crs, control.xy, source)
    xy = to_grid(control.xy, crs, grid, source)
    return fit_homography(*control.uv.T, *xy.T, pixel_sigma_px=pixel_sigma_px).quality


def _print_quality(quality: FitQuality, rows: tuple[int, ...]) -> None:
    click.echo("point  row  residual_m  leave_one_out_m")
    for index, row in enumerate(rows):
        mark = "" if quality.used[index] and not quality.poor[index] else "  *"
        click.echo(
            f"{index + 1:5d} {row:4d} {quality.residual_m[index]:11.2f} "
            f"{quality.leave_one_out_m[index]:16.2f}{mark}"
        )
    click.echo(f"RMS {quality.rms_m:.2f} m over {int(quality.used.sum())} points.")
    for sentence in quality.sentences():
        click.echo(f"* {sentence}")


def _instants(start: str | None, end: str | None) -> tuple[datetime, datetime | None]:
    """Aware UTC instants; now for a start that is not given."""
    from datetime import UTC, datetime

    from gis_core.time import parse_instant

    begin = datetime.now(UTC) if start is None else parse_instant(start, "--from")
    return begin, None if end is None else parse_instant(end, "--to")


def _window(start: str | None, end: str | None) -> Window | None:
    """The window between two texts, open where one is missing; None where both are."""
    from datetime import UTC, datetime

    from gis_core.errors import InvalidParameterError
    from gis_core.time import Window, parse_instant

    if start is None and end is None:
        return None
    begin = datetime(1970, 1, 1, tzinfo=UTC) if start is None else parse_instant(start, "--from")
    until = datetime(9999, 1, 1, tzinfo=UTC) if end is None else parse_instant(end, "--to")
    if until <= begin:
        raise InvalidParameterError("--to", "the time lies before --from.")
    return Window(begin, until)
