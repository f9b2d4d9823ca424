"""Vehicles that the traffic cameras count in every frame, by road, hour, weekday and flood."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.camera import ground_covariance
from gis_core.crs import STORAGE_SRID, metric_to_lonlat, to_metric
from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray
from layers.sample.clock import hours_since_start, instants
from layers.sample.flooding import water_depth_m
from layers.sample.grid import ElevationGrid
from layers.sample.shapes import bearing_deg, from_centre_m, positions
from layers.sample.weather import Weather

CLASSES = ("motorcycle", "car", "bicycle", "truck", "bus")
_CITY_SHARE = (0.76, 0.165, 0.035, 0.02, 0.02)
_HIGHWAY_SHARE = (0.50, 0.25, 0.01, 0.18, 0.06)
_PEAK_PER_KM_LANE = 27.0
"""Vehicles on a kilometre of a lane in the middle of the city at the evening peak."""
_NEAR_M = 12.0
"""What is nearer to the mast's foot lies below the picture."""
_IMPASSABLE_M = 0.3
_STORM_MM = 6.0


def vehicle_detections(
    seed: int,
    *,
    roads: gpd.GeoDataFrame,
    cameras: gpd.GeoDataFrame,
    gauges: gpd.GeoDataFrame,
    terrain: ElevationGrid,
    weather: Weather,
) -> gpd.GeoDataFrame:
    """Rows of ``detections``: a Poisson number of vehicles on the stretch that each working camera sees."""
    rng = np.random.default_rng([seed, 4])
    watching = _watching(cameras)
    watched = roads.set_index("code").loc[watching["road_segment_code"]]
    stand = positions(watching.geometry)
    at = instants(float(watching["frame_interval_s"].iloc[0]))
    seen_km = (watching["range_m"].to_numpy() - _NEAR_M) / 1000
    busy = _share_of_peak(stand, watched) * watched["lanes"].to_numpy() * _PEAK_PER_KM_LANE
    passable = _passable(stand, gauges, terrain, weather, at)
    expected = _daily_course(at)[:, None] * passable * busy * seen_km
    count = rng.poisson(expected)
    frame, camera = (index.repeat(count.ravel()) for index in np.divmod(np.arange(count.size), len(watching)))
    number = np.arange(frame.size) - np.repeat(np.cumsum(count.ravel()) - count.ravel(), count.ravel())
    position = _on_road(watching, watched, stand, camera, rng)
    ahead = position - stand[camera]
    covariance = ground_covariance(
        bearing_deg(ahead),
        np.hypot(*ahead.T),
        watching["mast_height_m"].to_numpy()[camera],
        bearing_sigma_deg=0.3,
        depression_sigma_deg=0.3,
    )
    highway = watched["road_class"].isin(["motorway", "trunk"]).to_numpy()[camera]
    times = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_numpy()
    codes = watching["code"].to_numpy()
    lon, lat = metric_to_lonlat(*position.T)
    return gpd.GeoDataFrame(
        {
            "detected_at": at[frame],
            "camera_code": codes[camera],
            "subject": "vehicle",
            "class_name": _classes(highway, rng),
            "confidence": (0.45 + 0.54 * rng.beta(4, 1.6, frame.size)).round(3),
            "status": "observed",
            "steward_agency": "Phòng Cảnh sát giao thông",
            "frp_mw": np.nan,
            "water_depth_m": np.nan,
            "cov_xx_m2": covariance[:, 0, 0],
            "cov_xy_m2": covariance[:, 0, 1],
            "cov_yy_m2": covariance[:, 1, 1],
            "origin_key": [
                f"{code}/{time}/{n}"
                for code, time, n in zip(codes[camera], times[frame], number, strict=True)
            ],
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=STORAGE_SRID,
    )


def analysed_frames(cameras: gpd.GeoDataFrame) -> pd.DataFrame:
    """``camera_code`` and ``taken_at`` of every frame that vehicles were looked for in, found or not."""
    watching = _watching(cameras)
    at = instants(float(watching["frame_interval_s"].iloc[0]))
    return pd.DataFrame(
        {
            "camera_code": np.repeat(watching["code"].to_numpy(), len(at)),
            "taken_at": at.append([at] * (len(watching) - 1)),
        }
    )


def _watching(cameras: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return cameras[(cameras["purpose"] == "traffic") & (cameras["status"] == "active")].reset_index(drop=True)


def _share_of_peak(stand: FloatArray, watched: gpd.GeoDataFrame) -> FloatArray:
    """How busy each road is at its busiest, 1 in the middle of the city, shape (cameras,)."""
    away_m = from_centre_m(stand)
    by_class = (
        watched["road_class"]
        .map({"motorway": 0.5, "trunk": 0.9, "primary": 1.0, "secondary": 0.8})
        .fillna(0.55)
    )
    return np.asarray(by_class.to_numpy() * (0.12 + 0.88 * np.exp(-((away_m / 5500) ** 1.5))))


def _daily_course(at: pd.DatetimeIndex) -> FloatArray:
    """Traffic as a share of the evening peak, shape (frames,): two peaks on workdays, one long one else."""
    local = at.tz_convert(LOCAL_ZONE)
    hour = np.asarray(local.hour + local.minute / 60, float)
    day = 1 / (1 + np.exp(-(hour - 5.3) * 2.2)) / (1 + np.exp((hour - 21.3) * 1.3))
    workday = 0.04 + day * (
        0.40 + 0.48 * np.exp(-(((hour - 7.1) / 0.85) ** 2)) + 0.56 * np.exp(-(((hour - 17.2) / 1.1) ** 2))
        + 0.15 * np.exp(-(((hour - 11.4) / 0.8) ** 2))
    )  # fmt: skip
    weekend = 0.05 + day * (
        0.36 + 0.28 * np.exp(-(((hour - 18.3) / 2.2) ** 2)) + 0.12 * np.exp(-(((hour - 9.5) / 2) ** 2))
    )
    return np.asarray(np.where(local.day_of_week.to_numpy() >= 5, weekend, workday))


def _passable(
    stand: FloatArray,
    gauges: gpd.GeoDataFrame,
    terrain: ElevationGrid,
    weather: Weather,
    at: pd.DatetimeIndex,
) -> FloatArray:
    """Share of the traffic that still moves: less in a storm, none under water; shape (frames, cameras)."""
    depth_m = water_depth_m(stand, terrain.sample(*stand.T), gauges, weather)
    open_share = np.clip(1 - depth_m / _IMPASSABLE_M, 0, 1)
    outdoors = 1 / (1 + (weather.rain_mm.mean(axis=1) / _STORM_MM) ** 1.5)
    hour = np.clip(hours_since_start(at).astype(int), 0, len(weather.at) - 1)
    return np.asarray((open_share * outdoors[:, None])[hour])


def _on_road(
    watching: gpd.GeoDataFrame,
    watched: gpd.GeoDataFrame,
    stand: FloatArray,
    camera: np.ndarray,
    rng: np.random.Generator,
) -> FloatArray:
    """Positions on the seen stretch and inside the cone, shape (vehicles, 2) in EPSG:9214."""
    lines = to_metric(watched.geometry).to_numpy()
    foot_m = shapely.line_locate_point(lines, shapely.points(stand))
    range_m = watching["range_m"].to_numpy()[camera]
    ahead_m = _NEAR_M + (0.97 * range_m - _NEAR_M) * rng.random(camera.size)
    on_line = lines[camera]
    centre = shapely.get_coordinates(shapely.line_interpolate_point(on_line, foot_m[camera] + ahead_m))
    beyond = shapely.get_coordinates(shapely.line_interpolate_point(on_line, foot_m[camera] + ahead_m - 4))
    along = centre - beyond
    along /= np.hypot(*along.T)[:, None]
    half_width_m = 1.6 * watched["lanes"].to_numpy()[camera]
    aside = np.column_stack([along[:, 1], -along[:, 0]])
    position = centre + aside * (half_width_m * rng.uniform(-1, 1, camera.size))[:, None]
    # Whoever would be outside the picture is moved towards its middle.
    azimuth = np.radians(watching["azimuth_deg"].to_numpy())[camera]
    half_view = np.radians(watching["field_of_view_deg"].to_numpy())[camera] / 2
    offset = position - stand[camera]
    distance = np.minimum(np.hypot(*offset.T), 0.98 * range_m)
    turn = (np.arctan2(offset[:, 0], offset[:, 1]) - azimuth + np.pi) % (2 * np.pi) - np.pi
    bearing = azimuth + np.clip(turn, -0.92 * half_view, 0.92 * half_view)
    return np.asarray(stand[camera] + distance[:, None] * np.column_stack([np.sin(bearing), np.cos(bearing)]))


def _classes(highway: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A vehicle class each, with more trucks and buses on the highways."""
    draw = rng.random(highway.size)
    city = np.searchsorted(np.cumsum(_CITY_SHARE)[:-1], draw, side="right")
    road = np.searchsorted(np.cumsum(_HIGHWAY_SHARE)[:-1], draw, side="right")
    return np.array(CLASSES, dtype=object)[np.where(highway, road, city)]
