"""What the gauges, the rain stations and the watched spots said, for the map of floods and the portal.

A window here leaves its start out and takes its end in: rain is that of the hour before its instant.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, false, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from gis_core.analysis.alarm import alarm_level
from gis_core.time import Window
from gis_core.types import Text
from layers import detections, flood_spots, observations, rain_stations, river_gauges
from layers.frames import read_frame
from layers.read import read
from maps import texts
from maps.request import Ask
from maps.words import number

DEFAULT_WINDOW = timedelta(hours=24)

_VALUE = observations.LAYER.table.c
_SEEN = detections.LAYER.table.c
_OF_FLOODS = ("rain_1h_mm", "stage_m")
"""What the map of floods is about; other stations may report later than these."""


def flood_window(connection: Connection, ask: Ask) -> Window | None:
    """The window asked for, None where nothing was ever observed and no time was named."""
    end = ask.at or _latest_observation(connection)
    return None if end is None else Window(end - (ask.window or DEFAULT_WINDOW), end)


def read_gauges(connection: Connection, window: Window | None) -> gpd.GeoDataFrame:
    """Every gauge with ``stage_m`` and ``observed_at`` of its last stage of the window, and its ``level``.

    The level is the alarm that the stage has reached, 0 to 3; missing where no stage was
    reported or the gauge has no alarms.
    """
    query = (
        select(_VALUE.station_code.label("code"), _VALUE.value.label("stage_m"), _VALUE.observed_at)
        .where(_VALUE.observed_property == "stage_m", *_within(_VALUE.observed_at, window))
        .ext(distinct_on(_VALUE.station_code))
        .order_by(_VALUE.station_code, _VALUE.observed_at.desc())
    )
    stages = _frame(connection, query, window)
    gauges = read(connection, river_gauges.LAYER).merge(stages, how="left", on="code")
    levels = [_level(row) for row in gauges.itertuples(index=False)]
    return gauges.assign(level=pd.array(levels, dtype="Int64"))


def read_rain(connection: Connection, window: Window | None) -> gpd.GeoDataFrame:
    """Every rain station with the ``rain_mm`` of the window and the ``hours`` that reported it."""
    query = (
        select(
            _VALUE.station_code.label("code"),
            func.sum(_VALUE.value).label("rain_mm"),
            func.count().label("hours"),
        )
        .where(_VALUE.observed_property == "rain_1h_mm", *_within(_VALUE.observed_at, window))
        .group_by(_VALUE.station_code)
    )
    sums = _frame(connection, query, window)
    return read(connection, rain_stations.LAYER).merge(sums, how="left", on="code")


def read_spots(connection: Connection, window: Window | None) -> gpd.GeoDataFrame:
    """Every flood spot with the last ``water_depth_m`` that its camera saw in the window, and when."""
    query = (
        select(_SEEN.camera_code, _SEEN.water_depth_m, _SEEN.detected_at)
        .where(
            _SEEN.subject == "flooding",
            _SEEN.status != "refuted",
            _SEEN.water_depth_m.is_not(None),
            # A depth that no camera is named for belongs to no spot.
            _SEEN.camera_code.is_not(None),
            *_within(_SEEN.detected_at, window),
        )
        .ext(distinct_on(_SEEN.camera_code))
        .order_by(_SEEN.camera_code, _SEEN.detected_at.desc())
    )
    depths = _frame(connection, query, window)
    return read(connection, flood_spots.LAYER).merge(depths, how="left", on="camera_code")


def alarms_of(row: Any) -> tuple[float | None, ...]:
    """The three alarm levels of a gauge's row in metres, None where it has none."""
    alarms = (row.alarm_1_m, row.alarm_2_m, row.alarm_3_m)
    return tuple(None if pd.isna(alarm) else float(alarm) for alarm in alarms)


def sentence_of(row: Any) -> Text:
    """A gauge's row in a sentence."""
    if pd.isna(row.stage_m):
        return texts.gauge_silent(row.name)
    return gauge_sentence(row.name, row.stage_m, alarms_of(row))


def gauge_sentence(name: str, stage_m: float, alarms_m: tuple[float | None, ...]) -> Text:
    """A gauge as the bulletins say it: "Kim Long 5,05 m – trên BĐ3 1,55 m"."""
    level = alarm_level(stage_m, alarms_m)
    compared = (
        alarms_m[level - 1] if level else next((alarm for alarm in alarms_m if alarm is not None), None)
    )
    if compared is None:
        return texts.gauge_without_alarms(name, number(stage_m, 2))
    nearest = level or 1 + alarms_m.index(compared)
    difference = number(abs(stage_m - compared), 2)
    return texts.gauge(name, number(stage_m, 2), nearest, difference, above=level > 0)


def _level(row: Any) -> int | None:
    alarms_m = alarms_of(row)
    if pd.isna(row.stage_m) or not any(alarm is not None for alarm in alarms_m):
        return None
    return alarm_level(row.stage_m, alarms_m)


def _latest_observation(connection: Connection) -> datetime | None:
    # Identifiers sort by time and are indexed; the time alone is not.
    newest = (
        select(_VALUE.observed_at)
        .where(_VALUE.observed_property.in_(_OF_FLOODS))
        .order_by(_VALUE.id.desc())
        .limit(1)
    )
    return connection.execute(newest).scalar()


def _within(column: Any, window: Window | None) -> tuple[Any, ...]:
    return () if window is None else (column > window.start, column <= window.end)


def _frame(connection: Connection, query: Any, window: Window | None) -> pd.DataFrame:
    """The rows of a query, none of them where there is no time to ask about."""
    return read_frame(connection, query if window is not None else query.where(false()))
