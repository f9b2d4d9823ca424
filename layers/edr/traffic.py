"""The traffic of road segments by the hour, from what detections were rolled up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, func, select

from gis_core.analysis.edie import edie
from gis_core.analysis.traffic import level_of_service
from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric
from gis_core.time import Window
from gis_core.types import BoolArray, FloatArray, Text
from layers import road_segments
from layers.corridor_choice import Roads
from layers.corridor_hours import Densities, classes_told, densities, hours_told, watching
from layers.corridor_totals import sum_known, together
from layers.corridors import last_day
from layers.edr.base import Coverage, Ends, PointSeries, Question, Source, Trajectory
from layers.edr.traffic_parameters import BY_TRACKS, LEVEL, OF_CLASS, PARAMETERS
from layers.edr.traffic_roads import corridor_locations, middle, named_roads, roads_of
from layers.passenger_cars import chosen_units
from layers.rollup import HOUR, whole_hours
from layers.rollup_tables import SegmentCount
from layers.tracks import track_sums

_ENDS = select(func.min(SegmentCount.hour_at), func.max(SegmentCount.hour_at)).where(
    SegmentCount.subject == "vehicle"
)


def ends(connection: Connection) -> Ends:
    """The first and the last hour in which a vehicle was counted."""
    first, last = connection.execute(_ENDS).one()
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
    told = _told(connection, roads, window, question)
    if question.query == "trajectory":
        return _passed(told, roads, window, question)
    whole = [_whole(told, roads, window, question, "corridor")] if question.query == "corridor" else []
    return [*whole, *_by_segment(told, roads, window)]


def location(connection: Connection, name: str, question: Question) -> list[Coverage] | None:
    """The traffic of a whole corridor, or of one segment by its code; None where there is neither."""
    roads = named_roads(connection, name)
    if roads is None:
        return None
    window = _window(connection, question)
    if window is None:
        return []
    told = _told(connection, roads, window, question)
    if name in set(roads.chosen.segments["segment_code"]):
        return _by_segment(told, roads, window)
    return [replace(_whole(told, roads, window, question, name), location=name)]


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


class _Told(NamedTuple):
    """What is known of segments by the hour, shapes (segments, hours); ``columns`` are those asked for."""

    length_m: FloatArray
    lanes: FloatArray
    densities: Densities
    tracks: FloatArray
    columns: dict[str, FloatArray]
    simulated: BoolArray


def _told(connection: Connection, roads: Roads, window: Window, question: Question) -> _Told:
    """What cameras and tracks tell of the segments."""
    question.check(len(_times(window)) * len(roads.lines) * len(question.parameters))
    segments = roads.chosen.segments
    codes = segments["segment_code"].tolist()
    length_m, lanes, design_speed_kmh = (
        segments[name].to_numpy(float) for name in ("length_m", "lanes", "design_speed_kmh")
    )
    views = watching(connection, codes)
    units = chosen_units(get_settings())
    hours = hours_told(connection, views, window, units, length_m=length_m, design_speed_kmh=design_speed_kmh)
    found = densities(hours.vehicles, hours.pcu, hours.pcu_squared, hours.sampled_km)
    tracks = np.full((3, *found.veh_km.shape), np.nan)
    if any(name in question.parameters for name in BY_TRACKS):
        tracks = track_sums(connection, codes, window)
    known = {**_derived(found, found.pcu_km / lanes[:, None], tracks)}
    wanted = {one: name for name, one in OF_CLASS.items() if name in question.parameters}
    if wanted:
        # Where a camera looked and saw none of a class there was none; elsewhere nobody knows.
        known |= {name: np.where(np.isnan(found.veh_km), np.nan, 0.0) for name in wanted.values()}
        for place, hour, class_name, vehicles in connection.execute(*classes_told(views, window, HOUR)):
            if class_name in wanted and hours.sampled_km[place, hour] > 0:
                known[wanted[class_name]][place, hour] = vehicles / hours.sampled_km[place, hour]
    columns = {name: known[name] for name in question.parameters}
    return _Told(length_m, lanes, found, tracks, columns, hours.simulated)


def _derived(found: Densities, pcu_km_lane: FloatArray, tracks: FloatArray) -> dict[str, FloatArray]:
    """The parameters that follow from densities and from the sums of tracks, of the shape of those."""
    level = level_of_service(pcu_km_lane)
    moving = edie(*tracks)
    return {
        **found._asdict(),
        "pcu_km_lane": pcu_km_lane,
        # Categories are numbered from 1, in the order of the levels.
        LEVEL: np.where(level < 0, np.nan, level + 1.0),
        "flow_veh_h": moving.veh_h,
        "speed_kmh": moving.speed_kmh,
    }


def _by_segment(told: _Told, roads: Roads, window: Window) -> list[Coverage]:
    times = _times(window)
    simulated = np.any(told.simulated, axis=1)
    segments = roads.chosen.segments
    return [
        Coverage(
            code,
            code if pd.isna(name) else name,
            _at(line, times),
            {parameter: column[number] for parameter, column in told.columns.items()},
            bool(simulated[number]),
            line,
            location=code,
        )
        for number, (code, name, line) in enumerate(
            zip(
                segments["segment_code"].tolist(), segments["segment_name"].tolist(), roads.lines, strict=True
            )
        )
    ]


def _whole(told: _Told, roads: Roads, window: Window, question: Question, name: str) -> Coverage:
    whole = together(told.length_m, told.lanes, told.densities)
    tracks = np.stack([sum_known(one) for one in told.tracks])
    known = {
        **_derived(whole.densities, whole.pcu_km_lane, tracks),
        **{one: _mean_by_length(told, one) for one in OF_CLASS if one in told.columns},
    }
    line = shapely.line_merge(shapely.MultiLineString(list(roads.lines)))
    values = {one: known[one] for one in question.parameters}
    simulated = bool(told.simulated.any())
    return Coverage(name, roads.chosen.name, _at(line, _times(window)), values, simulated, line)


def _passed(told: _Told, roads: Roads, window: Window, question: Question) -> list[Coverage]:
    """The segments along a way: at the hours in which they are passed, or in each hour of the window."""
    times, count = _times(window), len(roads.lines)
    columns = told.columns
    middles = np.array([middle(line) for line in roads.lines])
    lon, lat = shapely.get_x(middles), shapely.get_y(middles)
    simulated, label = bool(told.simulated.any()), roads.chosen.name
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


def _mean_by_length(told: _Told, name: str) -> FloatArray:
    """A density of a whole corridor, as ``together`` makes it: Σ ℓ·k / Σ ℓ over what is known."""
    density = told.columns[name]
    length_m = np.where(np.isnan(density), 0.0, told.length_m[:, None])
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
