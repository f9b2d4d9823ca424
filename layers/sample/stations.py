"""Rain stations and river gauges, standing on the sample's terrain."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from gis_core.crs import METRIC_SRID, STORAGE_SRID, lonlat_to_metric
from layers.sample.grid import ElevationGrid
from layers.sample.places import GAUGES, RAIN_STATIONS, Gauge, places
from layers.sample.rivers import courses
from layers.sample.shapes import metric_point, slug

_DATUM = "Hệ độ cao quốc gia Hòn Dấu"
_MANNED = ("Huế", "A Lưới", "Nam Đông")


def rain_station_layer(terrain: ElevationGrid) -> gpd.GeoDataFrame:
    """The layer ``rain_stations``."""
    stations = places(RAIN_STATIONS)
    x, y = lonlat_to_metric(np.array([s.lon for s in stations]), np.array([s.lat for s in stations]))
    frame = gpd.GeoDataFrame(
        {
            "code": [f"mua-{slug(station.name)}" for station in stations],
            "name": [station.name for station in stations],
            "elevation_m": np.maximum(terrain.sample(x, y), 0).round(1),
            "status": "active",
        },
        geometry=gpd.points_from_xy(x, y),
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def climate_station_layer(rain_stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The layer ``climate_stations``: the three that are manned, where rain is measured too."""
    manned = rain_stations[rain_stations["name"].isin(_MANNED)].reset_index(drop=True)
    codes = [f"khi-tuong-{slug(name)}" for name in manned["name"]]
    return manned[["name", "elevation_m", "geometry"]].assign(code=codes)


def gauge_layer(terrain: ElevationGrid) -> gpd.GeoDataFrame:
    """The layer ``river_gauges``; a staff's zero lies so that its mean stage is the terrain's water."""
    x, y = np.array([_on_river(gauge) for gauge in GAUGES]).T
    water_m = terrain.sample(x, y)
    mean_m = np.array([gauge.mean_m for gauge in GAUGES])
    alarms_m = np.array([gauge.alarms_m or (np.nan,) * 3 for gauge in GAUGES])
    frame = gpd.GeoDataFrame(
        {
            "code": [gauge.code for gauge in GAUGES],
            "name": [gauge.name for gauge in GAUGES],
            "river": [gauge.river for gauge in GAUGES],
            "datum": _DATUM,
            "zero_elevation_m": np.maximum(water_m - mean_m, 0).round(1),
            "alarm_1_m": alarms_m[:, 0],
            "alarm_2_m": alarms_m[:, 1],
            "alarm_3_m": alarms_m[:, 2],
        },
        geometry=gpd.points_from_xy(x, y),
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def _on_river(gauge: Gauge) -> tuple[float, float]:
    """Where the gauge's river passes nearest to its rough position; a lagoon's gauge stays where it is."""
    place = metric_point(gauge.lon, gauge.lat)
    for course in courses():
        if course.river.name == gauge.river:
            place = course.points[np.hypot(*(course.points - place).T).argmin()]
    return float(place[0]), float(place[1])
