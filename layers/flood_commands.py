"""``huegis flood``: alarm levels, what-if scenarios, and past floods simulated again and scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.group("flood")
def flood() -> None:
    """Tell alarm levels, ask what a stage would flood, and replay past floods."""


@flood.command("alarm-level")
@click.option("--gauge", required=True, help="Gauge, such as kim-long or phu-oc.")
@click.option("--stage-m", type=float, required=True, help="Stage above the zero of its staff.")
@click.option("--at", help="Time whose alarm levels hold; by default now.")
def alarm_level(*, gauge: str, stage_m: float, at: str | None) -> None:
    """Print the alarm level 0-3 of a stage, how far above it the stage is, and a bulletin's words."""
    from datetime import UTC, datetime

    from gis_core.time import parse_instant
    from layers.flood_alarms import alarm_report

    instant = datetime.now(UTC) if at is None else parse_instant(at, "--at")
    _print(alarm_report(gauge, stage_m, instant))


def _print(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


@flood.command()
@click.option("--kim-long", "kim_long", type=float, metavar="M", help="Stage of the Hương at Kim Long.")
@click.option("--phu-oc", "phu_oc", type=float, metavar="M", help="Stage of the Bồ at Phú Ốc.")
@click.option(
    "--stage", "stages", multiple=True, metavar="CODE=M", help="Stage of any gauge of river_gauges."
)
@click.option("--rain-mm", type=float, help="Rain of the day, the same everywhere; none by default.")
@click.option("--at", help="Time that it is for; by default now.")
@click.option("--output", type=_DIRECTORY, help="Folder for a GeoTIFF of depth and risk and a GeoPackage.")
def scenario(
    *,
    kim_long: float | None,
    phu_oc: float | None,
    stages: tuple[str, ...],
    rain_mm: float | None,
    at: str | None,
    output: Path | None,
) -> None:
    """Print what a stage would flood: depth, risk, roads cut and for whom, wards touched."""
    from datetime import UTC, datetime

    from gis_core.time import parse_instant
    from layers.flood_scenario import run_scenario

    named = {"kim-long": kim_long, "phu-oc": phu_oc}
    told = {code: stage for code, stage in named.items() if stage is not None}
    told |= dict(_stage(text) for text in stages)
    instant = datetime.now(UTC) if at is None else parse_instant(at, "--at")
    found = run_scenario(told, instant, rain_mm=rain_mm)
    files = [] if output is None else found.write(output)
    _print(found.report() | {"files": [str(file) for file in files]})


@flood.command()
@click.argument("events", nargs=-1, metavar="[EVENT]...")
@click.option(
    "--observed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Polygons that were seen flooded, to score one EVENT against.",
)
@click.option("--output", type=_DIRECTORY, help="Folder for the files of each event, in a folder of its own.")
def replay(*, events: tuple[str, ...], observed: Path | None, output: Path | None) -> None:
    """Simulate past floods again, such as 2025-10-27, and score them against what cameras saw.

    Without EVENT every event of the settings is replayed. The scores go into the layer flood_scores.
    """
    from gis_core.config import get_settings
    from gis_core.errors import InvalidParameterError
    from layers.flood_replay import find_event
    from layers.flood_replay import replay as replayed

    names = events or tuple(get_settings().flood.events)
    for name in names:
        find_event(name)
    if observed is not None and len(names) > 1:
        raise InvalidParameterError("--observed", "a survey belongs to one flood; name the one EVENT.")
    answers = []
    for name in names:
        found, scores = replayed(name, observed)
        files = [] if output is None else found.write(output / name)
        answer: dict[str, Any] = {"event": name, "scores": [_json_ready(row) for row in scores]}
        if not scores:
            answer["scores_note"] = "No flood-spot camera reported water near that time; nothing is scored."
        answers.append(answer | found.report() | {"files": [str(file) for file in files]})
    _print({"events": answers})


def _stage(text: str) -> tuple[str, float]:
    from gis_core.errors import InvalidParameterError, quoted

    code, _, metres = text.partition("=")
    try:
        return code.strip(), float(metres)
    except ValueError:
        raise InvalidParameterError(
            "--stage", f"{quoted(text)} is not CODE=M, such as kim-long=5.0."
        ) from None


def _json_ready(row: dict[str, Any]) -> dict[str, Any]:
    from datetime import datetime

    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
