"""``huegis surfaces origin``: the cameras and frames behind a cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from layers.origins import Origin


@click.command()
@click.argument("name")
@click.option("--at", "place", required=True, metavar="LON,LAT", help="A place in the cell, in degrees.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")
def origin(*, name: str, place: str, as_json: bool) -> None:
    """Show which cameras and frames the cell of surface NAME at a place is made of."""
    from gis_core.config import get_settings
    from gis_core.db import reading
    from layers.corridor_choice import read_place
    from layers.origins import cell_origin
    from layers.registry import SURFACES

    lon, lat = read_place(place, "--at")
    with reading() as connection:
        found = cell_origin(connection, SURFACES[name.replace("_", "-")], lon, lat, get_settings())
    show(found, as_json=as_json)


def show(origin: Origin, *, as_json: bool) -> None:
    """Print an origin for people or for programs."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from gis_core.time import local_text

    if as_json:
        click.echo(json.dumps(origin.as_json(), ensure_ascii=False))
        return
    value = "" if origin.value is None else f": {origin.value:.3g}"
    click.echo(
        f"{origin.subject}{value}, {local_text(origin.window.start)} – {local_text(origin.window.end)}"
    )
    if not origin.hours:
        click.echo("Không camera nào quan sát. / No camera looked.")
        return
    table = Table("camera", "tên / name", "giờ / hour", box=None, pad_edge=False)
    for title in ("khung hình / frames", "cơ sở / basis", "phát hiện / detections"):
        table.add_column(title, justify="right")
    for hour in origin.hours:
        basis = "báo cáo / reported" if hour.reported else "danh định / nominal"
        table.add_row(
            escape(hour.camera_code), escape(hour.camera_name or ""), local_text(hour.hour_at),
            f"{hour.frames:,}", basis, f"{hour.detections:,}",
        )  # fmt: skip
    Console(highlight=False, width=None if Console().is_terminal else 160).print(table)
