"""The geometry of a camera on its mast: what it covers, and how sure a sighting is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import FloatArray

_ARC_STEPS = 12


def view_cone(
    position: gpd.GeoSeries, azimuth_deg: pd.Series, field_of_view_deg: pd.Series, range_m: pd.Series
) -> gpd.GeoSeries:
    """Flat sectors seen by cameras, without terrain or obstacles.

    Args:
        position: points in any CRS, shape (n,).
        azimuth_deg: headings clockwise from true north, shape (n,).
        field_of_view_deg: horizontal angles, shape (n,).
        range_m: radii, shape (n,).

    Returns:
        Polygons in EPSG:4326 with the index of ``position``. Grid north stands for true
        north; on this grid the two differ by less than 0.4° inside the province.
    """
    centre = position.to_crs(METRIC_SRID)
    x, y = centre.x.to_numpy()[:, None], centre.y.to_numpy()[:, None]
    half = np.asarray(field_of_view_deg, float)[:, None] / 2
    bearing = np.radians(np.asarray(azimuth_deg, float)[:, None] + half * np.linspace(-1, 1, _ARC_STEPS + 1))
    radius = np.asarray(range_m, float)[:, None]
    ring_x = np.hstack([x, x + radius * np.sin(bearing), x])
    ring_y = np.hstack([y, y + radius * np.cos(bearing), y])
    cones = shapely.polygons(np.stack([ring_x, ring_y], axis=-1))
    return gpd.GeoSeries(cones, index=position.index, crs=METRIC_SRID).to_crs(STORAGE_SRID)


def ground_covariance(
    bearing_deg: FloatArray,
    distance_m: FloatArray,
    mast_height_m: FloatArray | float,
    bearing_sigma_deg: float,
    depression_sigma_deg: float,
) -> FloatArray:
    """Covariance of positions found by a ray that meets flat ground.

    Across the ray the error is R·σ_bearing; along it (R² + h²)/h·σ_depression, from
    R = h / tan(depression). Small-angle propagation of two independent angles.

    Args:
        bearing_deg: clockwise from grid north, shape (n,).
        distance_m: horizontal distance R from the mast's foot, shape (n,).
        mast_height_m: height h of the lens above the ground, shape (n,) or scalar.
        bearing_sigma_deg: standard error of the bearing.
        depression_sigma_deg: standard error of the angle below the horizon.

    Returns:
        Shape (n, 2, 2) in m², x east and y north in the grid of the bearing.
    """
    bearing = np.radians(bearing_deg)
    height = np.broadcast_to(mast_height_m, bearing.shape)
    across = distance_m * np.radians(bearing_sigma_deg)
    along = (distance_m**2 + height**2) / height * np.radians(depression_sigma_deg)
    ahead = np.stack([np.sin(bearing), np.cos(bearing)], axis=-1)
    aside = np.stack([np.cos(bearing), -np.sin(bearing)], axis=-1)
    covariance: FloatArray = (
        along[:, None, None] ** 2 * ahead[:, :, None] * ahead[:, None, :]
        + across[:, None, None] ** 2 * aside[:, :, None] * aside[:, None, :]
    )
    return covariance
