"""The map of floods: risk, the rivers' stage against their alarms, rain and the watched spots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from gis_core.config import Settings
from gis_core.time import Window
from gis_core.types import Bounds, Text
from layers import flood_spots, rain_stations, river_gauges
from layers.raster import Band
from layers.registry import SURFACES
from maps import texts
from maps.base import Ground, SurfacePicture, bounds_of, new_map, read_ground, read_surface
from maps.hydrometry import flood_window, read_gauges, read_rain, read_spots, sentence_of
from maps.page import Entry, Legend, MapPage, Table, is_of_time, surface_legend, surface_remark
from maps.request import Ask
from maps.style import Path, Pictured, Popup, dot, draw, simulated_in
from maps.words import Language, amount, moment, number, pick, same

SURFACE = "flood-risk"
RAIN = "rain"
RAIN_BAND = "rain_24h_mm"
NO_REPORT = "#9aa0a6"
WITHOUT_ALARMS = "#ffffff"

ALARM_COLORS = ("#2e7d32", "#f2b705", "#ef6c00", "#b71c1c")
"""By alarm level 0 to 3."""


@dataclass(frozen=True, slots=True)
class RainClass:
    """A class of the legend: from so much rain upwards, in the window."""

    from_mm: float
    color: str
    label: Text


RAIN_CLASSES = (
    RainClass(0, "#e3f2fd", Text("dưới 16", "under 16")),
    RainClass(16, "#90caf9", Text("16–50", "16–50")),
    RainClass(50, "#1e88e5", Text("50–100", "50–100")),
    RainClass(100, "#3949ab", Text("100–200", "100–200")),
    RainClass(200, "#6a1b9a", Text("200–400", "200–400")),
    RainClass(400, "#ad1457", Text("từ 400", "400 and more")),
)


@dataclass(frozen=True)
class FloodData:
    """What the map of floods shows.

    The frames are those of ``maps.hydrometry``; a value is missing where nothing was reported.
    """

    ground: Ground
    window: Window | None
    gauges: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    spots: gpd.GeoDataFrame
    surface: SurfacePicture | None
    rain: SurfacePicture | None = None


def read_flood(connection: Connection, settings: Settings, ask: Ask) -> FloodData:
    """The state at the instant asked for, by default that of the latest observation."""
    window = flood_window(connection, ask)
    return FloodData(
        read_ground(connection, settings),
        window,
        read_gauges(connection, window),
        read_rain(connection, window),
        read_spots(connection, window),
        read_surface(SURFACES[SURFACE], settings),
        read_surface(SURFACES[RAIN], settings),
    )


def draw_flood(data: FloodData, settings: Settings, language: Language) -> MapPage:
    """The map of floods."""
    surface = SURFACES[SURFACE]
    risk, depth, hazard = surface.bands[:3]
    rain_index, rain = next(
        (index, band) for index, band in enumerate(SURFACES[RAIN].bands) if band.name == RAIN_BAND
    )
    canvas = new_map(data.ground, settings, language, bounds=_view(data))
    if data.surface is not None:
        now = is_of_time(data.surface.record, data.window)
        for band, picture in zip((risk, depth, hazard), data.surface.pictures[:3], strict=True):
            Pictured(pick(band.title, language), picture, opacity=0.7, show=now and band is risk).add_to(
                canvas
            )
    if data.rain is not None:
        Pictured(pick(rain.title, language), data.rain.pictures[rain_index], opacity=0.6, show=False).add_to(
            canvas
        )
    draw(
        pick(rain_stations.LAYER.title, language),
        data.stations,
        _rain_path,
        language,
        _rain_popup(data.window),
    ).add_to(canvas)
    draw(
        pick(flood_spots.LAYER.title, language), data.spots, _spot_path(depth), language, _spot_popup
    ).add_to(canvas)
    # Of labels that meet the last drawn stays: that of the highest alarm.
    gauges = data.gauges.sort_values("level", na_position="first")
    draw(pick(river_gauges.LAYER.title, language), gauges, _gauge_path, language, _gauge_popup).add_to(canvas)
    folium.LayerControl().add_to(canvas)
    return MapPage(
        "flood",
        texts.FLOOD,
        texts.FLOOD_LEAD,
        data.window,
        canvas,
        _legends(data.window, risk, depth, hazard),
        _tables(data),
        _remarks(data),
        simulated_in(data.gauges, data.stations, data.spots)
        or any(shown is not None and shown.record.simulated for shown in (data.surface, data.rain)),
    )


def _view(data: FloodData) -> Bounds | None:
    """The plain with its spots and gauges, where the floods are."""
    return bounds_of(gpd.GeoDataFrame(geometry=pd.concat([data.gauges.geometry, data.spots.geometry])))


def _gauge_path(row: Any) -> Path:
    if pd.isna(row.stage_m):
        color = NO_REPORT
    else:
        color = WITHOUT_ALARMS if pd.isna(row.level) else ALARM_COLORS[row.level]
    return dot(color, 10, opacity=1, ring="#1a1a1a", ring_px=2)


def _gauge_popup(row: Any) -> Popup:
    alarms = [amount(alarm, "m", 2) for alarm in (row.alarm_1_m, row.alarm_2_m, row.alarm_3_m)]
    sentence = sentence_of(row)
    return Popup(
        sentence,
        (
            (texts.RIVER, row.river),
            (texts.STAGE, amount(row.stage_m, "m", 2)),
            (texts.OBSERVED_AT, None if pd.isna(row.observed_at) else moment(row.observed_at)),
            *zip(texts.ALARMS, alarms, strict=True),
            (texts.DATUM, row.datum),
        ),
        label=sentence,
        simulated=row.simulated,
    )


def rain_class(rain_mm: float) -> RainClass:
    """The class of the legend that an amount of rain falls into."""
    return next((entry for entry in reversed(RAIN_CLASSES) if rain_mm >= entry.from_mm), RAIN_CLASSES[0])


def _rain_path(row: Any) -> Path:
    color = NO_REPORT if pd.isna(row.rain_mm) else rain_class(row.rain_mm).color
    return dot(color, 7, opacity=1, ring="#0d47a1", ring_px=1.2)


def _rain_popup(window: Window | None) -> Any:
    def popup(row: Any) -> Popup:
        return Popup(
            row.name,
            (
                (texts.rain_in(window), amount(row.rain_mm, "mm", 1) or texts.NO_REPORT),
                (texts.HOURS_REPORTED, None if pd.isna(row.hours) else number(row.hours)),
                (texts.ELEVATION, amount(row.elevation_m, "m")),
                (texts.STATION, row.code),
            ),
            simulated=row.simulated,
        )

    return popup


def depth_color(band: Band, depth_m: float) -> str:
    """The colour of a depth by the steps of the depth band; grey where nothing was reported."""
    if pd.isna(depth_m):
        return NO_REPORT
    return next((stop.color for stop in reversed(band.stops) if depth_m >= stop.value), "#ffffff")


def _spot_path(band: Band) -> Any:
    def path(row: Any) -> Path:
        color = depth_color(band, row.water_depth_m)
        return {**dot(color, 6, opacity=1, ring="#006064", ring_px=1.5), "square": True}

    return path


def _spot_popup(row: Any) -> Popup:
    return Popup(
        row.name,
        (
            (texts.LAST_DEPTH, amount(row.water_depth_m, "m", 2) or texts.NO_REPORT),
            (texts.DETECTED_AT, None if pd.isna(row.detected_at) else moment(row.detected_at)),
            (texts.ELEVATION, amount(row.ground_elevation_m, "m", 1)),
            (texts.CAMERA, row.camera_code),
            (texts.SPOT, row.code),
        ),
        simulated=row.simulated,
    )


def _legends(window: Window | None, risk: Band, depth: Band, hazard: Band) -> tuple[Legend, ...]:
    alarms = [
        Entry(label, color, size_px=9) for label, color in zip(texts.ALARM_LEVELS, ALARM_COLORS, strict=True)
    ]
    others = (Entry(texts.NO_ALARMS, WITHOUT_ALARMS, size_px=9), Entry(texts.NO_REPORT, NO_REPORT, size_px=9))
    rain = [Entry(entry.label, entry.color) for entry in RAIN_CLASSES]
    depths = [Entry(stop.label, stop.color, "square", 6) for stop in depth.stops]
    return (
        Legend(texts.GAUGES, (*reversed(alarms), *others)),
        surface_legend(risk),
        surface_legend(hazard),
        Legend(texts.rain_in(window), (*reversed(rain), Entry(texts.NO_REPORT, NO_REPORT))),
        Legend(texts.SPOT_DEPTHS, (*reversed(depths), Entry(texts.NO_REPORT, NO_REPORT, "square", 6))),
    )


def _tables(data: FloodData) -> tuple[Table, ...]:
    gauges = data.gauges.sort_values("level", ascending=False, na_position="last")
    stages = tuple((sentence_of(row), same(row.river)) for row in gauges.itertuples(index=False))
    wettest = data.stations.dropna(subset="rain_mm").sort_values("rain_mm", ascending=False).head(5)
    rain = tuple((same(row.name), number(row.rain_mm, 1)) for row in wettest.itertuples(index=False))
    return (
        Table(texts.GAUGES, (texts.STAGE, texts.RIVER), stages),
        Table(texts.WETTEST, (texts.STATION, texts.MILLIMETRES), rain),
    )


def _remarks(data: FloodData) -> tuple[Text, ...]:
    surfaces = tuple(
        surface_remark(SURFACES[name].title, shown.record if shown else None, data.window)
        for name, shown in ((SURFACE, data.surface), (RAIN, data.rain))
    )
    return surfaces if data.window else (texts.NO_OBSERVATIONS, *surfaces)
