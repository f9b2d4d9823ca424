"""The loops at the gateways, and the vehicles that they count every quarter of an hour."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.crs import METRIC_SRID, STORAGE_SRID, to_metric
from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray
from layers.sample.clock import instants

_PEAK_PER_LANE = 90.0
"""Vehicles of all kinds that a lane of a gateway carries in the busiest quarter of an hour."""
_WEEKEND = 0.85


def count_station_layer(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The layer ``count_stations``: one loop in the middle of each gateway."""
    gateways = roads[roads["gateway"].astype(bool)].reset_index(drop=True)
    middle = shapely.line_interpolate_point(to_metric(gateways.geometry).to_numpy(), 0.5, normalized=True)
    frame = gpd.GeoDataFrame(
        {
            "code": "dem-" + gateways["code"].str.lower(),
            "name": "Trạm đếm xe " + gateways["name"] + " (" + gateways["code"] + ")",
            "method": "loop",
            "road_segment_code": gateways["code"],
        },
        geometry=middle,
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def count_observations(seed: int, stations: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of ``observations``: Poisson counts around the daily course of traffic."""
    rng = np.random.default_rng([seed, 9])
    at = instants(900)
    lanes = roads.set_index("code").loc[stations["road_segment_code"], "lanes"].to_numpy(float)
    counted = rng.poisson(_course(at)[:, None] * lanes * _PEAK_PER_LANE)
    codes = np.tile(stations["code"].to_numpy(), len(at))
    times = at.repeat(len(stations))
    written = times.strftime("%Y-%m-%dT%H:%MZ")
    return gpd.GeoDataFrame(
        {
            "observed_at": times,
            "station_code": codes,
            "observed_property": "vehicles_15min",
            "value": counted.ravel().astype(float),
            "origin_key": [
                f"{code}/vehicles_15min/{time}" for code, time in zip(codes, written, strict=True)
            ],
        },
        geometry=np.tile(stations.geometry.to_numpy(), len(at)),
        crs=stations.crs,
    )


def _course(at: pd.DatetimeIndex) -> FloatArray:
    """The share of the busiest traffic by local time: peaks at 7:00 and 17:00, little at night."""
    local = at.tz_convert(LOCAL_ZONE)
    hour = (local.hour + local.minute / 60).to_numpy()
    peaks = np.exp(-(((hour - 7) / 1.4) ** 2)) + np.exp(-(((hour - 17) / 1.7) ** 2))
    day = 0.45 / (1 + np.exp(-2 * (hour - 5.5))) / (1 + np.exp(1.2 * (hour - 21)))
    return np.asarray((0.03 + 0.55 * peaks + day) * np.where(local.day_of_week >= 5, _WEEKEND, 1.0))
