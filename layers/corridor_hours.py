"""What cameras told of the segments of a corridor by the hour, as arrays, and the densities that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Executable, Row, bindparam, text

from gis_core.analysis.traffic import UnitTable
from gis_core.time import Window
from gis_core.types import BoolArray, FloatArray, IntArray
from layers import cameras, road_segments, segment_views
from layers.rollup import HOUR
from layers.segment_views import watched_segments

_CAMERA = cameras.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c
_VIEW = segment_views.LAYER.table.c
_SQL = Path(__file__).parent / "sql"
_MOST_CAMERAS = 62
"""Cameras that look at one segment are told apart by the bits of one number."""

_WATCHING = watched_segments(_CAMERA.frame_interval_s, _VIEW.from_fraction, _VIEW.to_fraction).where(
    _SEGMENT.code.in_(bindparam("codes", expanding=True))
)


class View(NamedTuple):
    """A camera that watches a segment of a corridor: ``place`` is the row of that in its segments."""

    camera_code: str
    segment_code: str
    place: int
    nominal_frames: float
    seen_length_m: float
    from_fraction: float | None
    to_fraction: float | None
    mark: int


class Hours(NamedTuple):
    """What was told, each of shape (segments, hours); NaN, 0 and False where nothing was.

    ``vehicles``, ``pcu`` and ``pcu_squared`` (Σ N·u and Σ N·u²) are of all ``frames``; ``seen_part`` is
    the part of the segment that any camera sees; ``sampled_km`` is Σ frames · seen length.
    ``all_reported`` and ``any_reported`` say whether detectors reported the frames they analysed.
    """

    cameras: IntArray
    vehicles: FloatArray
    pcu: FloatArray
    pcu_squared: FloatArray
    frames: FloatArray
    seen_length_m: FloatArray
    seen_part: FloatArray
    sampled_km: FloatArray
    all_reported: BoolArray
    any_reported: BoolArray
    simulated: BoolArray


class Densities(NamedTuple):
    """Vehicles and passenger-car units per km with their standard errors; of one shape, NaN if unknown."""

    veh_km: FloatArray
    veh_km_sigma: FloatArray
    pcu_km: FloatArray
    pcu_km_sigma: FloatArray


def watching(connection: Connection, codes: Sequence[str]) -> list[View]:
    """The cameras that see something of the segments that they are said to watch."""
    found = [row for row in connection.execute(_WATCHING, {"codes": codes}) if row.seen_length_m > 0]
    places = {code: place for place, code in enumerate(codes)}
    met: dict[int, int] = {}
    return [_view(row, places[row.segment_code], met) for row in found]


def hours_told(
    connection: Connection,
    views: Sequence[View],
    hours: Window,
    units: UnitTable,
    *,
    length_m: FloatArray,
    design_speed_kmh: FloatArray,
) -> Hours:
    """What the cameras of a corridor told in each hour.

    Args:
        connection: where to read.
        views: those of ``watching``.
        hours: whole ones.
        units: the passenger-car units of classes.
        length_m: of each segment, shape (segments,).
        design_speed_kmh: likewise, NaN where it is not known.
    """
    classes = sorted({name for _, of_class in units.steps for name in of_class})
    speeds = [None if np.isnan(speed) else speed for speed in design_speed_kmh.tolist()]
    tables = {speed: number for number, speed in enumerate(dict.fromkeys(speeds))}
    values = {
        **_who_sees_what(views),
        "nominal_frames": [view.nominal_frames for view in views],
        "seen_lengths_m": [view.seen_length_m for view in views],
        "tables": [tables[speeds[view.place]] * len(classes) for view in views],
        "marks": [view.mark for view in views],
        "classes": classes,
        "pcu": [units.units(name, speed) for speed in tables for name in classes],
        "first": hours.start,
        "after": hours.end,
    }
    rows = connection.execute(_query("corridor_hours"), values).all()
    seen = _seen_together(views, length_m)
    parts = [seen(row.place, row.marks) for row in rows]
    columns = dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True)) if rows else {}
    shape = len(length_m), round(hours.duration_s / HOUR.total_seconds())
    at = tuple(np.array(columns.get(name, ()), np.int64) for name in ("place", "hour"))

    def placed(values: Sequence[Any], empty: Any) -> Any:
        array = np.full(shape, empty)
        array[at] = values
        return array

    def numbers(name: str) -> FloatArray:
        array: FloatArray = placed(columns.get(name, ()), np.nan)
        return array

    return Hours(
        cameras=placed(columns.get("cameras", ()), 0),
        vehicles=numbers("vehicles"),
        pcu=numbers("pcu"),
        pcu_squared=numbers("pcu_squared"),
        frames=numbers("frames"),
        seen_length_m=numbers("seen_length_m"),
        seen_part=placed(parts, np.nan),
        sampled_km=numbers("sampled_m") / 1000.0,
        all_reported=placed(columns.get("all_reported", ()), False),
        any_reported=placed(columns.get("any_reported", ()), False),
        simulated=placed(columns.get("simulated", ()), False),
    )


def densities(
    vehicles: FloatArray, pcu: FloatArray, pcu_squared: FloatArray, sampled_km: FloatArray
) -> Densities:
    """The densities of sums over frames, by element; see ``layers.corridors.hourly_density``."""
    sampled_km = np.where(sampled_km > 0, sampled_km, np.nan)
    # An empty road is no surer than one with one car in all frames.
    squared = np.where(vehicles > 0, pcu_squared, 1.0)
    return Densities(
        vehicles / sampled_km,
        np.sqrt(np.maximum(vehicles, 1.0)) / sampled_km,
        pcu / sampled_km,
        np.sqrt(squared) / sampled_km,
    )


def classes_told(
    views: Sequence[View], hours: Window, bin_length: timedelta
) -> tuple[Executable, dict[str, Any]]:
    """The query, with its values, for vehicles by ``place``, ``bin`` (its number) and ``class_name``."""
    values = {
        **_who_sees_what(views),
        "bin_s": bin_length.total_seconds(),
        "first": hours.start,
        "after": hours.end,
    }
    return _query("corridor_classes"), values


def _who_sees_what(views: Sequence[View]) -> dict[str, Any]:
    return {
        "cameras": [view.camera_code for view in views],
        "segments": [view.segment_code for view in views],
        "places": [view.place for view in views],
    }


@cache
def _query(name: str) -> Executable:
    return text((_SQL / f"{name}.sql").read_text(encoding="utf-8"))


def _view(row: Row[Any], place: int, met: dict[int, int]) -> View:
    number = met[place] = met.get(place, -1) + 1
    return View(
        row.camera_code, row.segment_code, place, HOUR.total_seconds() / row.frame_interval_s,
        row.seen_length_m, row.from_fraction, row.to_fraction, 1 << min(number, _MOST_CAMERAS),
    )  # fmt: skip


def _seen_together(views: Sequence[View], length_m: FloatArray) -> Callable[[int, int], float]:
    """How much of a segment some of its cameras see together, as a function of place and their marks.

    What a computed view sees lies between two fractions; of a flat cone only the length is known,
    which is taken as seen by nobody else. So it is never more than the sum of all.
    """
    lengths_m = length_m.tolist()
    of_place: dict[int, list[View]] = {}
    for view in views:
        of_place.setdefault(view.place, []).append(view)

    @cache
    def seen(place: int, marks: int) -> float:
        return _union([view for view in of_place[place] if view.mark & marks], lengths_m[place])

    return seen


def _union(views: list[View], length_m: float) -> float:
    total = covered = sum(view.seen_length_m for view in views)
    if all(view.from_fraction is not None and view.to_fraction is not None for view in views):
        covered, reached = 0.0, 0.0
        for begin, end in sorted((view.from_fraction, view.to_fraction) for view in views):
            covered += max(0.0, end - max(begin, reached)) * length_m  # type: ignore[operator, type-var]
            reached = max(reached, end)  # type: ignore[type-var, assignment]
    return min(1.0, min(total, covered) / length_m)
