"""The traffic of a corridor by hour, from what detections were rolled up to and from nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, Row, cast, func, select, text

from gis_core.analysis.traffic import HANOI_UNITS, LEVELS, UnitTable, level_of_service
from gis_core.errors import GisError
from gis_core.time import Window
from layers import cameras, road_segments, segment_views
from layers.corridor_choice import Chosen, named
from layers.frames import read_frame
from layers.rollup import HOUR, whole_hours
from layers.rollup_tables import HourToEnrich, SegmentCount
from layers.segment_views import watched_segments

_CAMERA = cameras.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c
_VIEW = segment_views.LAYER.table.c
_SQL = Path(__file__).parent / "sql"
_MOST_CAMERAS = 62
"""Cameras that look at one segment are told apart by the bits of one number."""


class Corridor(NamedTuple):
    """A chain of segments under one name, and how many cameras watch one of them."""

    name: str
    segments: int
    length_m: float
    cameras: int


def corridors(connection: Connection) -> list[Corridor]:
    """Every corridor, by name."""
    watching = (
        select(_CAMERA.road_segment_code, func.count().label("cameras"))
        .group_by(_CAMERA.road_segment_code)
        .subquery()
    )
    query = (
        select(
            _SEGMENT.corridor,
            func.count(),
            func.sum(_SEGMENT.length_m),
            cast(func.coalesce(func.sum(watching.c.cameras), 0), BigInteger),
        )
        .join_from(
            road_segments.LAYER.table, watching, watching.c.road_segment_code == _SEGMENT.code, isouter=True
        )
        .where(_SEGMENT.corridor.is_not(None))
        .group_by(_SEGMENT.corridor)
        .order_by(_SEGMENT.corridor)
    )
    return [Corridor(*row) for row in connection.execute(query)]


def last_day(connection: Connection) -> Window:
    """The 24 hours up to the end of the last one in which a vehicle was counted.

    Raises:
        GisError: none ever was.
    """
    latest: datetime | None = connection.execute(
        select(func.max(SegmentCount.hour_at)).where(SegmentCount.subject == "vehicle")
    ).scalar()
    if latest is None:
        raise GisError("No camera has counted a vehicle yet.")
    return Window(latest + HOUR - timedelta(days=1), latest + HOUR)


def hours_not_enriched(connection: Connection, window: Window) -> int:
    """Hours of a window whose detections wait for ``huegis detections enrich``."""
    hours = whole_hours(window)
    return connection.execute(
        select(func.count()).where(HourToEnrich.hour_at >= hours.start, HourToEnrich.hour_at < hours.end)
    ).scalar_one()


def hourly_density(
    connection: Connection, corridor: str | Chosen, window: Window, units: UnitTable = HANOI_UNITS
) -> pd.DataFrame:
    """The traffic of a corridor by segment and hour.

    A camera tells of the segment that it is said to watch, by what it saw on that very segment.
    Where its detector reported the frames it analysed, those are the denominator (``reported``).
    Else its frame interval says how many there must have been in an hour in which it saw anything
    at all (``nominal``; ``mixed`` over cameras of both kinds). An hour without either is not
    observed: it has no density, and never a zero. Hours that wait for enrichment are not either.

    The density is Edie's, Σ vehicles / Σ (frames · seen length). Its frames are samples: a count
    of N in all of them is taken as one of Poisson's distribution, whose variance is its mean
    (Cameron & Trivedi 2013, section 1.1), so that the standard error of the density is
    √max(N, 1) / Σ (frames · seen length), and that of the PCU √Σ N·u² by the same. It holds for
    frames that see different vehicles; where the same ones stand in many, the error is larger.

    Args:
        connection: where to read.
        corridor: its name in layer ``road_segments``, or its segments.
        window: widened to whole hours.
        units: the passenger-car units of classes.

    Returns:
        One row per segment and hour in the order of both: ``segment_code``, ``segment_name``,
        ``length_m``, ``lanes``, ``design_speed_kmh``, ``hour_at`` (aware UTC); of the cameras that
        tell: ``cameras``, ``vehicles`` and ``pcu`` (passenger-car units) in all frames,
        ``frames``, ``seen_length_m`` (of all of them), ``seen_part`` (the part of the segment that
        any sees), ``sampled_km`` (Σ frames · seen length), ``frames_basis``, ``simulated`` (any of
        it); and ``veh_km``, ``pcu_km`` with their standard errors ``veh_km_sigma`` and
        ``pcu_km_sigma``, ``pcu_km_lane`` and the level of service ``level``, missing like
        ``frames_basis`` where not observed.

    Raises:
        InvalidParameterError: there is no such corridor.
    """
    hours = whole_hours(window)
    segments = (named(connection, corridor) if isinstance(corridor, str) else corridor).segments
    starts = pd.date_range(hours.start, hours.end, freq=HOUR, inclusive="left", unit="us")
    rows = segments.loc[segments.index.repeat(len(starts))].reset_index(drop=True)
    rows["hour_at"] = np.tile(starts, len(segments))
    views = watching(connection, segments)
    told = _told(connection, segments, views, hours, units)
    seen_m = _seen_together(views, segments)
    told["seen_part"] = [
        seen_m(place, marks) for place, marks in zip(told["place"], told.pop("marks"), strict=True)
    ]
    rows = rows.join(
        told.set_index(told["place"] * len(starts) + told["hour"]).drop(columns=["place", "hour"])
    )
    every, some = rows.pop("all_reported").eq(True), rows.pop("any_reported").eq(True)
    rows = rows.assign(
        cameras=rows["cameras"].fillna(0).astype(int),
        sampled_km=rows.pop("sampled_m").astype(float) / 1000.0,
        simulated=rows["simulated"].eq(True),
    )
    basis = pd.Series(np.select([every, some], ["reported", "mixed"], "nominal"))
    return with_densities(rows.assign(frames_basis=basis.where(rows["sampled_km"].notna())))


def with_densities(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of sums with what follows from them; see ``hourly_density``."""
    sampled_km = rows["sampled_km"].where(rows["sampled_km"] > 0)
    rows = rows.assign(
        veh_km=rows["vehicles"] / sampled_km,
        veh_km_sigma=np.sqrt(np.maximum(rows["vehicles"].astype(float), 1.0)) / sampled_km,
        pcu_km=rows["pcu"] / sampled_km,
        # An empty road is no surer than one with one car in all frames.
        pcu_km_sigma=np.sqrt(rows["pcu_squared"].astype(float).where(rows["vehicles"].astype(float) > 0, 1.0))
        / sampled_km,
    )
    return with_level(rows, rows["pcu_km"] / rows["lanes"].astype(float))


def with_level(rows: pd.DataFrame, pcu_km_lane: pd.Series) -> pd.DataFrame:
    """Rows with their density per lane and its level of service."""
    level = level_of_service(pcu_km_lane.to_numpy(float))
    return rows.assign(
        pcu_km_lane=pcu_km_lane,
        level=pd.array([None if one < 0 else LEVELS[one] for one in level], dtype="str"),
    )


def class_counts(
    connection: Connection, corridor: Chosen, window: Window, bin_length: timedelta
) -> pd.DataFrame:
    """Vehicles of each class that the cameras of a corridor counted.

    Returns:
        ``place`` (the row of ``corridor.segments``), ``bin`` (its number from the window's start),
        ``class_name`` in lower case, ``vehicles`` in all frames.
    """
    views = watching(connection, corridor.segments)
    hours = whole_hours(window)
    values = {
        **_who_sees_what(views),
        "bin_s": bin_length.total_seconds(),
        "first": hours.start,
        "after": hours.end,
    }
    return read_frame(connection, _query("corridor_classes"), values)


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


def watching(connection: Connection, segments: pd.DataFrame) -> list[View]:
    """The cameras that see something of the segments that they are said to watch."""
    codes = segments["segment_code"].tolist()
    query = watched_segments(_CAMERA.frame_interval_s, _VIEW.from_fraction, _VIEW.to_fraction)
    found = [
        row for row in connection.execute(query.where(_SEGMENT.code.in_(codes))) if row.seen_length_m > 0
    ]
    places = {code: place for place, code in enumerate(codes)}
    met: dict[int, int] = {}
    return [_view(row, places[row.segment_code], met) for row in found]


def _view(row: Row[Any], place: int, met: dict[int, int]) -> View:
    number = met[place] = met.get(place, -1) + 1
    return View(
        row.camera_code, row.segment_code, place, HOUR.total_seconds() / row.frame_interval_s,
        row.seen_length_m, row.from_fraction, row.to_fraction, 1 << min(number, _MOST_CAMERAS),
    )  # fmt: skip


def _told(
    connection: Connection, segments: pd.DataFrame, views: list[View], hours: Window, units: UnitTable
) -> pd.DataFrame:
    """Cameras of one segment (``place`` is its row) and one hour (counted from 0) together."""
    classes = sorted({name for _, of_class in units.steps for name in of_class})
    speeds = segments["design_speed_kmh"].astype(float).tolist()
    tables = {speed: number for number, speed in enumerate(dict.fromkeys(map(_known, speeds)))}
    values = {
        **_who_sees_what(views),
        "nominal_frames": [view.nominal_frames for view in views],
        "seen_lengths_m": [view.seen_length_m for view in views],
        "tables": [tables[_known(speeds[view.place])] * len(classes) for view in views],
        "marks": [view.mark for view in views],
        "classes": classes,
        "pcu": [units.units(name, speed) for speed in tables for name in classes],
        "first": hours.start,
        "after": hours.end,
    }
    return read_frame(connection, _query("corridor_hours"), values)


def _known(speed_kmh: float) -> float | None:
    return None if np.isnan(speed_kmh) else speed_kmh


def _who_sees_what(views: list[View]) -> dict[str, Any]:
    return {
        "cameras": [view.camera_code for view in views],
        "segments": [view.segment_code for view in views],
        "places": [view.place for view in views],
    }


def _seen_together(views: list[View], segments: pd.DataFrame) -> Any:
    """How much of a segment some of its cameras see together, as a function of place and their marks.

    What a computed view sees lies between two fractions; of a flat cone only the length is known,
    which is taken as seen by nobody else. So it is never more than the sum of all.
    """
    lengths_m = segments["length_m"].tolist()
    of_place: dict[int, list[View]] = {}
    for view in views:
        of_place.setdefault(view.place, []).append(view)
    known: dict[tuple[int, int], float] = {}

    def seen(place: int, marks: int) -> float:
        key = (place, marks)
        if key not in known:
            known[key] = _union([view for view in of_place[place] if view.mark & marks], lengths_m[place])
        return known[key]

    return seen


def _union(views: list[View], length_m: float) -> float:
    total = covered = sum(view.seen_length_m for view in views)
    if all(view.from_fraction is not None and view.to_fraction is not None for view in views):
        covered, reached = 0.0, 0.0
        for begin, end in sorted((view.from_fraction, view.to_fraction) for view in views):
            covered += max(0.0, end - max(begin, reached)) * length_m  # type: ignore[operator, type-var]
            reached = max(reached, end)  # type: ignore[type-var, assignment]
    return min(1.0, min(total, covered) / length_m)


def _query(name: str) -> Any:
    return text((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
