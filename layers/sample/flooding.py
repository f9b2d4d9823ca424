"""Flood spots at low junctions, how deep the water stands, and what their cameras report of it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial.distance import cdist

from gis_core.camera import ground_covariance
from gis_core.crs import METRIC_SRID, STORAGE_SRID, to_metric
from gis_core.types import FloatArray
from layers.sample.grid import ElevationGrid
from layers.sample.rivers import courses
from layers.sample.shapes import bearing_deg, from_centre_m, positions
from layers.sample.weather import Weather

_CITY_M = 6000.0
_CITY_SPOTS, _PLAIN_SPOTS = 36, 14
_APART_M = 260.0
_BANK_M = 60.0
_LOWEST_M, _HIGHEST_M = 0.7, 6.0
_SEEN_M = 0.08
"""Water shallower than this does not stand out from a wet street."""


def flood_spot_layer(roads: gpd.GeoDataFrame, terrain: ElevationGrid) -> gpd.GeoDataFrame:
    """The layer ``flood_spots``, without cameras yet: 50 of the lowest junctions, named by their roads."""
    junctions = _junctions(roads[~roads["name"].str.startswith("Cầu ")])
    position = junctions[["x", "y"]].to_numpy()
    junctions["ground_m"] = terrain.sample(*position.T)
    in_city = from_centre_m(position) < _CITY_M
    channels = shapely.union_all(
        [course.line.buffer(_BANK_M + course.river.width_m / 2) for course in courses()]
    )
    dry = ~shapely.contains_xy(channels, *position.T)
    low = junctions[dry & junctions["ground_m"].between(_LOWEST_M, _HIGHEST_M)]
    chosen = pd.concat(
        [
            _lowest_apart(low[in_city[low.index]], _CITY_SPOTS),
            _lowest_apart(low[~in_city[low.index]], _PLAIN_SPOTS),
        ]
    )
    frame = gpd.GeoDataFrame(
        {
            "code": [f"N{number:02d}" for number in range(1, len(chosen) + 1)],
            "name": chosen["name"].to_numpy(),
            "ground_elevation_m": chosen["ground_m"].to_numpy().round(2),
        },
        geometry=gpd.points_from_xy(chosen["x"], chosen["y"]),
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def _junctions(roads: gpd.GeoDataFrame) -> pd.DataFrame:
    """Places where roads of different names meet: x, y in EPSG:9214 and the name they give."""
    lines = to_metric(roads.geometry)
    first, last = shapely.get_point(lines.to_numpy(), 0), shapely.get_point(lines.to_numpy(), -1)
    ends = np.concatenate([first, last])
    table = pd.DataFrame(
        {"x": shapely.get_x(ends), "y": shapely.get_y(ends), "road": [*roads["name"], *roads["name"]]}
    )
    named = table.drop_duplicates().groupby(["x", "y"], sort=True)["road"].agg(list).reset_index()
    crossings = named[named["road"].map(len) > 1].reset_index(drop=True)
    return crossings.assign(name=crossings["road"].map(lambda roads: " – ".join(roads[:2])))


def _lowest_apart(places: pd.DataFrame, count: int) -> pd.DataFrame:
    """The lowest places of which no two are nearer than ``_APART_M``."""
    chosen: list[int] = []
    ordered = places.sort_values("ground_m", kind="stable")
    position = ordered[["x", "y"]].to_numpy()
    for candidate in range(len(ordered)):
        if len(chosen) < count and (
            not chosen or cdist(position[[candidate]], position[chosen]).min() > _APART_M
        ):
            chosen.append(candidate)
    return ordered.iloc[chosen]


def water_depth_m(
    position: FloatArray, ground_m: FloatArray, gauges: gpd.GeoDataFrame, weather: Weather
) -> FloatArray:
    """Depth of flood water in the plain: the water surface between the gauges, less the ground.

    Args:
        position: shape (n, 2) in EPSG:9214.
        ground_m: elevation there, shape (n,).
        gauges: the layer ``river_gauges``, in the order of ``weather``.
        weather: stages by the hour.

    Returns:
        Shape (hours, n) in metres, 0 where dry. The surface is interpolated by inverse
        squared distance from the gauges of the plain.
    """
    zero_m = gauges["zero_elevation_m"].to_numpy()
    in_plain = zero_m < 2
    places = positions(gauges.geometry)[in_plain]
    weight = 1 / np.maximum(cdist(position, places), 200) ** 2
    surface_m = (weather.stage_m + zero_m)[:, in_plain] @ (weight / weight.sum(axis=1, keepdims=True)).T
    return np.asarray(np.maximum(surface_m - ground_m, 0))


def flooding_detections(
    seed: int, spots: gpd.GeoDataFrame, cameras: gpd.GeoDataFrame, gauges: gpd.GeoDataFrame, weather: Weather
) -> gpd.GeoDataFrame:
    """Rows of ``detections``: every hour, each working flood camera that sees water says how deep."""
    rng = np.random.default_rng([seed, 5])
    position = positions(spots.geometry)
    depth_m = water_depth_m(position, spots["ground_elevation_m"].to_numpy(), gauges, weather)
    watching = cameras.set_index("code").loc[spots["camera_code"]]
    hour, spot = np.nonzero((depth_m > _SEEN_M) & (watching["status"] == "active").to_numpy())
    seen_m = depth_m[hour, spot] * rng.lognormal(0, 0.05, hour.size)
    ahead = position - positions(watching.geometry)
    covariance = ground_covariance(
        bearing_deg(ahead),
        np.hypot(*ahead.T),
        watching["mast_height_m"].to_numpy(),
        bearing_sigma_deg=0.5,
        depression_sigma_deg=0.5,
    )[spot]
    codes = watching.index.to_numpy()[spot]
    at = weather.at[hour]
    times = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return gpd.GeoDataFrame(
        {
            "detected_at": at,
            "camera_code": codes,
            "subject": "flooding",
            "class_name": "flood_water",
            "confidence": np.clip(0.62 + 0.25 * seen_m + rng.normal(0, 0.05, hour.size), 0.5, 0.99).round(3),
            "status": "observed",
            "steward_agency": "Ban Chỉ huy Phòng thủ dân sự thành phố",
            "frp_mw": np.nan,
            "water_depth_m": seen_m.round(2),
            "cov_xx_m2": covariance[:, 0, 0],
            "cov_xy_m2": covariance[:, 0, 1],
            "cov_yy_m2": covariance[:, 1, 1],
            "origin_key": [f"{code}/{time}/0" for code, time in zip(codes, times, strict=True)],
        },
        geometry=spots.geometry.to_numpy()[spot],
        crs=STORAGE_SRID,
    )
