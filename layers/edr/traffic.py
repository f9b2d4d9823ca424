"""The traffic of road segments by the hour, from what detections were rolled up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, func, select

from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric
from gis_core.time import Window
from gis_core.types import FloatArray, Text
from layers import road_segments
from layers.corridor_totals import whole_corridor
from layers.corridors import class_counts, hourly_density, last_day
from layers.edr.base import Coverage, Ends, PointSeries, Question, Source, Trajectory
from layers.edr.traffic_parameters import BY_TRACKS, LEVEL, LEVEL_NUMBERS, OF_CLASS, PARAMETERS
from layers.edr.traffic_roads import Roads, corridor_locations, middle, named_roads, roads_of
from layers.passenger_cars import chosen_units
from layers.rollup import HOUR, whole_hours
from layers.rollup_tables import SegmentCount
from layers.tracks import with_tracks


def ends(connection: Connection) -> Ends:
    """The first and the last hour in which a vehicle was counted."""
    hour = SegmentCount.hour_at
    first, last = connection.execute(
        select(func.min(hour), func.max(hour)).where(SegmentCount.subject == "vehicle")
    ).one()
    return None if first is None else (first, last)


def answer(connection: Connection, question: Question) -> list[Coverage]:
    """The traffic of the segments that are meant, one series each.

    A corridor is told as a whole first and by its segments then; along a trajectory each
    segment is told at the hour in which it is passed.

    Raises:
        InvalidParameterError: no road lies along the line, or the answer would be too large.
    """
    roads = roads_of(connection, question)
    window = _window(connection, question)
    if window is None or not roads.lines:
        return []
    rows = _hourly(connection, roads, window, question)
    if question.query == "trajectory":
        return _passed(rows, roads, window, question)
    whole = [_whole(rows, roads, window, question, "corridor")] if question.query == "corridor" else []
    return [*whole, *_by_segment(rows, roads, window, question)]


def location(connection: Connection, name: str, question: Question) -> list[Coverage] | None:
    """The traffic of a whole corridor, or of one segment by its code; None where there is neither."""
    roads = named_roads(connection, name)
    if roads is None:
        return None
    window = _window(connection, question)
    if window is None:
        return []
    rows = _hourly(connection, roads, window, question)
    if name in set(roads.chosen.segments["segment_code"]):
        return _by_segment(rows, roads, window, question)
    return [replace(_whole(rows, roads, window, question, name), location=name)]


def _window(connection: Connection, question: Question) -> Window | None:
    """Whole hours of the time asked for, within that of which anything is known."""
    known = ends(connection)
    if known is None:
        return None
    if question.moments_s is not None:
        moments_s = (float(question.moments_s.min()), float(question.moments_s.max()))
        first, last = (datetime.fromtimestamp(one, UTC) for one in moments_s)
    elif question.interval is None:
        return last_day(connection)
    else:
        start, end, end_included = question.interval
        first, last = start or known[0], end or known[1]
        if end is not None and not end_included:
            last -= timedelta(microseconds=1)
    begin, after = whole_hours(Window(known[0], known[1] + HOUR))
    if last < begin or first >= after:
        return None
    return whole_hours(Window(max(first, begin), min(last + timedelta(microseconds=1), after)))


def _hourly(connection: Connection, roads: Roads, window: Window, question: Question) -> pd.DataFrame:
    """Rows of ``hourly_density`` with what is asked for beside it."""
    question.check(len(_times(window)) * len(roads.lines) * len(question.parameters))
    units = chosen_units(get_settings())
    rows = hourly_density(connection, roads.chosen, window, units)
    if any(name in question.parameters for name in BY_TRACKS):
        rows = with_tracks(connection, rows, HOUR)
    wanted = {one: name for name, one in OF_CLASS.items() if name in question.parameters}
    if not wanted:
        return rows
    sampled_km = rows["sampled_km"].to_numpy(float)
    # Where a camera looked and saw none of a class there was none; elsewhere nobody knows.
    empty = np.where(rows["veh_km"].notna(), 0.0, np.nan)
    columns = {name: empty.copy() for name in wanted.values()}
    counts = class_counts(connection, roads.chosen, window, HOUR)
    row_of = (counts["place"] * len(_times(window)) + counts["bin"]).to_numpy(int)
    for name, row, vehicles in zip(counts["class_name"], row_of, counts["vehicles"], strict=True):
        if name in wanted and sampled_km[row] > 0:
            columns[wanted[name]][row] = vehicles / sampled_km[row]
    return rows.assign(**columns)


def _by_segment(rows: pd.DataFrame, roads: Roads, window: Window, question: Question) -> list[Coverage]:
    times, count = _times(window), len(roads.lines)
    columns = {name: _numbers(rows, name).reshape(count, -1) for name in question.parameters}
    simulated = rows["simulated"].to_numpy(bool).reshape(count, -1).any(axis=1)
    segments = roads.chosen.segments
    return [
        Coverage(
            code,
            code if pd.isna(name) else name,
            _at(line, times),
            {parameter: column[number] for parameter, column in columns.items()},
            bool(simulated[number]),
            line,
            location=code,
        )
        for number, (code, name, line) in enumerate(
            zip(segments["segment_code"], segments["segment_name"], roads.lines, strict=True)
        )
    ]


def _whole(rows: pd.DataFrame, roads: Roads, window: Window, question: Question, name: str) -> Coverage:
    total = whole_corridor(rows)
    total = total.assign(
        **{
            one: _mean_by_length(rows, one, len(roads.lines))
            for one in OF_CLASS
            if one in question.parameters
        }
    )
    line = shapely.line_merge(shapely.MultiLineString(list(roads.lines)))
    values = {one: _numbers(total, one) for one in question.parameters}
    simulated = bool(total["simulated"].any())
    return Coverage(name, roads.chosen.name, _at(line, _times(window)), values, simulated, line)


def _passed(rows: pd.DataFrame, roads: Roads, window: Window, question: Question) -> list[Coverage]:
    """The segments along a way: at the hours in which they are passed, or in each hour of the window."""
    times, count = _times(window), len(roads.lines)
    columns = {name: _numbers(rows, name).reshape(count, -1) for name in question.parameters}
    middles = np.array([middle(line) for line in roads.lines])
    lon, lat = shapely.get_x(middles), shapely.get_y(middles)
    simulated, label = bool(rows["simulated"].any()), roads.chosen.name
    if question.moments_s is None:
        return [
            Coverage(
                f"{at:%Y%m%dT%H%MZ}",
                label,
                Trajectory(lon, lat, [at] * count),
                {name: column[:, hour] for name, column in columns.items()},
                simulated,
            )
            for hour, at in enumerate(times)
        ]
    at_s = _moments(question.shape, question.moments_s, middles)
    hour = np.floor((at_s - window.start.timestamp()) / HOUR.total_seconds()).astype(np.int64)
    known = (hour >= 0) & (hour < len(times))
    values = {
        name: np.where(known, column[np.arange(count), np.where(known, hour, 0)], np.nan)
        for name, column in columns.items()
    }
    way = Trajectory(lon, lat, [datetime.fromtimestamp(one, UTC) for one in at_s.tolist()])
    return [Coverage("trajectory", label, way, values, simulated)]


def _moments(line: shapely.LineString, moments_s: FloatArray, places: FloatArray) -> FloatArray:
    """When a way with times comes by some places, by the even speed between its vertices."""

    def metric(degrees: FloatArray) -> FloatArray:
        return np.column_stack(lonlat_to_metric(*degrees.T))

    path = shapely.transform(shapely.force_2d(line), metric)
    gone_m = np.append(0.0, np.cumsum(np.hypot(*np.diff(shapely.get_coordinates(path), axis=0).T)))
    at_m = shapely.line_locate_point(path, shapely.transform(places, metric))
    return np.asarray(np.interp(at_m, gone_m, moments_s))


def _numbers(rows: pd.DataFrame, name: str) -> FloatArray:
    if name == LEVEL:
        return np.array([LEVEL_NUMBERS.get(level, np.nan) for level in rows[name]])
    return np.asarray(rows[name].to_numpy(float))


def _mean_by_length(rows: pd.DataFrame, name: str, segments: int) -> FloatArray:
    """A density of a whole corridor, as ``whole_corridor`` makes it: Σ ℓ·k / Σ ℓ over what is known."""
    density = rows[name].to_numpy(float).reshape(segments, -1)
    length_m = np.where(np.isnan(density), 0.0, rows["length_m"].to_numpy(float).reshape(segments, -1))
    known_m = length_m.sum(axis=0)
    vehicles = (np.nan_to_num(density) * length_m).sum(axis=0)
    means: FloatArray = np.divide(vehicles, known_m, out=np.full(known_m.shape, np.nan), where=known_m > 0)
    return means


def _times(window: Window) -> list[datetime]:
    return [window.start + hour * HOUR for hour in range(int(window.duration_s // HOUR.total_seconds()))]


def _at(line: shapely.Geometry, times: Sequence[datetime]) -> PointSeries:
    point = middle(line)
    return PointSeries(point.x, point.y, times)


SOURCE = Source(
    collection=road_segments.LAYER.name,
    parameters=PARAMETERS,
    queries=("position", "radius", "area", "cube", "trajectory", "corridor"),
    notes=Text(
        "Giao thông theo giờ của các đoạn đường có camera. Hành lang trả lời cho cả hành lang trước, rồi "
        "từng đoạn. Giờ không quan sát để trống. Không nêu thời gian là 24 giờ gần nhất có số liệu.",
        "Traffic by the hour of the road segments that cameras watch. A corridor is told as a whole "
        "first, then by segment. Hours that were not observed are null. Without a time it is the last "
        "24 hours counted.",
    ),
    ends=ends,
    answer=answer,
    locations=corridor_locations,
    location=location,
    items=True,
)
