"""Where a map lies and its size: as a box, or as a centre with a scale (OGC 20-058, clauses 10 to 13)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from pyproj import Geod
from pyproj.exceptions import ProjError

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, crs_uri, parse_crs, transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds
from ogc_api.coverages.cells import Place, filled
from ogc_api.coverages.query import Cut

PARAMETERS = ("crs", "width", "height", "scale-denominator", "mm-per-pixel", "center", "center-crs")
MOST_PX = 4_096
"""The longest side of a picture."""
MOST_PIXELS = 8_000_000
"""What one answer may hold in memory, some hundred megabytes while it is drawn."""
LONGER_SIDE_PX = 1_024
"""Of a picture whose size is not asked for."""
MM_PER_PIXEL = 0.28
"""Of a display that is not told (OGC 20-058, /req/display-resolution/mm-per-pixel-definition)."""

MOST_SCALE = 1e9
"""The whole earth in a few dozen pixels."""

_WGS84 = Geod(ellps="WGS84")
_STEP_M = 100.0
"""Over which the length of a unit of a CRS is measured on the ground."""


class Frame(NamedTuple):
    """Where a picture lies, and its size in pixels."""

    area: Bounds
    crs: OutputCRS
    width_px: int
    height_px: int


def frame_of(given: Mapping[str, str], cut: Cut, whole: Place) -> Frame:
    """The frame that a request asks for; ``whole`` is where all of the surface lies.

    A box is answered as it is, in the size asked for or that of the scale. A centre (without one:
    that of the surface) is answered in the size asked for, at the scale asked for.

    Raises:
        InvalidParameterError: a parameter is not of its type, two contradict each other, the place is
            beyond where the CRS is defined, or the picture would be too large.
    """
    crs = parse_crs(given["crs"]) if "crs" in given else parse_crs(crs_uri(whole.srid))
    center_crs = parse_crs(given.get("center-crs", CRS84_URI), "center-crs")
    cut, m_per_px = filled(cut, whole), _m_per_px(given)
    width, height = (_pixels(given, name) for name in ("width", "height"))
    if cut.bounds is not None:
        if "center" in given:
            raise InvalidParameterError("center", "give either a centre or a box, not both.")
        if m_per_px is not None and (width is not None or height is not None):
            raise InvalidParameterError(
                "scale-denominator", "give either a scale or a size together with a box, not both."
            )
        area = _moved(cut.bounds, cut.srid, crs.srid)
        if m_per_px is not None:
            across_m, up_m = _lengths_m(area, crs.srid)
            width, height = (max(1, round(length / m_per_px)) for length in (across_m, up_m))
    elif m_per_px is None and "center" not in given:
        area = _moved(whole.bounds, whole.srid, crs.srid)
    else:
        width, height = width or height or LONGER_SIDE_PX, height or width or LONGER_SIDE_PX
        size_px = (width, height)
        area = _around(given.get("center"), center_crs, whole, crs.srid, m_per_px=m_per_px, size_px=size_px)
    return Frame(area, crs, *_size_px(width, height, area))


def _around(
    center: str | None,
    center_crs: OutputCRS,
    whole: Place,
    srid: int,
    *,
    m_per_px: float | None,
    size_px: tuple[int, int],
) -> Bounds:
    """The area around a centre; without a scale a pixel is as large as it is where all is drawn."""
    if center is not None:
        first, second = _coordinates(center)
        lon_like, lat_like = (second, first) if center_crs.y_first else (first, second)
        source = center_crs.srid
    else:
        west, south, east, north = whole.bounds
        lon_like, lat_like, source = (west + east) / 2, (south + north) / 2, whole.srid
    x, y = transformer(source, srid).transform(lon_like, lat_like)
    lon, lat = transformer(source, STORAGE_SRID).transform(lon_like, lat_like)
    if not (abs(lon) <= 180 and abs(lat) <= 90 and math.isfinite(x) and math.isfinite(y)):
        raise InvalidParameterError("center", f"lies beyond where EPSG:{srid} is defined.")
    if m_per_px is None:
        across_m, up_m = _lengths_m(_moved(whole.bounds, whole.srid, srid), srid)
        m_per_px = max(across_m, up_m) / LONGER_SIDE_PX
    unit_x_m, unit_y_m = _unit_m(x, y, srid)
    half_x, half_y = (
        side_px * m_per_px / unit_m / 2 for side_px, unit_m in zip(size_px, (unit_x_m, unit_y_m), strict=True)
    )
    area = Bounds(x - half_x, y - half_y, x + half_x, y + half_y)
    if not (all(map(math.isfinite, area)) and area.west < area.east and area.south < area.north):
        raise InvalidParameterError("scale-denominator", "gives an area that is too small or too large.")
    return area


def _unit_m(x: float, y: float, srid: int) -> tuple[float, float]:
    """How long a unit of a CRS is on the ground at a place, along x and along y, in metres."""
    to_ground, to_grid = transformer(srid, STORAGE_SRID), transformer(STORAGE_SRID, srid)
    lon, lat = to_ground.transform(x, y)
    lengths = []
    for azimuth_deg in (90.0, 0.0):
        beside_lon, beside_lat, _ = _WGS84.fwd(lon, lat, azimuth_deg, _STEP_M)
        beside_x, beside_y = to_grid.transform(beside_lon, beside_lat)
        lengths.append(_STEP_M / math.hypot(beside_x - x, beside_y - y))
    if not all(math.isfinite(length) and length > 0 for length in lengths):
        raise InvalidParameterError("center", f"lies beyond where EPSG:{srid} is defined.")
    return lengths[0], lengths[1]


def _lengths_m(area: Bounds, srid: int) -> tuple[float, float]:
    """How long an area is on the ground through its middle, across and up, in metres."""
    middle_x, middle_y = (area.west + area.east) / 2, (area.south + area.north) / 2
    to_ground = transformer(srid, STORAGE_SRID)
    lon, lat = to_ground.transform(
        [area.west, area.east, middle_x, middle_x], [middle_y, middle_y, area.south, area.north]
    )
    if not all(map(math.isfinite, (*lon, *lat))):
        raise InvalidParameterError(
            "scale-denominator", f"the box reaches beyond where EPSG:{srid} is defined."
        )
    _, _, across_m = _WGS84.inv(lon[0], lat[0], lon[1], lat[1])
    _, _, up_m = _WGS84.inv(lon[2], lat[2], lon[3], lat[3])
    return across_m, up_m


def _moved(area: Bounds, source: int, target: int) -> Bounds:
    if source == target:
        moved = area
    else:
        try:
            moved = Bounds(*transformer(source, target).transform_bounds(*area, errcheck=True))
        except ProjError as error:
            raise InvalidParameterError("bbox", f"reaches beyond where EPSG:{target} is defined.") from error
    if not (all(map(math.isfinite, moved)) and moved.west < moved.east and moved.south < moved.north):
        raise InvalidParameterError("bbox", "must have a width and a height.")
    return moved


def _size_px(width: int | None, height: int | None, area: Bounds) -> tuple[int, int]:
    """Width and height; what is not given follows from the shape of the area."""
    shape = (area.east - area.west) / (area.north - area.south)
    if width is None and height is None:
        width = LONGER_SIDE_PX if shape >= 1 else round(LONGER_SIDE_PX * shape)
    if width is None:
        width = round((height or 1) * shape)
    if height is None:
        height = round(width / shape)
    width, height = (min(max(side, 1), MOST_PX) for side in (width, height))
    if width * height > MOST_PIXELS:
        raise InvalidParameterError(
            "width", f"{width} × {height} is more than {MOST_PIXELS:,} pixels; ask for a smaller picture."
        )
    return width, height


def _m_per_px(given: Mapping[str, str]) -> float | None:
    """How much ground a pixel shows, None where no scale is asked for."""
    mm_per_px = _positive(given, "mm-per-pixel") or MM_PER_PIXEL
    scale = _positive(given, "scale-denominator")
    return None if scale is None else scale * mm_per_px / 1000


def _positive(given: Mapping[str, str], name: str) -> float | None:
    if name not in given:
        return None
    try:
        value = float(given[name])
    except ValueError:
        value = 0.0
    if not 0 < value <= MOST_SCALE:
        raise InvalidParameterError(name, f"{quoted(given[name])} is not a number above 0.")
    return value


def _coordinates(text: str) -> tuple[float, float]:
    try:
        first, second = map(float, text.split(","))
    except ValueError as error:
        raise InvalidParameterError("center", f"{quoted(text)} is not two numbers with a comma.") from error
    if not (math.isfinite(first) and math.isfinite(second)):
        raise InvalidParameterError("center", "its numbers must be finite.")
    return first, second


def _pixels(given: Mapping[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PX)) and 1 <= int(text) <= MOST_PX
    ):
        raise InvalidParameterError(name, f"{quoted(text)} is not a whole number from 1 to {MOST_PX}.")
    return int(text)
