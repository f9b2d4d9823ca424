"""Coordinate reference systems: which ones the service speaks, and how it measures.

Geometries are stored in EPSG:4326 with x = longitude and y = latitude. Lengths,
areas and densities are measured in EPSG:9214 (VN-2000 / TM-3 107-00), the grid whose
area of use names Thừa Thiên-Huế. PROJ picks the datum operation; WGS 84 and VN-2000
coordinates differ by about 225 m here, so a null shift would be plainly wrong.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache

import geopandas as gpd
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gis_core.errors import CRSMismatchError, InvalidParameterError, quoted
from gis_core.types import FloatArray

STORAGE_SRID = 4326
METRIC_SRID = 9214
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SERVED_SRIDS = (4326, 3857, 9214, 3405, 3406, 4756)
"""EPSG codes the API answers in, besides CRS84."""

_VN2000_LON = (106.0, 109.0)
_VN2000_LAT = (8.0, 24.0)
_CRS_URI = re.compile(
    r"^(?:https?://www\.opengis\.net/def/crs/EPSG/[\w.]+/|urn:ogc:def:crs:EPSG:[\w.]*:)(\d+)$"
)
_CRS_SHORT = re.compile(r"^(?:\[?EPSG:)(\d+)\]?$", re.IGNORECASE)


@cache
def transformer(source: int | str, target: int | str) -> Transformer:
    """A cached transformer with x first on both sides (longitude or easting)."""
    return Transformer.from_crs(source, target, always_xy=True)


def crs_uri(srid: int) -> str:
    """The OGC URI of an EPSG code."""
    return f"http://www.opengis.net/def/crs/EPSG/0/{srid}"


def served_crs_uris() -> list[str]:
    """Every CRS that the API answers in, CRS84 first."""
    return [CRS84_URI, *(crs_uri(srid) for srid in SERVED_SRIDS)]


class OutputCRS:
    """A CRS as a request names it: the EPSG code, and whether y comes first in it."""

    __slots__ = ("srid", "uri", "y_first")

    def __init__(self, uri: str, srid: int, *, y_first: bool) -> None:
        self.uri = uri
        self.srid = srid
        self.y_first = y_first

    def __repr__(self) -> str:
        return f"OutputCRS({self.uri})"


@lru_cache(maxsize=256)
def parse_crs(text: str, parameter: str = "crs") -> OutputCRS:
    """Read ``CRS84``, an OGC CRS URL or URN, or ``EPSG:n``; the axis order is the authority's.

    Raises:
        InvalidParameterError: the text names no CRS that the service answers in.
    """
    if text in (CRS84_URI, "CRS84", "OGC:CRS84", "[OGC:CRS84]"):
        return OutputCRS(CRS84_URI, STORAGE_SRID, y_first=False)
    match = _CRS_URI.match(text) or _CRS_SHORT.match(text)
    if match is None or int(match[1]) not in SERVED_SRIDS:
        served = ", ".join(f"EPSG:{srid}" for srid in SERVED_SRIDS)
        raise InvalidParameterError(
            parameter, f"{quoted(text)} is not served; choose CRS84 or one of {served}."
        )
    srid = int(match[1])
    return OutputCRS(crs_uri(srid), srid, y_first=is_y_first(srid))


@cache
def is_y_first(srid: int) -> bool:
    """Whether the authority lists northing or latitude before easting or longitude."""
    return CRS(srid).axis_info[0].direction == "north"


@cache
def is_geographic(srid: int) -> bool:
    """Whether coordinates are degrees of longitude and latitude."""
    return bool(CRS(srid).is_geographic)


def read_crs(text: str, source: str) -> CRS:
    """A CRS from an EPSG code, WKT or PROJ text found in ``source``.

    Raises:
        CRSMismatchError: PROJ does not know it.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise CRSMismatchError(
            f"{source}: {quoted(text)} is not a known coordinate reference system."
        ) from error


def is_metric_grid(crs: CRS) -> bool:
    """Whether lengths on a CRS's grid are metres of ground: projected, in metres and true to scale."""
    operation = crs.coordinate_operation
    method = "" if operation is None else operation.method_name
    in_metres = all(math.isclose(axis.unit_conversion_factor, 1.0) for axis in crs.axis_info[:2])
    return bool(crs.is_projected and in_metres and ("Transverse" in method or "Mercator" not in method))


def local_grid_srid(lon: float, lat: float) -> int:
    """A metric grid for a place in degrees: EPSG:9214 where its zone reaches, else its UTM zone (WGS 84)."""
    if _VN2000_LON[0] <= lon <= _VN2000_LON[1] and _VN2000_LAT[0] <= lat <= _VN2000_LAT[1]:
        return METRIC_SRID
    zone = min(60, int((lon + 180) // 6) + 1)
    return (32600 if lat >= 0 else 32700) + zone


def to_metric(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Geometries in EPSG:9214, so that lengths are metres and areas square metres."""
    return geometry.to_crs(METRIC_SRID)


def lonlat_to_metric(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Degrees in EPSG:4326 to metres in EPSG:9214; arrays of one shape in, two of it out."""
    x, y = transformer(STORAGE_SRID, METRIC_SRID).transform(lon, lat)
    return x, y


def metric_to_lonlat(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Metres in EPSG:9214 to degrees in EPSG:4326; arrays of one shape in, two of it out."""
    lon, lat = transformer(METRIC_SRID, STORAGE_SRID).transform(x, y)
    return lon, lat
