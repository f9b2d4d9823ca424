"""Coordinates of a query: Well-Known Text of bounded size, in the CRS that the request names."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_core.crs import STORAGE_SRID, OutputCRS, transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import FloatArray

_KIND = re.compile(r"^\s*([A-Za-z]+)")
_LATEST_S = 253_402_300_799.0
"""The last second of the year 9999."""


class Coordinates(NamedTuple):
    """A geometry in EPSG:4326, x first, and the instants of its vertices in seconds since 1970."""

    shape: shapely.Geometry
    moments_s: FloatArray | None


def parse_coords(text: str, kinds: tuple[str, ...], crs: OutputCRS, most_vertices: int) -> Coordinates:
    """A geometry of one of some kinds; heights are passed over, and measures are instants.

    Args:
        text: WKT in the axis order of ``crs``.
        kinds: names of WKT geometries without the letters of their dimensions, such as ``LINESTRING``.
        crs: of the coordinates.
        most_vertices: so many there may be.

    Raises:
        InvalidParameterError: it is none of these, is too large, has no area or length where one is
            needed, or lies beyond where its CRS is defined.
    """
    found = _KIND.match(text)
    kind = "" if found is None else found[1].upper()
    # Checked before it is parsed: nothing but these simple kinds ever reaches the parser.
    if kind.removesuffix("ZM").removesuffix("Z").removesuffix("M") not in kinds:
        raise InvalidParameterError("coords", f"{quoted(text)} is not WKT of {' or '.join(kinds)}.")
    if text.count(",") >= most_vertices:
        raise InvalidParameterError("coords", f"there are more than {most_vertices:,} vertices.")
    try:
        with np.errstate(all="ignore"):
            shape = shapely.from_wkt(text)
    except shapely.errors.ShapelyError as error:
        reason = str(error).strip().split(": ", 1)[-1]
        raise InvalidParameterError("coords", f"{quoted(text)} cannot be read: {reason}.") from error
    if shape.is_empty:
        raise InvalidParameterError("coords", "the geometry is empty.")
    moments_s = _moments(shape) if shape.has_m else None
    located = shapely.transform(shapely.force_2d(shape), lambda given: _to_storage(given, crs))
    if isinstance(located, shapely.Polygon | shapely.MultiPolygon) and not located.is_valid:
        raise InvalidParameterError("coords", f"the area is not valid: {shapely.is_valid_reason(located)}.")
    if isinstance(located, shapely.LineString) and located.length == 0:
        raise InvalidParameterError("coords", "the line has no length.")
    return Coordinates(located, moments_s)


def _to_storage(given: NDArray[np.float64], crs: OutputCRS) -> NDArray[np.float64]:
    x, y = given[:, ::-1].T if crs.y_first else given.T
    if crs.srid != STORAGE_SRID:
        x, y = transformer(crs.srid, STORAGE_SRID).transform(x, y)
    made = np.column_stack((x, y))
    if not (np.isfinite(made).all() and (abs(made) <= (180.0, 90.0)).all()):
        raise InvalidParameterError("coords", f"a coordinate lies beyond where {crs.uri} is defined.")
    return made


def _moments(shape: shapely.Geometry) -> FloatArray:
    moments_s: FloatArray = shapely.get_coordinates(shape, include_m=True)[:, 2]
    if not (np.isfinite(moments_s).all() and (abs(moments_s) <= _LATEST_S / 2).all()):
        raise InvalidParameterError("coords", "measures are instants, in seconds since 1970-01-01T00:00Z.")
    if (np.diff(moments_s) < 0).any():
        raise InvalidParameterError("coords", "the instants of a trajectory must not go back in time.")
    return moments_s
