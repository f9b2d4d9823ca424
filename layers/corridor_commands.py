"""``huegis corridors``: the traffic of a corridor, and what it is known from."""

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
    from sqlalchemy import Connection

    from layers.corridor_choice import Chosen, LonLat

HEADINGS: Mapping[str, Text] = MappingProxyType(
    {
        "segment_code": Text("Mã đoạn đường", "Segment code"),
        "class_name": Text("Loại xe", "Class"),
        "segment_name": Text("Tên đường", "Road name"),
        "hour_at": Text("Giờ từ (giờ Việt Nam)", "Hour from (Vietnam time)"),
        "length_m": Text("Chiều dài đoạn (m)", "Segment length (m)"),
        "lanes": Text("Số làn", "Lanes"),
        "observed_part": Text("Phần có số liệu", "Part with data"),
        "hours_observed": Text("Số giờ có số liệu", "Hours observed"),
        "cameras": Text("Camera", "Cameras"),
        "vehicles": Text("Xe trong các khung hình", "Vehicles in all frames"),
        "pcu": Text("Xe quy đổi trong các khung hình", "PCU in all frames"),
        "frames": Text("Số khung hình", "Frames"),
        "frames_basis": Text("Cơ sở khung hình", "Basis of frames"),
        "seen_part": Text("Phần nhìn thấy", "Part seen"),
        "seen_length_m": Text("Chiều dài nhìn thấy (m)", "Length seen (m)"),
        "veh_km": Text("Xe/km", "Vehicles/km"),
        "veh_km_sigma": Text("± xe/km", "± vehicles/km"),
        "pcu_km": Text("Xe quy đổi/km", "PCU/km"),
        "pcu_km_sigma": Text("± xe quy đổi/km", "± PCU/km"),
        "pcu_km_lane": Text("Xe quy đổi/km/làn", "PCU/km/lane"),
        "flow_veh_h": Text("Lưu lượng (xe/giờ)", "Flow (vehicles/h)"),
        "speed_kmh": Text("Tốc độ (km/giờ)", "Speed (km/h)"),
        "edie_veh_km": Text("Xe/km theo vết xe (Edie)", "Vehicles/km by tracks (Edie)"),
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
    "seen_part",
    "cameras",
    "frames",
    "veh_km",
    "veh_km_sigma",
    "pcu_km",
    "pcu_km_sigma",
    "pcu_km_lane",
    "level",
    "flow_veh_h",
    "speed_kmh",
    "frames_basis",
)
_BY_TRACKS = ("flow_veh_h", "speed_kmh")
"""Shown where any hour has them: most cameras give frames and no tracks."""
_DIGITS = {
    "length_m": 1, "observed_part": 2, "seen_part": 3, "hours_observed": 0, "veh_km_sigma": 1,
    "pcu_km_sigma": 1, "flow_veh_h": 0, "speed_kmh": 1, "edie_veh_km": 1,
    "vehicles": 0, "pcu": 1, "frames": 0, "seen_length_m": 1,
    "veh_km": 1, "pcu_km": 1, "pcu_km_lane": 2,
}  # fmt: skip
_WIDTH_WITHOUT_TERMINAL = 280


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
@click.argument("name", required=False)
@click.option(
    "--line",
    metavar="LINE",
    help="In place of NAME the roads along a line: a GeoJSON or WKT file, or 'lon,lat lon,lat ...'.",
)
@click.option(
    "--within",
    "within_m",
    type=click.FloatRange(min=0, min_open=True),
    help="Roads may lie so many metres off --line; 20 by default.",
)
@click.option(
    "--from",
    "starts",
    metavar="TIME|LON,LAT",
    multiple=True,
    help="A time: from then on, by default the last day counted. "
    "A place: in place of NAME the shortest route from there. May be given for both.",
)
@click.option("--to", "ends", metavar="TIME|LON,LAT", multiple=True, help="Up to then; or the route's end.")
@click.option(
    "--bin", "bin_text", default="1h", show_default=True, help="Hours that fit into a day, or days."
)
@click.option("--units", metavar="TABLE", help="Table of passenger-car units; traffic.units by default.")
@click.option("--by-class", is_flag=True, help="Write the CSV by segment and class.")
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every segment and hour to this file.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def density(
    *,
    name: str | None,
    line: str | None,
    within_m: float | None,
    starts: tuple[str, ...],
    ends: tuple[str, ...],
    bin_text: str,
    units: str | None,
    by_class: bool,
    file: Path | None,
    overwrite: bool,
) -> None:
    """Show vehicles per km on a corridor hour by hour, in local time (Asia/Ho_Chi_Minh).

    The corridor is NAME ('huegis corridors list'), the roads along a --line, or the shortest
    route --from a place --to another.
    """
    from gis_core.config import get_settings
    from gis_core.db import reading
    from gis_core.errors import GisError
    from gis_core.time import parse_duration, window_between
    from layers.corridor_totals import by_class as classes_of
    from layers.corridor_totals import in_bins, whole_bins, whole_corridor
    from layers.corridors import hourly_density, hours_not_enriched, last_day
    from layers.passenger_cars import chosen_units
    from layers.tracks import with_tracks

    if by_class and file is None:
        raise click.UsageError("--by-class needs --csv, the file to write.")
    if file is not None and file.exists() and not overwrite:
        raise GisError(f"{file} is there already; --overwrite replaces it.")
    table = chosen_units(get_settings(), units)
    length = parse_duration(bin_text, "bin")
    start, origin = _time_and_place(starts, "--from")
    end, goal = _time_and_place(ends, "--to")
    with reading() as connection:
        corridor = _choose(connection, name, line, within_m, (origin, goal))
        window = whole_bins(window_between(start, end, last_day(connection)), length)
        binned = in_bins(hourly_density(connection, corridor, window, table), length)
        binned = with_tracks(connection, binned, length)
        classes = classes_of(connection, corridor, binned, length, table) if by_class else None
        waiting = hours_not_enriched(connection, window)
    if name is None:
        segments = corridor.segments
        click.echo(
            f"{len(segments)} đoạn / segments, {segments['length_m'].sum() / 1000:.2f} km: "
            f"{', '.join(dict.fromkeys(segments['segment_name'].dropna()))}"
        )
    _print(whole_corridor(binned))
    if binned["simulated"].any():
        click.echo("Dữ liệu mô phỏng, không phải quan trắc thật. / Simulated data, not observed.")
    if waiting:
        click.echo(
            f"{waiting:,} giờ chờ / hours wait for 'huegis detections enrich'; "
            "chưa được tính / they are not counted."
        )
    if file is not None:
        rows = binned if classes is None else classes
        _write(rows, file)
        click.echo(f"{file}: {len(rows):,} dòng / rows.")


@group.command()
@click.argument("segment")
@click.option("--from", "start", metavar="TIME", help="From then on; the last day counted by default.")
@click.option("--to", "end", metavar="TIME", help="Up to then; the last hour counted by default.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")
def origin(*, segment: str, start: str | None, end: str | None, as_json: bool) -> None:
    """Show which cameras and frames the numbers of road SEGMENT are made of."""
    from gis_core.db import reading
    from gis_core.time import window_between
    from layers.corridors import last_day
    from layers.origins import segment_origin
    from layers.surfaces.origin_commands import show

    with reading() as connection:
        window = window_between(start, end, last_day(connection))
        show(segment_origin(connection, segment, window), as_json=as_json)


@group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--from", "start", metavar="TIME", help="The cameras looked from then on.")
@click.option("--to", "end", metavar="TIME", help="The cameras looked up to then.")
@click.option("--simulated", is_flag=True, help="The tracks are drawn, not observed.")
def tracks(*, file: Path, start: str | None, end: str | None, simulated: bool) -> None:
    """Take in the tracks of vehicles from a CSV, for flow and speed.

    Columns: camera_code, track, class_name, seen_at, lon, lat; a row for each position. Without
    --from and --to a camera looked from its first position in FILE to its last. An hour of a
    camera that is given again replaces what was known of it.
    """
    from gis_core.db import writing
    from gis_core.time import parse_instant
    from layers.tracks import load_tracks

    with writing() as connection:
        loaded = load_tracks(
            connection,
            file,
            None if start is None else parse_instant(start, "--from"),
            None if end is None else parse_instant(end, "--to"),
            simulated=simulated,
        )
    click.echo(
        f"{loaded.tracks:,} vết xe / tracks, {loaded.positions:,} vị trí / positions, "
        f"{loaded.off_road:,} ngoài đường / off every road."
    )


def _time_and_place(given: tuple[str, ...], option: str) -> tuple[str | None, LonLat | None]:
    """What an option says: of a time and a place, each at most once."""
    from layers.corridor_choice import read_place

    places = [one for one in given if "," in one]
    times = [one for one in given if "," not in one]
    if len(places) > 1 or len(times) > 1:
        raise click.UsageError(f"{option} takes one time and one place at most.")
    return (times[0] if times else None), (read_place(places[0], option) if places else None)


def _choose(
    connection: Connection,
    name: str | None,
    line: str | None,
    within_m: float | None,
    places: tuple[LonLat | None, LonLat | None],
) -> Chosen:
    from layers.corridor_choice import WITHIN_M, along, between, named, read_line

    start, end = places
    if (start is None) != (end is None):
        raise click.UsageError("A route needs both places, --from and --to.")
    if sum(way is not None for way in (name, line, start)) != 1:
        raise click.UsageError("Say one of NAME, --line, or a route by --from and --to.")
    if within_m is not None and line is None:
        raise click.UsageError("--within is for --line.")
    if line is not None:
        file = Path(line)
        try:
            written = file.read_text(encoding="utf-8") if file.is_file() else line
        except (OSError, ValueError) as error:
            raise click.UsageError(f"{file} cannot be read as a line: {error}.") from error
        return along(connection, read_line(written), within_m or WITHIN_M)
    if start is not None and end is not None:
        return between(connection, start, end)
    return named(connection, name or "")


def _print(hours: pd.DataFrame) -> None:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    shown = [
        name for name in _SHOWN if name in hours and (name not in _BY_TRACKS or hours[name].notna().any())
    ]
    for name in shown:
        table.add_column(HEADINGS[name].both.replace(" / ", "\n"), justify="right")
    for row in _in_words(hours)[shown].itertuples(index=False):
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

    numbers = {
        name: rows[name].round(digits).astype("Float64" if digits else "Int64").astype(object)
        for name, digits in _DIGITS.items()
        if name in rows
    }
    texts = {}
    if "frames_basis" in rows:
        words = rows["frames_basis"].map({name: text.both for name, text in BASES.items()}).astype(object)
        texts["frames_basis"] = words.where(words.notna(), NOT_OBSERVED.both)
    if "level" in rows:
        texts["level"] = rows["level"].astype(object).where(rows["level"].notna(), None)
    hour_at = rows["hour_at"].dt.tz_convert(LOCAL_ZONE).dt.strftime("%Y-%m-%d %H:%M")
    return rows.assign(hour_at=hour_at, **texts, **numbers)
