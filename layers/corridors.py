"""The traffic of a corridor by hour, from what detections were rolled up to and from nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, Select, cast, func, select, text

from gis_core.analysis.traffic import (
    LEVELS,
    PASSENGER_CAR_UNITS,
    level_of_service,
)
from gis_core.errors import GisError, InvalidParameterError, quoted
from gis_core.time import Window
from layers import cameras, road_segments
from layers.frames import read_frame
from layers.rollup import HOUR, whole_hours
from layers.rollup_tables import HourToEnrich, SegmentCount
from layers.segment_views import watched_segments

_CAMERA = cameras.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c
_SQL = Path(__file__).parent / "sql" / "corridor_hours.sql"


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


def hourly_density(connection: Connection, corridor: str, window: Window) -> pd.DataFrame:
    """The traffic of a corridor by segment and hour.

    A camera tells of the segment that it is said to watch, by what it saw on that very segment.
    Where its detector reported the frames it analysed, those are the denominator (``reported``).
    Else its frame interval says how many there must have been in an hour in which it saw anything
    at all (``nominal``; ``mixed`` over cameras of both kinds). An hour without either is not
    observed: it has no density, and never a zero. Hours that wait for enrichment are not either.

    Args:
        connection: where to read.
        corridor: its name in layer ``road_segments``.
        window: widened to whole hours.

    Returns:
        One row per segment and hour, sorted by both: ``segment_code``, ``segment_name``,
        ``length_m``, ``lanes``, ``hour_at`` (aware UTC); of the cameras that tell: ``cameras``,
        ``vehicles`` and ``pcu`` (passenger-car units) in all frames, ``frames``,
        ``seen_length_m``, ``frames_basis``, ``simulated`` (any of it); and ``veh_km``,
        ``pcu_km``, ``pcu_km_lane`` and the level of service ``level``, missing like
        ``frames_basis`` where not observed.

    Raises:
        InvalidParameterError: there is no such corridor.
    """
    hours = whole_hours(window)
    segments = _segments(connection, corridor)
    if segments.empty:
        raise InvalidParameterError(
            "corridor", f"there is no {quoted(corridor)}; see 'huegis corridors list'."
        )
    starts = pd.date_range(hours.start, hours.end, freq=HOUR, inclusive="left", unit="us")
    rows = segments.loc[segments.index.repeat(len(starts))].reset_index(drop=True)
    rows["hour_at"] = np.tile(starts, len(segments))
    told = _told(connection, segments, hours)
    rows = rows.join(
        told.set_index(told["place"] * len(starts) + told["hour"]).drop(columns=["place", "hour"])
    )
    sampled_km = rows.pop("sampled_m") / 1000.0
    every, some = rows.pop("all_reported").eq(True), rows.pop("any_reported").eq(True)
    rows = rows.assign(
        cameras=rows["cameras"].fillna(0).astype(int),
        simulated=rows["simulated"].eq(True),
        frames_basis=pd.Series(np.select([every, some], ["reported", "mixed"], "nominal")).where(
            sampled_km.notna()
        ),
        veh_km=rows["vehicles"] / sampled_km,
        pcu_km=rows["pcu"] / sampled_km,
    )
    return _with_level(rows, rows["pcu_km"] / rows["lanes"].astype(float))


def whole_corridor(hourly: pd.DataFrame) -> pd.DataFrame:
    """The traffic of all observed segments of a corridor together, by hour.

    Each segment counts by its length, however much of it a camera sees: the density is that of
    the vehicles on the observed segments by their length, and per lane by the length of lanes.

    Args:
        hourly: rows of ``hourly_density``.

    Returns:
        One row per hour with the columns of ``hourly`` but those of a segment, and
        ``observed_part``: the part of the corridor's length that is observed.
    """
    length_m = hourly["length_m"].where(hourly["veh_km"].notna(), 0.0)
    lanes = hourly["lanes"].astype(float)
    weighted = hourly[
        ["hour_at", "length_m", "cameras", "vehicles", "pcu", "frames", "seen_length_m"]
    ].assign(
        observed_m=length_m,
        lane_m=length_m * lanes.fillna(0.0),
        veh=hourly["veh_km"] * length_m,
        cars=hourly["pcu_km"] * length_m,
        cars_on_lanes=hourly["pcu_km"] * length_m.where(lanes.notna()),
    )
    hours = weighted.groupby("hour_at").sum(min_count=1)
    told = hourly.groupby("hour_at")
    bases = told["frames_basis"]
    rows = pd.DataFrame(
        {
            "observed_part": hours["observed_m"] / hours["length_m"],
            "cameras": hours["cameras"].astype(int),
            **{name: hours[name] for name in ("vehicles", "pcu", "frames", "seen_length_m")},
            "frames_basis": bases.first().where(bases.nunique() <= 1, "mixed"),
            "simulated": told["simulated"].any(),
            "veh_km": hours["veh"] / hours["observed_m"].where(hours["observed_m"] > 0),
            "pcu_km": hours["cars"] / hours["observed_m"].where(hours["observed_m"] > 0),
        }
    )
    per_lane = hours["cars_on_lanes"] / hours["lane_m"].where(hours["lane_m"] > 0)
    return _with_level(rows, per_lane).reset_index()


def _segments(connection: Connection, corridor: str) -> pd.DataFrame:
    query = (
        select(
            _SEGMENT.code.label("segment_code"),
            _SEGMENT.name.label("segment_name"),
            _SEGMENT.length_m,
            _SEGMENT.lanes,
        )
        .where(_SEGMENT.corridor == corridor)
        .order_by(_SEGMENT.code)
    )
    return read_frame(connection, query)


def _told(connection: Connection, segments: pd.DataFrame, hours: Window) -> pd.DataFrame:
    """Cameras of one segment (``place`` is its row) and one hour (counted from 0) together."""
    codes = segments["segment_code"].tolist()
    views = [view for view in connection.execute(_views_of(codes)) if view.seen_length_m > 0]
    values = {
        "cameras": [view.camera_code for view in views],
        "segments": [view.segment_code for view in views],
        "places": [codes.index(view.segment_code) for view in views],
        "nominal_frames": [HOUR.total_seconds() / view.frame_interval_s for view in views],
        "seen_lengths_m": [view.seen_length_m for view in views],
        "classes": [*PASSENGER_CAR_UNITS],
        "pcu": [*PASSENGER_CAR_UNITS.values()],
        "first": hours.start,
        "after": hours.end,
    }
    return read_frame(connection, text(_SQL.read_text(encoding="utf-8")), values)


def _views_of(segment_codes: list[str]) -> Select[Any]:
    return watched_segments(_CAMERA.frame_interval_s).where(_SEGMENT.code.in_(segment_codes))


def _with_level(rows: pd.DataFrame, pcu_km_lane: pd.Series) -> pd.DataFrame:
    level = level_of_service(pcu_km_lane.to_numpy(float))
    return rows.assign(
        pcu_km_lane=pcu_km_lane,
        level=pd.array([None if one < 0 else LEVELS[one] for one in level], dtype="str"),
    )
