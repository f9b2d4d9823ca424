"""From hand-drawn WKT to the smooth shapes of rivers and roads, in EPSG:9214."""

from __future__ import annotations

import re
import unicodedata

import geopandas as gpd
import numpy as np
import shapely
from scipy.interpolate import Akima1DInterpolator, PchipInterpolator

from gis_core.crs import METRIC_SRID, STORAGE_SRID, lonlat_to_metric, to_metric, transformer
from gis_core.types import FloatArray
from layers.sample.geography import CITY_CENTRE


def metric(wkt: str) -> shapely.Geometry:
    """A WKT geometry in degrees as a geometry in EPSG:9214; Z stays as it is."""
    return to_metric(gpd.GeoSeries([shapely.from_wkt(wkt)], crs=STORAGE_SRID)).iloc[0]


def metric_point(lon: float, lat: float) -> FloatArray:
    """A position in degrees as x and y in EPSG:9214, shape (2,)."""
    return np.array(transformer(STORAGE_SRID, METRIC_SRID).transform(lon, lat))


def metric_points(wkt: str) -> tuple[FloatArray, FloatArray]:
    """Positions, shape (n, 2) in EPSG:9214, and Z, shape (n,), of a WKT geometry in degrees."""
    lon, lat, z = shapely.get_coordinates(shapely.from_wkt(wkt), include_z=True).T
    return np.column_stack(lonlat_to_metric(lon, lat)), z


def positions(points: gpd.GeoSeries) -> FloatArray:
    """Positions in EPSG:9214 of points in any CRS, shape (n, 2)."""
    return np.asarray(shapely.get_coordinates(to_metric(points).to_numpy()))


def curve(points: FloatArray, step_m: float) -> tuple[FloatArray, FloatArray]:
    """A smooth line through points, by Akima's spline over the length of the chords.

    Args:
        points: shape (n, 2), n >= 2, in EPSG:9214.
        step_m: greatest distance between the vertices that come back.

    Returns:
        Vertices, shape (m, 2), the given points exactly among them, and the chord length
        at each vertex, shape (m,).
    """
    chord = np.concatenate([[0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    even = np.arange(0, chord[-1], step_m)
    distance = np.union1d(even[np.abs(even[:, None] - chord).min(axis=1) > step_m / 4], chord)
    if len(points) == 2:
        return np.column_stack([np.interp(distance, chord, axis) for axis in points.T]), distance
    return np.asarray(Akima1DInterpolator(chord, points)(distance)), distance


def falling(chord: FloatArray, bed_m: FloatArray, distance: FloatArray) -> FloatArray:
    """Bed elevations between given ones, nowhere rising where the given ones fall (PCHIP)."""
    return np.asarray(PchipInterpolator(chord, bed_m)(distance))


def from_centre_m(position: FloatArray) -> FloatArray:
    """Distance of positions in EPSG:9214 from the middle of the city, shape (n, 2) to (n,)."""
    return np.asarray(np.hypot(*(position - metric_point(*CITY_CENTRE)).T))


def bearing_deg(ahead: FloatArray) -> FloatArray:
    """Bearings clockwise from grid north of vectors, shape (n, 2) to (n,)."""
    return np.asarray(np.degrees(np.arctan2(ahead[:, 0], ahead[:, 1])))


def slug(name: str) -> str:
    """A code from a Vietnamese name: ``Phú Ốc`` becomes ``phu-oc``."""
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
