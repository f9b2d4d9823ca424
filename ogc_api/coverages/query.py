"""What part of a surface a request asks for: box, axes, bands, moment and size of the cells."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from gis_core.crs import CRS84_URI, STORAGE_SRID, OutputCRS, parse_crs
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds, Text
from ogc_api.features.query import parse_bbox, parse_interval

PARAMETERS = (
    "bbox", "bbox-crs", "subset", "subset-crs", "datetime", "properties", "crs",
    "scale-factor", "scale-axes", "scale-size", "scaleSize",
)  # fmt: skip

CONFORMANCE = tuple(
    f"http://www.opengis.net/spec/ogcapi-coverages-1/1.0/conf/{name}"
    for name in (
        "core", "coverage-bbox", "coverage-subset", "coverage-datetime", "coverage-scaling",
        "coverage-rangesubset", "geodata-coverage", "oas30",
        # The same by the names of later drafts, and what they add.
        "scaling", "subsetting", "fieldselection", "crs", "geotiff",
    )
)  # fmt: skip

HELP = {
    "subset": Text(
        'Cắt theo trục: Lon(107.5:107.6),Lat(16.4:16.5); thời điểm: time("2025-10-27T20:00+07:00").',
        'A cut along the axes: Lon(107.5:107.6),Lat(16.4:16.5); a moment: time("2025-10-27T20:00+07:00").',
    ),
    "subset-crs": Text("Hệ tọa độ của subset.", "The CRS of subset."),
    "scale-factor": Text("Số lần ô lớn hơn theo mỗi chiều.", "How many times larger cells are, each way."),
    "scale-axes": Text("Như vậy theo từng trục: Lon(2),Lat(4).", "The same by axis: Lon(2),Lat(4)."),
    "scale-size": Text("Số ô cần lấy: Lon(800),Lat(600).", "The numbers of cells wanted: Lon(800),Lat(600)."),
    "scaleSize": Text("Tên cũ của scale-size, GDAL dùng.", "The old name of scale-size, which GDAL uses."),
}
"""What each parameter that coverages alone have asks for."""

_AXES = {"lon": "x", "long": "x", "x": "x", "e": "x", "lat": "y", "y": "y", "n": "y"}
"""The names that clients give the two axes; ``Lon`` and ``Lat`` of CRS84, ``E`` and ``N`` of a grid."""
_OPEN = ".."
"""An end of a range that is left open; clients write a star."""
_PIECE = re.compile(r"\s*([A-Za-z]+)\s*\(\s*([^()]+?)\s*\)\s*(?:,|$)")


class Cut(NamedTuple):
    """What is asked for; of what stands as None nothing is, and all is given.

    ``bounds`` are x first in ``srid``, infinite where an axis is not cut. ``factors`` divide the
    numbers of columns and rows, and ``size`` says these numbers; at most one of the two is given.
    ``crs`` is that of the answer.
    """

    bounds: Bounds | None = None
    srid: int = STORAGE_SRID
    bands: tuple[str, ...] = ()
    until: datetime | None = None
    factors: tuple[float, float] | None = None
    size: tuple[int, int] | None = None
    crs: OutputCRS | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every band and cell is wanted, in whatever CRS."""
        return self.bounds is None and not self.bands and self.factors is None and self.size is None


def parse_cut(given: Mapping[str, str]) -> Cut:
    """What the parameters of a request for a coverage ask for (OGC 19-087).

    Raises:
        InvalidParameterError: one of them cannot be, or two of them contradict each other.
    """
    moments = given.get("datetime")
    crs = parse_crs(given.get("bbox-crs", CRS84_URI), "bbox-crs")
    bounds = parse_bbox(given["bbox"], crs) if "bbox" in given else None
    srid = crs.srid
    subset_crs = parse_crs(given.get("subset-crs", CRS84_URI), "subset-crs")
    if "subset" in given:
        if bounds is not None:
            raise InvalidParameterError("subset", "give either bbox or subset, not both.")
        axes = _ranges(given["subset"])
        if "time" in axes:
            if moments is not None:
                raise InvalidParameterError("subset", "give the time either there or as datetime, not both.")
            moments = "/".join(axes.pop("time"))
        if axes:
            bounds, srid = _bounds(axes), subset_crs.srid
    factors, size = _scale(given)
    return Cut(
        bounds,
        srid,
        tuple(given["properties"].split(",")) if "properties" in given else (),
        None if moments is None else parse_interval(moments).end,
        factors,
        size,
        parse_crs(given["crs"]) if "crs" in given else None,
    )


def _pieces(text: str, parameter: str, example: str) -> dict[str, str]:
    """The values of axes in a text such as ``Lon(107.5:107.6),Lat(16.4:16.5)``."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise InvalidParameterError(parameter, f"{quoted(text)} is not of the form {example}.")
        name = piece[1].lower()
        axis = name if name == "time" else _AXES.get(name)
        if axis is None or axis in found:
            problem = "is given more than once" if axis in found else "is none; there are Lon, Lat and time"
            raise InvalidParameterError(parameter, f"axis {quoted(piece[1])} {problem}.")
        found[axis] = piece[2]
        at = piece.end()
    return found


def _ranges(text: str) -> dict[str, list[str]]:
    pieces = _pieces(text, "subset", "Lon(107.5:107.6),Lat(16.4:16.5)")
    # An instant has colons of its own: it stands in quotation marks.
    quotes = re.compile(r'"([^"]*)"')
    ranges = {}
    for axis, value in pieces.items():
        moments = quotes.findall(value)
        parts = moments if axis == "time" and moments else value.split(":" if axis != "time" else "\0")
        if not 1 <= len(parts) <= 2 or (axis != "time" and len(parts) != 2):
            raise InvalidParameterError("subset", f"{quoted(value)} is no range from:to.")
        ranges[axis] = [_OPEN if part.strip() == "*" else part.strip() for part in parts]
    return ranges


def _bounds(axes: Mapping[str, list[str]]) -> Bounds:
    """The limits along both axes; those of an axis or end that is not given are infinite."""
    try:
        (west, east), (south, north) = (
            (_end(low, -math.inf), _end(high, math.inf))
            for low, high in (axes.get(axis, [_OPEN, _OPEN]) for axis in ("x", "y"))
        )
    except ValueError as error:
        raise InvalidParameterError("subset", "the ends of Lon and Lat must be numbers.") from error
    if not (west < east and south < north):
        raise InvalidParameterError("subset", "each range must begin below its end.")
    return Bounds(west, south, east, north)


def _end(text: str, unbounded: float) -> float:
    value = unbounded if text == _OPEN else float(text)
    if math.isnan(value) or (math.isinf(value) and text != _OPEN):
        raise ValueError(text)
    return value


def _scale(given: Mapping[str, str]) -> tuple[tuple[float, float] | None, tuple[int, int] | None]:
    asked = [name for name in ("scale-factor", "scale-axes", "scale-size", "scaleSize") if name in given]
    if len(asked) > 1:
        raise InvalidParameterError(asked[1], f"give either {asked[0]} or {asked[1]}, not both.")
    if not asked:
        return None, None
    (name,) = asked
    if name == "scale-factor":
        factor = _positive(given[name], name)
        return (factor, factor), None
    example = "Lon(2),Lat(2)" if name == "scale-axes" else "Lon(800),Lat(600)"
    values = _pieces(given[name], name, example)
    if set(values) != {"x", "y"}:
        raise InvalidParameterError(name, f"give both axes, such as {example}.")
    x, y = (_positive(values[axis], name) for axis in ("x", "y"))
    if name == "scale-axes":
        return (x, y), None
    if x != int(x) or y != int(y):
        raise InvalidParameterError(name, "numbers of cells are whole.")
    return None, (int(x), int(y))


def _positive(text: str, parameter: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InvalidParameterError(parameter, f"{quoted(text)} is not a number above 0.")
    return value
