"""The traffic of a corridor by hour, from what detections were rolled up to and from nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import BigInteger, Connection, cast, func, select

from gis_core.analysis.traffic import HANOI_UNITS, LEVELS, UnitTable, level_of_service
from gis_core.errors import GisError
from gis_core.time import Window
from layers import cameras, road_segments
from layers.corridor_choice import Chosen, named
from layers.corridor_hours import classes_told, densities, hours_told, watching
from layers.frames import read_frame
from layers.rollup import HOUR, whole_hours
from layers.rollup_tables import HourToEnrich, SegmentCount

_CAMERA = cameras.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c


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
    told = hours_told(
        connection,
        watching(connection, segments["segment_code"].tolist()),
        hours,
        units,
        length_m=segments["length_m"].to_numpy(float),
        design_speed_kmh=segments["design_speed_kmh"].to_numpy(float),
    )
    starts = pd.date_range(hours.start, hours.end, freq=HOUR, inclusive="left", unit="us")
    rows = segments.loc[segments.index.repeat(len(starts))].reset_index(drop=True)
    basis = np.select([told.all_reported, told.any_reported], ["reported", "mixed"], "nominal")
    numbers = (
        "cameras", "vehicles", "pcu", "pcu_squared", "frames", "seen_length_m", "simulated", "seen_part",
        "sampled_km",
    )  # fmt: skip
    rows = rows.assign(
        hour_at=np.tile(starts, len(segments)),
        **{name: getattr(told, name).ravel() for name in numbers},
    )
    rows["frames_basis"] = pd.Series(basis.ravel()).where(rows["sampled_km"].notna())
    return with_densities(rows)


def with_densities(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of sums with what follows from them; see ``hourly_density``."""
    sums = (rows[name].to_numpy(float) for name in ("vehicles", "pcu", "pcu_squared", "sampled_km"))
    rows = rows.assign(**densities(*sums)._asdict())
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
    views = watching(connection, corridor.segments["segment_code"].tolist())
    return read_frame(connection, *classes_told(views, whole_hours(window), bin_length))
