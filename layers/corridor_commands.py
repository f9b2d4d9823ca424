"""``huegis corridors``: the traffic of a corridor by the hour."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from gis_core.files import replacing
from gis_core.types import Text

if TYPE_CHECKING:
    import pandas as pd

HEADINGS: Mapping[str, Text] = MappingProxyType(
    {
        "segment_code": Text("Mã đoạn đường", "Segment code"),
        "segment_name": Text("Tên đường", "Road name"),
        "hour_at": Text("Giờ từ (giờ Việt Nam)", "Hour from (Vietnam time)"),
        "length_m": Text("Chiều dài đoạn (m)", "Segment length (m)"),
        "lanes": Text("Số làn", "Lanes"),
        "observed_part": Text("Phần được quan sát", "Part observed"),
        "cameras": Text("Camera", "Cameras"),
        "vehicles": Text("Xe trong các khung hình", "Vehicles in all frames"),
        "pcu": Text("Xe quy đổi trong các khung hình", "PCU in all frames"),
        "frames": Text("Số khung hình", "Frames"),
        "frames_basis": Text("Cơ sở khung hình", "Basis of frames"),
        "seen_length_m": Text("Chiều dài nhìn thấy (m)", "Length seen (m)"),
        "veh_km": Text("Xe/km", "Vehicles/km"),
        "pcu_km": Text("Xe quy đổi/km", "PCU/km"),
        "pcu_km_lane": Text("Xe quy đổi/km/làn", "PCU/km/lane"),
        "level": Text("Mức phục vụ", "Level of service"),
        "simulated": Text("Mô phỏng", "Simulated"),
    }
)
BASES: Mapping[str, Text] = MappingProxyType(
    {
        "reported": Text("báo cáo", "reported"),
        "nominal": Text("danh định", "nominal"),
        "mixed": Text("cả hai", "mixed"),
    }
)
NOT_OBSERVED = Text("không quan sát", "not observed")
_SHOWN = (
    "hour_at",
    "observed_part",
    "cameras",
    "frames",
    "veh_km",
    "pcu_km",
    "pcu_km_lane",
    "level",
    "frames_basis",
)
_DIGITS = {
    "length_m": 1, "observed_part": 2, "vehicles": 0, "pcu": 1, "frames": 0, "seen_length_m": 1,
    "veh_km": 1, "pcu_km": 1, "pcu_km_lane": 2,
}  # fmt: skip
_WIDTH_WITHOUT_TERMINAL = 200


@click.group("corridors")
def group() -> None:
    """Show the corridors and how dense the traffic on them is, hour by hour."""


@group.command("list")
def list_() -> None:
    """Show every corridor with its length and how many cameras watch it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from gis_core.db import reading
    from layers.corridors import corridors

    table = Table("hành lang / corridor", box=None, pad_edge=False)
    for title in ("đoạn / segments", "dài / length (km)", "camera"):
        table.add_column(title, justify="right")
    with reading() as connection:
        for one in corridors(connection):
            table.add_row(escape(one.name), str(one.segments), f"{one.length_m / 1000:.1f}", str(one.cameras))
    Console(highlight=False).print(table)


@group.command()
@click.argument("name")
@click.option("--from", "start", metavar="TIME", help="From then on; the last day counted by default.")
@click.option("--to", "end", metavar="TIME", help="Up to then; the last hour counted by default.")
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every segment and hour to this file.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def density(*, name: str, start: str | None, end: str | None, file: Path | None, overwrite: bool) -> None:
    """Show vehicles per km on corridor NAME hour by hour, in local time (Asia/Ho_Chi_Minh)."""
    from gis_core.db import reading
    from gis_core.errors import GisError
    from gis_core.time import window_between
    from layers.corridors import hourly_density, hours_not_enriched, last_day, whole_corridor

    if file is not None and file.exists() and not overwrite:
        raise GisError(f"{file} is there already; --overwrite replaces it.")
    with reading() as connection:
        window = window_between(start, end, last_day(connection))
        hourly = hourly_density(connection, name, window)
        waiting = hours_not_enriched(connection, window)
    _print(whole_corridor(hourly))
    if hourly["simulated"].any():
        click.echo("Dữ liệu mô phỏng, không phải quan trắc thật. / Simulated data, not observed.")
    if waiting:
        click.echo(
            f"{waiting:,} giờ chờ / hours wait for 'huegis detections enrich'; "
            "chưa được tính / they are not counted."
        )
    if file is not None:
        _write(hourly, file)
        click.echo(f"{file}: {len(hourly):,} dòng / rows.")


def _print(hours: pd.DataFrame) -> None:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in _SHOWN:
        table.add_column(HEADINGS[name].both.replace(" / ", "\n"), justify="right")
    for row in _in_words(hours)[[*_SHOWN]].itertuples(index=False):
        table.add_row(*("–" if pd.isna(value) else str(value) for value in row))
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)).print(table)


def _write(hourly: pd.DataFrame, file: Path) -> None:
    columns = [name for name in HEADINGS if name in hourly]
    shown = _in_words(hourly)[columns].rename(columns={name: HEADINGS[name].both for name in columns})
    with replacing(file) as written:
        # Excel takes a CSV for UTF-8 only where a byte order mark says so.
        shown.to_csv(written, index=False, encoding="utf-8-sig")


def _in_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as people read them: local time, rounded numbers, and in words what is not observed."""
    from gis_core.time import LOCAL_ZONE

    words = rows["frames_basis"].map({name: text.both for name, text in BASES.items()}).astype(object)
    numbers = {
        name: rows[name].round(digits).astype("Float64" if digits else "Int64").astype(object)
        for name, digits in _DIGITS.items()
        if name in rows
    }
    return rows.assign(
        hour_at=rows["hour_at"].dt.tz_convert(LOCAL_ZONE).dt.strftime("%Y-%m-%d %H:%M"),
        frames_basis=words.where(words.notna(), NOT_OBSERVED.both),
        level=rows["level"].astype(object).where(rows["level"].notna(), None),
        **numbers,
    )
