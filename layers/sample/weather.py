"""Rain and stage of two weeks: a dry week, showers, and a flood like that of 27 October 2025."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.spatial.distance import cdist
from scipy.stats import gamma

from gis_core.types import FloatArray
from layers.sample.clock import hour_of, hours_since_start, instants
from layers.sample.places import GAUGES, Gauge
from layers.sample.shapes import positions

_STORM = (
    (hour_of("2025-10-25T18:00"), 5.0, 0.25),
    (hour_of("2025-10-26T06:00"), 4.0, 0.60),
    (hour_of("2025-10-26T18:00"), 5.0, 1.00),
    (hour_of("2025-10-27T05:00"), 4.0, 1.10),
    (hour_of("2025-10-27T15:00"), 4.0, 0.45),
)
"""Bands of the storm: hour of the middle, half width in hours, strength."""
_STORM_MM = 13.5
"""Rain of one hour in a band of strength 1 at the foot of the hills."""
_SHOWERS = (hour_of("2025-10-21T00:00"), hour_of("2025-10-25T06:00"))
_CORRELATION_KM = 20.0
_PERSISTENCE = 0.7
_DAILY_M = 0.03
_TIDE_H = 12.42
_RESPONSE_SHAPE, _RESPONSE_SCALE_H = 3.0, 2.5
"""Of the gamma unit hydrograph (Nash cascade of three reservoirs)."""


@dataclass(frozen=True)
class Weather:
    """Hourly rain in mm, shape (hours, stations), and stage in m, shape (hours, gauges)."""

    at: pd.DatetimeIndex
    rain_mm: FloatArray
    stage_m: FloatArray


def make_weather(seed: int, stations: gpd.GeoDataFrame) -> Weather:
    """Rain at the stations, and the stage that follows it at the gauges."""
    rng = np.random.default_rng([seed, 2])
    at = instants(3600)
    rain_mm = _rain(at, stations, rng)
    names = stations["name"].tolist()
    stage_m = np.column_stack([_stage(gauge, at, rain_mm, names) for gauge in GAUGES])
    return Weather(at, rain_mm, stage_m)


def observation_layer(
    weather: Weather, stations: gpd.GeoDataFrame, gauges: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """The layer ``observations``."""
    rain = series(weather.at, weather.rain_mm, stations, "rain_1h_mm")
    stage = series(weather.at, weather.stage_m, gauges, "stage_m")
    return gpd.GeoDataFrame(pd.concat([rain, stage], ignore_index=True), crs=stations.crs)


def series(at: pd.DatetimeIndex, values: FloatArray, places: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Rows of ``observations`` for values of shape (times, places)."""
    hours, count = values.shape
    codes = np.tile(places["code"].to_numpy(), hours)
    times = at.repeat(count)
    keys = [
        f"{code}/{name}/{time}" for code, time in zip(codes, times.strftime("%Y-%m-%dT%H:%MZ"), strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "observed_at": times,
            "station_code": codes,
            "observed_property": name,
            "value": values.ravel(),
            "origin_key": keys,
        },
        geometry=np.tile(places.geometry.to_numpy(), hours),
        crs=places.crs,
    )


def _rain(at: pd.DatetimeIndex, stations: gpd.GeoDataFrame, rng: np.random.Generator) -> FloatArray:
    """Storm bands lifted by the mountains, most at Bạch Mã, times a field correlated in space and time."""
    hours = hours_since_start(at)
    position = positions(stations.geometry)
    summit = position[stations["name"].to_numpy() == "Bạch Mã"]
    near_summit = np.exp(-((cdist(position, summit)[:, 0] / 14_000) ** 2))
    lift = 0.75 + 2.0 * near_summit + 0.45 * stations["elevation_m"].to_numpy() / 1000
    middle, width, strength = (np.array(column) for column in zip(*_STORM, strict=True))
    bands = np.exp(-0.5 * ((hours[:, None] - middle) / width) ** 2) @ strength
    storm_mm = _STORM_MM * bands[:, None] * lift
    field = _field(position, hours.size, rng)
    begin, end = _SHOWERS
    shower = ((hours >= begin) & (hours < end))[:, None] & (_field(position, hours.size, rng) > 1.1)
    shower_mm = np.where(shower, 1.8 * lift * np.exp(0.6 * field), 0)
    return np.asarray((storm_mm * np.exp(0.4 * field - 0.08) * (storm_mm > 0.2) + shower_mm).round(1))


def _field(position: FloatArray, hours: int, rng: np.random.Generator) -> FloatArray:
    """Standard normal values, shape (hours, places), correlated over distance and from hour to hour."""
    spatial = np.exp(-cdist(position, position) / (_CORRELATION_KM * 1000))
    fresh = rng.standard_normal((hours, len(position))) @ np.linalg.cholesky(spatial).T
    innovation = np.sqrt(1 - _PERSISTENCE**2)
    return np.asarray(lfilter([innovation], [1, -_PERSISTENCE], fresh, axis=0))


def _stage(gauge: Gauge, at: pd.DatetimeIndex, rain_mm: FloatArray, names: list[str]) -> FloatArray:
    """Stage in m: mean water with its tide, and a flood that follows the basin's rain to the known peak."""
    basin = [names.index(name) for name in gauge.basin.split(", ")]
    response = gamma.pdf(np.arange(72), _RESPONSE_SHAPE, scale=_RESPONSE_SCALE_H)
    runoff = np.convolve(rain_mm[:, basin].mean(axis=1), response)[: len(at)]
    delay_h = round(hour_of(gauge.peak_at)) - int(runoff.argmax())
    hours = np.arange(len(at))
    flood = runoff[np.clip(hours - delay_h, 0, len(at) - 1)] / runoff.max()
    tide = np.sin(2 * np.pi * hours / _TIDE_H) + 0.4 * np.sin(np.pi * hours / _TIDE_H + 1)
    # Reservoirs upstream let water out by day, so that no river here stands still even when it is dry.
    daily_m = _DAILY_M * np.sin(2 * np.pi * hours / 24)
    rise_m = (gauge.peak_m - gauge.mean_m) * flood
    return np.asarray((gauge.mean_m + rise_m + (1 - flood) * (gauge.tide_m * tide + daily_m)).round(2))
