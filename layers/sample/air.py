"""Air temperature, humidity and wind at the manned stations: dry and hot at first, then wet."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from layers.sample.clock import hours_since_start, instants
from layers.sample.weather import Weather, series

_MEAN_C, _LAPSE_C_PER_M = 27.5, 0.0062
_DAILY_C, _WARMEST_H = 5.0, 13.5
_RAIN_COOLS_C = 4.5
_DRY_HUMIDITY_PCT, _HUMIDITY_PER_C = 74.0, 3.6
_CALM_M_S = 1.2


def air_observations(
    seed: int, weather: Weather, rain_stations: gpd.GeoDataFrame, climate_stations: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Rows of ``observations``: hourly temperature, humidity and wind that go with the sample's rain."""
    rng = np.random.default_rng([seed, 11])
    at = instants(3600)
    hours = hours_since_start(at)
    names = rain_stations["name"].tolist()
    rain_mm = weather.rain_mm[:, [names.index(name) for name in climate_stations["name"]]]
    wetness = np.minimum(pd.DataFrame(rain_mm).ewm(halflife=5).mean().to_numpy() / 2, 1.0)
    shape = rain_mm.shape
    height_m = climate_stations["elevation_m"].to_numpy(float)
    day = np.cos(2 * np.pi * (hours - _WARMEST_H) / 24)[:, None]
    swing_c = _DAILY_C * (1 - 0.7 * wetness) * day
    noise_c = rng.normal(0, 0.4, shape)
    temperature_c = _MEAN_C - _LAPSE_C_PER_M * height_m + swing_c - _RAIN_COOLS_C * wetness + noise_c
    humidity = _DRY_HUMIDITY_PCT - _HUMIDITY_PER_C * swing_c + 24 * wetness + rng.normal(0, 2, shape)
    wind_m_s = _CALM_M_S + 1.4 * np.maximum(day, 0) + 5 * wetness + rng.gamma(2, 0.3, shape)
    return gpd.GeoDataFrame(
        pd.concat(
            [
                series(at, temperature_c.round(1), climate_stations, "air_temperature_c"),
                series(at, humidity.clip(25, 100).round(0), climate_stations, "relative_humidity_pct"),
                series(at, wind_m_s.round(1), climate_stations, "wind_speed_m_s"),
            ],
            ignore_index=True,
        ),
        crs=climate_stations.crs,
    )
