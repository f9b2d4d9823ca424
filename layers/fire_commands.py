"""``huegis fire``: where smoke stands, what burns, how likely it is a forest fire, and the day's danger."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from rich.table import Table

_WIDTH_WITHOUT_TERMINAL = 200


@click.group("fire")
def group() -> None:
    """Fix smoke, gather detections into events, tell fires from straw, and show the day's danger."""


@group.command()
@click.argument("bearings", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--pixels",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Satellite pixels that may show the same fire: a FIRMS CSV file with few rows.",
)
@click.option("--range-km", type=click.FloatRange(min=0.1, max=200), help="How far a bearing reaches.")
@click.option("--no-terrain", is_flag=True, help="Let no ridge hide anything.")
def fix(bearings: Path, pixels: Path | None, range_km: float | None, no_terrain: bool) -> None:
    """Print as JSON where the smoke of BEARINGS stands, and how sure of it.

    BEARINGS is a CSV file with the columns lon, lat, azimuth_deg (from true north), sigma_deg, and
    optionally id and height_m (of the lens above the ground).
    """
    import json

    from gis_core.config import get_settings
    from layers.fire_bearings import read_bearings, read_pixels
    from layers.fire_fix import as_json, fix_smoke
    from layers.georeferencing import terrain_of

    settings = get_settings()
    chosen = settings.fire.fix
    if range_km is not None:
        chosen = chosen.model_copy(update={"range_km": range_km})
    taken = read_bearings(bearings, chosen.lens_height_m)
    heat = None if pixels is None else read_pixels(pixels)
    terrain = None if no_terrain else terrain_of(settings)
    fixed = fix_smoke(taken, heat, terrain, chosen)
    click.echo(json.dumps(as_json(fixed, taken, heat), ensure_ascii=False, indent=2))


@group.command()
@click.option(
    "--hours", type=click.FloatRange(min=0.1, max=24 * 366 * 50), help="Back from the latest detection."
)
@click.option("--json", "as_json", is_flag=True, help="Print the events as GeoJSON.")
def events(*, hours: float | None, as_json: bool) -> None:
    """Gather detections of fire into events, and list them: the latest first."""
    from datetime import timedelta

    from gis_core.config import get_settings
    from gis_core.db import writing
    from gis_core.time import parse_duration
    from layers.fire_building import rebuild
    from layers.fire_tracking import latest_window, read_events

    settings = get_settings()
    length = parse_duration(settings.fire.events.window) if hours is None else timedelta(hours=hours)
    with writing() as connection:
        window = latest_window(connection, length)
        if window is None:
            click.echo("Chưa có phát hiện cháy nào. / No fire has been detected yet.")
            return
        built = rebuild(connection, settings, window)
        found = read_events(connection, window)
    if as_json:
        click.echo(found.to_json(drop_id=True, default=str))
        return
    _print_events(found)
    click.echo(
        f"{len(found)} đám cháy / events: {built.new} mới / new, {built.continued} tiếp tục / went on, "
        f"{built.merged} nhập / merged."
    )
    _say_simulated(bool(found["simulated"].any()))


@group.command("calibrate")
def calibrate_() -> None:
    """Learn from verified and refuted events how likely the others are forest fires."""
    from gis_core.config import get_settings
    from gis_core.db import writing
    from layers.fire_calibration import calibrate, calibration_file, tell_probabilities

    settings = get_settings()
    with writing() as connection:
        done = calibrate(connection, settings)
        told = tell_probabilities(connection, settings)
    click.echo(
        f"{done['verified']} đã xác minh / verified, {done['refuted']} không phải cháy / refuted; "
        f"Brier {done['brier']:.3f} ({done['brier_of_share']:.3f} nếu luôn nói tỷ lệ chung / for always "
        "saying the share)."
    )
    click.echo(f"Ngưỡng / threshold {done['threshold']:.3f}: {done['guarantee_vi']} / {done['guarantee_en']}")
    click.echo(f"{done['false_alarms_left_out']:.0%} báo động sai bị loại / of false alarms are left out.")
    for one in done["reliability"]:
        click.echo(f"  {one['said']:.2f} → {one['came_true']:.2f}  ({one['events']})")
    click.echo(f"{told} đám cháy có xác suất / events have a probability; {calibration_file(settings)}")
    _say_simulated(done["simulated"])


@group.command()
@click.option("--at", help="Time that the danger is for; the latest weather by default.")
def danger(at: str | None) -> None:
    """Compute the danger of each forest zone, levels I to V, and show it."""
    from rich.markup import escape
    from rich.table import Table

    from gis_core.config import get_settings
    from gis_core.db import writing
    from gis_core.time import local_text, parse_instant
    from layers.fire_weather import build_danger, danger_window

    settings = get_settings().fire.danger
    instant = None if at is None else parse_instant(at)
    with writing() as connection:
        zones = build_danger(connection, danger_window(connection, instant, settings), settings)
    if zones.empty:
        click.echo("Chưa có khu rừng nào. / There are no forest zones.")
        return
    table = Table("khu rừng / zone", box=None, pad_edge=False)
    for title in ("cấp / level", "P", "FWI", "ngày khô / dry days", "t 13 h (°C)", "d 13 h (hPa)"):
        table.add_column(title, justify="right")
    for row in zones.itertuples():
        table.add_row(
            escape(row.name), row.level or "–", _figure(row.nesterov_index, ",.0f"), _figure(row.fwi, ".1f"),
            f"{row.dry_days}{'' if row.since_rain else '+'}", _figure(row.temperature_c, ".1f"),
            _figure(row.saturation_deficit_hpa, ".1f"),
        )  # fmt: skip
    click.echo(local_text(zones["valid_at"].iloc[0]))
    _print(table)
    if not zones["since_rain"].all():
        click.echo(
            "+: chuỗi số liệu bắt đầu giữa đợt khô, P là giới hạn dưới. / "
            "The record begins in a dry spell; P is a lower bound."
        )
    _say_simulated(bool(zones["simulated"].any()))


def _say_simulated(simulated: bool) -> None:
    if simulated:
        click.echo("Dữ liệu mô phỏng, không phải quan trắc thật. / Simulated data, not observed.")


def _print_events(found: GeoDataFrame) -> None:
    import pandas as pd
    from rich.markup import escape
    from rich.table import Table

    from gis_core.time import local_text

    table = Table(box=None, pad_edge=False)
    for title in (
        "đám cháy\nevent", "trạng thái\nstatus", "từ\nsince", "gần nhất\nlast seen",
        "phát hiện\nseen", "nguồn\nsources", "ha", "ha/h", "xác suất\nprobability",
    ):  # fmt: skip
        table.add_column(title)
    for row in found.itertuples():
        table.add_row(
            escape(row.code), row.status, local_text(row.started_at), local_text(row.last_seen_at),
            str(row.detection_count), escape(", ".join(row.sources)), f"{row.area_ha:.1f}",
            "–" if pd.isna(row.growth_ha_per_h) else f"{row.growth_ha_per_h:.2f}",
            "–" if pd.isna(row.fire_probability) else f"{row.fire_probability:.0%}",
        )  # fmt: skip
    _print(table)


def _figure(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _print(table: Table) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)).print(table)
