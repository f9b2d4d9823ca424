"""What environmental data are asked for and answered with, whatever protocol carries them.

A ``Source`` says which collection it extends, its parameters, and what can be asked of it; its
answers are columns of numbers over one of three domains. NaN is what is not known: a value that
nobody observed is never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np
import shapely
from sqlalchemy import Connection

from gis_core.crs import lonlat_to_metric, metric_to_lonlat
from gis_core.errors import InvalidParameterError
from gis_core.types import FloatArray, Text
from layers.query import Interval

QueryType = Literal["position", "radius", "area", "cube", "trajectory", "corridor"]


class Category(NamedTuple):
    """One value of a parameter that is no quantity: ``number`` stands for it in the columns."""

    number: int
    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Parameter:
    """One quantity with its unit, whose ``code`` is that of UCUM; or one of ``categories``, without unit.

    ``definition`` is a URI that says what is meant.
    """

    name: str
    title: Text
    definition: str
    symbol: str = "1"
    unit: str = "one"
    code: str = "1"
    categories: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a source.

    ``shape`` is in EPSG:4326, x first: one or several points (position), an area (radius, area, cube),
    or a line (trajectory, corridor). ``width_m`` is that of the whole corridor. ``moments_s`` gives the
    instant of each vertex of a trajectory, in seconds since 1970. ``srid`` is that of the cells
    wanted, None for those of the surface itself. ``run`` is the dated run that is meant.
    """

    query: QueryType
    shape: shapely.Geometry
    parameters: tuple[str, ...]
    most_values: int
    interval: Interval | None = None
    width_m: float = 0.0
    moments_s: FloatArray | None = None
    srid: int | None = None
    run: datetime | None = None

    def check(self, values: int) -> None:
        """Refuse an answer of so many values, if they are too many.

        Raises:
            InvalidParameterError: they are.
        """
        if values > self.most_values:
            raise InvalidParameterError(
                "datetime" if self.query == "position" else "coords",
                f"the answer would hold more than {self.most_values:,} values; "
                "ask for a shorter time, a smaller place or fewer parameters.",
            )


@dataclass(frozen=True, slots=True)
class PointSeries:
    """One place, EPSG:4326, over time."""

    lon: float
    lat: float
    times: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Places along a way, EPSG:4326, each at its instant; shapes (n,)."""

    lon: FloatArray
    lat: FloatArray
    times: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class Grid:
    """The centres of cells over time, in the units of ``srid``; ``y`` descends."""

    x: FloatArray
    y: FloatArray
    times: Sequence[datetime]
    srid: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Columns over one domain, by the names of their parameters.

    Of a series and a trajectory they have shape (n,), of a grid (times, rows, columns). ``shape`` is
    the real one of the place, EPSG:4326, where that is more than a point; ``location`` is what the source
    calls it, where it is one of its locations.
    """

    id: str
    label: str
    domain: PointSeries | Trajectory | Grid
    values: Mapping[str, FloatArray]
    simulated: bool
    shape: shapely.Geometry | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A place that a source knows by name; ``shape`` is in EPSG:4326."""

    id: str
    label: str
    shape: shapely.Geometry


class Run(NamedTuple):
    """A dated run of a source, and the instant that it shows."""

    id: str
    at: datetime


Ends = tuple[datetime, datetime] | None
"""The first and the last instant of a source; None where it holds nothing."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Environmental data of one collection.

    ``collection`` is the name of the layer or surface whose collection it extends. ``notes`` say what
    is answered and which time is meant where none is given. ``location`` answers for one
    place of ``locations`` (None where there is none of that name). ``runs`` lists the dated runs,
    newest last; a source without any has no instances.
    """

    collection: str
    parameters: Mapping[str, Parameter]
    queries: tuple[QueryType, ...]
    notes: Text
    ends: Callable[[Connection], Ends]
    answer: Callable[[Connection, Question], Sequence[Coverage]]
    locations: Callable[[Connection, shapely.Geometry | None], Sequence[Location]] | None = None
    location: Callable[[Connection, str, Question], Sequence[Coverage] | None] | None = None
    runs: Callable[[], Sequence[Run]] | None = None
    items: bool = False
    """Whether the collection has features of its own, which EDR calls items."""


def by_name(*parameters: Parameter) -> Mapping[str, Parameter]:
    """Parameters by their names, in order."""
    return {one.name: one for one in parameters}


def circle(lon: float, lat: float, radius_m: float) -> shapely.Polygon:
    """What lies within a distance of a place, EPSG:4326, right to a hundred-thousandth of the distance.

    Raises:
        InvalidParameterError: the place lies outside the grid on which distances are measured.
    """
    return around(shapely.Point(lon, lat), radius_m)


def around(shape: shapely.Geometry, distance_m: float) -> shapely.Polygon:
    """What lies within a distance of a shape in EPSG:4326, measured in EPSG:9214.

    Raises:
        InvalidParameterError: it lies outside that grid.
    """

    west, _, east, _ = shapely.bounds(shape)
    if not (west >= _MERIDIAN_DEG - _REACH_DEG and east <= _MERIDIAN_DEG + _REACH_DEG):
        raise InvalidParameterError("coords", "they lie outside the grid of EPSG:9214, which measures here.")
    made = shapely.buffer(shapely.transform(shape, _metric), distance_m, quad_segs=180)
    return shapely.transform(made, _geographic)


_MERIDIAN_DEG, _REACH_DEG = 107.0, 15.0
"""The central meridian of EPSG:9214, and how far from it a transverse Mercator grid is still one."""


def _metric(degrees: FloatArray) -> FloatArray:
    return np.column_stack(lonlat_to_metric(*degrees.T))


def _geographic(metres: FloatArray) -> FloatArray:
    return np.column_stack(metric_to_lonlat(*metres.T))
