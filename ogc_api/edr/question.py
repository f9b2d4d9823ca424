"""The parameters of an EDR query, read into a ``Question``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import shapely
from starlette.requests import Request

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, parse_crs, transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.serving_settings import OgcApi
from gis_core.types import FloatArray
from layers.edr.base import QueryType, Question, Source, around
from layers.query import Interval
from ogc_api.edr.wkt import Coordinates, parse_coords
from ogc_api.features.query import parse_bbox, parse_interval

METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048}
"""The units of lengths that queries may use, and how many metres they are."""
COMMON = ("datetime", "parameter-name", "crs", "z")
OWN: Mapping[QueryType, tuple[str, ...]] = {
    "position": ("coords",),
    "radius": ("coords", "within", "within-units"),
    "area": ("coords",),
    "cube": ("bbox",),
    "trajectory": ("coords",),
    "corridor": ("coords", "corridor-width", "width-units", "corridor-height", "height-units"),
}
"""The parameters that each query has beside the common ones."""
KINDS: Mapping[QueryType, tuple[str, ...]] = {
    "position": ("POINT", "MULTIPOINT"),
    "radius": ("POINT",),
    "area": ("POLYGON", "MULTIPOLYGON"),
    "trajectory": ("LINESTRING",),
    "corridor": ("LINESTRING",),
}
"""The geometries that each query takes; those of lines may have heights (Z) and instants (M)."""
MOST_M = 200_000.0
"""A radius, or a corridor, is no larger: it reaches across the province already."""

_HEIGHT = r"[-+]?\d{1,6}(\.\d{1,6})?"
Z_PATTERN = rf"^({_HEIGHT}([,/]{_HEIGHT})*|R\d{{1,4}}/{_HEIGHT}/{_HEIGHT})$"
"""A height, several, from/to, or Rn/from/step."""


def read_question(
    source: Source, query: QueryType, given: Mapping[str, str], limits: OgcApi, run: datetime | None = None
) -> Question:
    """What a request asks of a source.

    Raises:
        InvalidParameterError: a parameter is missing, or not of its type; says what is expected.
    """
    crs = read_crs(given)
    asked = replace(_common(source, given, limits), query=query, run=run)
    asked = replace(asked, srid=crs.srid if "crs" in given else None)
    if query == "cube":
        return replace(asked, shape=_box(given, crs))
    shape, moments_s = _coords(query, given, crs, limits)
    if moments_s is not None and "datetime" in given:
        raise InvalidParameterError("datetime", "the line has instants of its own; leave one of them out.")
    if query == "radius":
        return replace(asked, shape=around(shape, _length_m(given, "within", "within-units")))
    if query == "corridor":
        if "corridor-height" in given or "height-units" in given:
            _length_m(given, "corridor-height", "height-units")
        width_m = _length_m(given, "corridor-width", "width-units")
        return replace(asked, shape=shape, interval=asked.interval or _of(moments_s), width_m=width_m)
    return replace(asked, shape=shape, moments_s=moments_s)


def _of(moments_s: FloatArray | None) -> Interval | None:
    """The time from the first instant of a line to its last."""
    if moments_s is None:
        return None
    first, last = (datetime.fromtimestamp(float(one), UTC) for one in (moments_s[0], moments_s[-1]))
    return Interval(first, last)


def location_question(source: Source, given: Mapping[str, str], limits: OgcApi) -> Question:
    """What a request asks of one location.

    Raises:
        InvalidParameterError: a parameter is not of its type.
    """
    read_crs(given)
    return _common(source, given, limits)


def read_crs(given: Mapping[str, str]) -> OutputCRS:
    """The CRS of the coordinates and of the answer; longitude and latitude where none is named."""
    return parse_crs(given.get("crs", CRS84_URI))


def read_bbox(given: Mapping[str, str], crs: OutputCRS) -> shapely.Polygon:
    """A box as an area of EPSG:4326, its edges as they run in ``crs``.

    Raises:
        InvalidParameterError: it is no box.
    """
    west, south, east, north = parse_bbox(given["bbox"], crs)
    if not (west < east and south < north):
        raise InvalidParameterError("bbox", "its lower corner must be below and left of its upper one.")
    area = shapely.box(west, south, east, north)
    if crs.srid != STORAGE_SRID:
        change = transformer(crs.srid, STORAGE_SRID)
        area = shapely.segmentize(area, max(east - west, north - south) / 20)
        area = shapely.transform(area, change.transform, interleaved=False)
    bounds = shapely.bounds(area)
    if not (
        all(map(math.isfinite, bounds)) and abs(bounds[[0, 2]]).max() <= 180 and abs(bounds).max() <= 180
    ):
        raise InvalidParameterError("bbox", f"it reaches beyond where {crs.uri} is defined.")
    return area


def chosen_format(request: Request, formats: Mapping[str, str], default: str) -> str:
    """The format asked for: by ``f``, else the first of the Accept header that there is."""
    asked = request.query_params.get("f")
    if asked is not None:
        return asked
    for kind in request.headers.get("accept", "").split(","):
        name = kind.split(";")[0].strip()
        for one, media_type in formats.items():
            if name == media_type.split(";")[0]:
                return one
    return default


def _common(source: Source, given: Mapping[str, str], limits: OgcApi) -> Question:
    """What all queries have in common; which one it is and of what shape is left to be said."""
    if "z" in given and not re.fullmatch(Z_PATTERN, given["z"]):
        raise InvalidParameterError("z", f"{quoted(given['z'])} is no height, such as 10, 0/100 or R5/0/10.")
    interval = parse_interval(given["datetime"]) if "datetime" in given else None
    parameters = _parameters(source, given)
    return Question("position", shapely.Point(), parameters, limits.edr.max_values, interval)


def _parameters(source: Source, given: Mapping[str, str]) -> tuple[str, ...]:
    if "parameter-name" not in given:
        return tuple(source.parameters)
    names = tuple(dict.fromkeys(name.strip() for name in given["parameter-name"].split(",")))
    unknown = [name for name in names if name not in source.parameters]
    if unknown:
        known = ", ".join(source.parameters)
        raise InvalidParameterError(
            "parameter-name", f"there is no {quoted(unknown[0])}; there are: {known}."
        )
    return names


def _coords(query: QueryType, given: Mapping[str, str], crs: OutputCRS, limits: OgcApi) -> Coordinates:
    kinds = KINDS[query]
    if "coords" not in given:
        raise InvalidParameterError("coords", f"is needed: WKT of {' or '.join(kinds)}.")
    return parse_coords(given["coords"], kinds, crs, limits.edr.max_vertices)


def _box(given: Mapping[str, str], crs: OutputCRS) -> shapely.Polygon:
    if "bbox" not in given:
        raise InvalidParameterError("bbox", "is needed: the lower corner, then the upper one.")
    return read_bbox(given, crs)


def _length_m(given: Mapping[str, str], name: str, units: str) -> float:
    if name not in given or units not in given:
        raise InvalidParameterError(
            name if name not in given else units, "is needed with the other of the two."
        )
    if given[units] not in METRES:
        raise InvalidParameterError(units, f"{quoted(given[units])} is not one of: {', '.join(METRES)}.")
    try:
        length = float(given[name])
    except ValueError:
        length = 0.0
    length_m = length * METRES[given[units]]
    if not 0 < length_m <= MOST_M:
        raise InvalidParameterError(
            name, f"{quoted(given[name])} is not a length from 0 to {MOST_M / 1000:g} km."
        )
    return length_m
