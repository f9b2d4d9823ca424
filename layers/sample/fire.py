"""Forest fires, false alarms and burning straw, as towers, poles and satellites report them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis_core.camera import ground_covariance
from gis_core.crs import STORAGE_SRID, metric_to_lonlat
from gis_core.types import FloatArray, IntArray
from layers.sample.areas import outline
from layers.sample.clock import START
from layers.sample.grid import ElevationGrid
from layers.sample.shapes import bearing_deg, positions

ALARMS = 300
_FIRES, _SIGHTINGS_OF_A_FIRE = 12, 3
"""36 verified among 300 alarms: the 12 % of 2023 (199 of 1,659)."""
_REFUTED = 240
_SATELLITE_SHARE = 0.25
_STRAW = 48
_DAYS = (0.14, 0.15, 0.15, 0.14, 0.13, 0.11, 0.07, 0.04, 0.03, 0.02, 0.02, 0.0, 0.0, 0.0)
"""How alarms spread over the fourteen days: nearly all before the rain."""
_STRAW_DAYS = 7
_PASS_HOURS = (1.55, 2.4, 13.05, 13.9)
"""Local times of the VIIRS passes (Suomi NPP and NOAA-20), in hours."""
_PIXEL_M = (375.0, 560.0)
_MIN_HEIGHT_M = 25.0
_INLAND_M = 1500.0


@dataclass
class _Sightings:
    """Reports of smoke or heat: true positions (n, 2) in EPSG:9214, hours since START, and who saw them."""

    position: FloatArray
    hour: FloatArray
    camera: IntArray
    """Row of the camera, -1 for a satellite."""


def fire_detections(seed: int, cameras: gpd.GeoDataFrame, terrain: ElevationGrid) -> gpd.GeoDataFrame:
    """Rows of ``detections`` of forest fire: suspected, refuted, and 12 % verified."""
    rng = np.random.default_rng([seed, 6])
    towers = _Watch.of(cameras, "forest")
    fires = _fires(towers, terrain, rng)
    others = ALARMS - fires.hour.size
    camera, position = towers.look(others, terrain, 15.0, np.inf, rng)
    camera = np.where(rng.random(others) < _SATELLITE_SHARE, -1, camera)
    hour = rng.choice(len(_DAYS), others, p=_DAYS) * 24 + np.where(
        camera < 0, _pass_hour(others, rng), rng.normal(13.5, 3.2, others).clip(5, 22)
    )
    status = np.full(others, "refuted", dtype=object)
    # What came in last is still being looked at.
    status[np.argsort(-hour, kind="stable")[: others - _REFUTED]] = "suspected"
    every = _Sightings(
        np.vstack([fires.position, position]),
        np.concatenate([fires.hour, hour]),
        np.concatenate([fires.camera, camera]),
    )
    status = np.concatenate([np.full(fires.hour.size, "verified", dtype=object), status])
    confidence = np.where(status == "verified", rng.beta(9, 2, ALARMS), rng.beta(4, 3, ALARMS))
    rows = _report(every, towers, terrain, "A", rng)
    heat = np.where(status == "verified", 2.6, 1.3)
    from_space = every.camera < 0
    return rows.assign(
        subject="forest_fire",
        class_name=np.where(from_space, "hotspot", "smoke"),
        confidence=(0.3 + 0.69 * confidence).round(3),
        status=status,
        steward_agency="Chi cục Kiểm lâm",
        **_verdict(status, rows["detected_at"], "Hạt Kiểm lâm"),
        frp_mw=np.where(from_space, rng.lognormal(heat, 0.5).round(1), np.nan),
    )


def straw_detections(seed: int, cameras: gpd.GeoDataFrame, terrain: ElevationGrid) -> gpd.GeoDataFrame:
    """Rows of ``detections`` of straw burning on the low fields, in the dry week after midday."""
    rng = np.random.default_rng([seed, 7])
    poles = _Watch.of(cameras, "environment")
    camera, position = poles.look(_STRAW, terrain, 0.3, 4.0, rng)
    hour = rng.integers(0, _STRAW_DAYS, _STRAW) * 24 + rng.normal(16.0, 1.6, _STRAW).clip(9, 20)
    rows = _report(_Sightings(position, hour, camera), poles, terrain, "R", rng)
    confidence = rng.uniform(0.55, 0.97, _STRAW).round(3)
    status = rng.choice(np.array(["verified", "observed"], dtype=object), _STRAW, p=[0.7, 0.3])
    return rows.assign(
        subject="straw_burning",
        class_name="smoke",
        confidence=confidence,
        status=status,
        **_verdict(status, rows["detected_at"], "Ủy ban nhân dân xã"),
        steward_agency="Sở Nông nghiệp và Môi trường",
        frp_mw=np.nan,
    )


def _verdict(status: NDArray[np.object_], detected_at: pd.Series, by: str) -> dict[str, pd.Series]:
    """Who verified or refuted each report, and when: some time after it came, by its place in the list."""
    decided = np.isin(status.astype(str), ["verified", "refuted"])
    after = pd.to_timedelta(25 + 7 * (np.arange(len(status)) % 23), unit="min")
    return {
        "verified_by": pd.Series(by, index=detected_at.index, dtype=object).where(decided, None),
        "verified_at": (detected_at + after).where(decided),
    }


@dataclass
class _Watch:
    """The working cameras of one purpose: stand (n, 2) in EPSG:9214, and pose."""

    stand: FloatArray
    cameras: gpd.GeoDataFrame

    @classmethod
    def of(cls, cameras: gpd.GeoDataFrame, purpose: str) -> _Watch:
        chosen = cameras[(cameras["purpose"] == purpose) & (cameras["status"] == "active")].reset_index(
            drop=True
        )
        return cls(positions(chosen.geometry), chosen)

    def look(
        self, count: int, terrain: ElevationGrid, low_m: float, high_m: float, rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray]:
        """Random places in the cameras' cones, on land of the province within these elevations."""
        tries = 40 * count
        camera = rng.integers(0, len(self.cameras), tries)
        pose = self.cameras.iloc[camera]
        half_view = pose["field_of_view_deg"].to_numpy() / 2
        bearing = np.radians(pose["azimuth_deg"].to_numpy() + half_view * rng.uniform(-0.9, 0.9, tries))
        distance = pose["range_m"].to_numpy() * np.sqrt(rng.uniform(0.04, 0.85, tries))
        position = self.stand[camera] + distance[:, None] * np.column_stack(
            [np.sin(bearing), np.cos(bearing)]
        )
        elevation_m = terrain.sample(*position.T)
        fits = (elevation_m > low_m) & (elevation_m < high_m)
        fits &= shapely.contains_xy(outline().buffer(-_INLAND_M), *position.T)
        chosen = np.flatnonzero(fits)[:count]
        return camera[chosen], position[chosen]


def _fires(towers: _Watch, terrain: ElevationGrid, rng: np.random.Generator) -> _Sightings:
    """Real fires: a tower sees smoke, sees it again, and the next satellite sees the heat."""
    camera, position = towers.look(_FIRES, terrain, 15.0, 900.0, rng)
    day = rng.choice(len(_DAYS), _FIRES, p=_DAYS)
    first = day * 24 + rng.uniform(9.5, 12.4, _FIRES)
    again = first + rng.uniform(0.15, 0.4, _FIRES)
    overhead = day * 24 + rng.choice(_PASS_HOURS[2:], _FIRES)
    return _Sightings(
        np.tile(position, (_SIGHTINGS_OF_A_FIRE, 1)),
        np.concatenate([first, again, overhead]),
        np.concatenate([camera, camera, np.full(_FIRES, -1)]),
    )


def _pass_hour(count: int, rng: np.random.Generator) -> FloatArray:
    return rng.choice(_PASS_HOURS, count) + rng.uniform(-0.2, 0.2, count)


def _report(
    seen: _Sightings, watch: _Watch, terrain: ElevationGrid, series: str, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """What is reported of sightings: time, place with its error, covariance, camera and key."""
    from_space = seen.camera < 0
    covariance = _covariance(seen, watch, terrain, rng)
    error = np.einsum("nij,nj->ni", np.linalg.cholesky(covariance), rng.standard_normal(seen.position.shape))
    # The rare error of kilometres is cut short, so that no alarm is reported from abroad or from the sea.
    error *= np.minimum(1, _INLAND_M / np.hypot(*error.T))[:, None]
    at = (pd.Timestamp(START) + pd.to_timedelta(seen.hour * 3600 // 1, unit="s")).tz_convert("UTC")
    codes = np.where(from_space, None, watch.cameras["code"].to_numpy(dtype=object)[seen.camera])
    sources = np.where(from_space, "VIIRS", codes)
    times = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    lon, lat = metric_to_lonlat(*(seen.position + error).T)
    return gpd.GeoDataFrame(
        {
            "detected_at": at,
            "camera_code": codes,
            "water_depth_m": np.nan,
            "cov_xx_m2": covariance[:, 0, 0],
            "cov_xy_m2": covariance[:, 0, 1],
            "cov_yy_m2": covariance[:, 1, 1],
            "origin_key": [
                f"{source}/{time}/{series}{number}"
                for number, (source, time) in enumerate(zip(sources, times, strict=True), 1)
            ],
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=STORAGE_SRID,
    )


def _covariance(
    seen: _Sightings, watch: _Watch, terrain: ElevationGrid, rng: np.random.Generator
) -> FloatArray:
    """Of the ray from a tower, with its height above the smoke; of a satellite's pixel."""
    camera = np.maximum(seen.camera, 0)
    ahead = seen.position - watch.stand[camera]
    relief_m = terrain.sample(*watch.stand[camera].T) - terrain.sample(*seen.position.T)
    height_m = np.maximum(watch.cameras["mast_height_m"].to_numpy()[camera] + relief_m, _MIN_HEIGHT_M)
    by_ray = ground_covariance(
        bearing_deg(ahead), np.hypot(*ahead.T), height_m, bearing_sigma_deg=0.4, depression_sigma_deg=0.15
    )
    pixel_m = rng.uniform(*_PIXEL_M, (len(ahead), 2))
    by_pixel = (pixel_m**2 / 12)[:, :, None] * np.eye(2)
    return np.where((seen.camera < 0)[:, None, None], by_pixel, by_ray)
