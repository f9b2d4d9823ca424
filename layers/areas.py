"""Boxes and shapes that a request gives, as they are in EPSG:4326."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from gis_core.crs import STORAGE_SRID, OutputCRS, transformer
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds

_FARTHEST_M = 1e8
"""Beyond the coordinates that any projected CRS has on Earth."""
_EDGE_PARTS = 32
"""A box's edge is cut into so many parts before it is transformed, for straight lines bend."""


def search_area(bbox: Bounds, srid: int, parameter: str = "bbox") -> BaseGeometry:
    """The box in EPSG:4326, as the shape that it has there.

    Raises:
        InvalidParameterError: its south is beyond its north, or it has no place on Earth.
    """
    west, south, east, north = bbox
    geographic = CRS(srid).is_geographic
    if south > north or (west > east and not geographic):
        raise InvalidParameterError(parameter, "the lower corner comes first, then the upper one.")
    beyond = InvalidParameterError(parameter, f"the box reaches beyond where EPSG:{srid} is defined.")
    if not geographic and max(map(abs, bbox)) > _FARTHEST_M:
        raise beyond
    if geographic:
        west, east = (min(max(lon, -180.0), 180.0) for lon in (west, east))
        south, north = (min(max(lat, -90.0), 90.0) for lat in (south, north))
    if west > east:
        area = shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))
    else:
        area = shapely.box(west, south, east, north)
    if srid == STORAGE_SRID:
        return area
    longest = max(east - west, north - south)
    if longest > 0:
        area = shapely.segmentize(area, longest / _EDGE_PARTS)
    here = shapely.transform(area, transformer(srid, STORAGE_SRID).transform, interleaved=False)
    if not shapely.is_valid(here) and area.area > 0:
        raise beyond
    return here


_EDGE_M = 500.0
"""An edge of this length bends by 2 mm between a projected CRS and degrees here."""
_MOST_EDGES = 20_000


def in_storage_crs(shape: BaseGeometry, crs: OutputCRS, parameter: str) -> BaseGeometry:
    """A shape of ``crs``, in its axis order, as the flat one that it is in EPSG:4326.

    Long edges are cut before they are transformed, for straight lines bend.

    Raises:
        InvalidParameterError: it is empty or not valid, or has no place on Earth.
    """
    flat = shapely.force_2d(shape)
    if flat.is_empty or not np.isfinite(flat.bounds).all():
        raise InvalidParameterError(parameter, "a geometry in it has no coordinates.")
    if not shapely.is_valid(flat):
        why = shapely.is_valid_reason(flat)
        raise InvalidParameterError(parameter, f"a geometry in it is not valid: {why}.")
    if crs.y_first:
        flat = shapely.transform(flat, lambda y, x: (x, y), interleaved=False)
    geographic = CRS(crs.srid).is_geographic
    beyond = InvalidParameterError(
        parameter, f"a geometry in it reaches beyond where EPSG:{crs.srid} is defined."
    )
    farthest_x, farthest_y = (180.0, 90.0) if geographic else (_FARTHEST_M, _FARTHEST_M)
    west, south, east, north = flat.bounds
    if max(-west, east) > farthest_x or max(-south, north) > farthest_y:
        raise beyond
    if crs.srid == STORAGE_SRID:
        return flat
    if not geographic:
        flat = shapely.segmentize(flat, max(_EDGE_M, flat.length / _MOST_EDGES))
    here = shapely.transform(flat, transformer(crs.srid, STORAGE_SRID).transform, interleaved=False)
    if not np.isfinite(here.bounds).all() or not shapely.is_valid(here):
        raise beyond
    return here
