"""The rivers as smooth courses, each with a bed that only falls."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import shapely

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import FloatArray
from layers.sample.geography import RIVERS, River
from layers.sample.shapes import curve, falling, metric_points, slug

_STEP_M = 60.0
_MEANDER_M = 350.0
_MEANDER_LENGTH_M = 2200.0


@dataclass(frozen=True)
class Course:
    """A river's centre line, shape (n, 2) in EPSG:9214, and its bed in metres, shape (n,), falling."""

    river: River
    points: FloatArray
    bed_m: FloatArray

    @property
    def line(self) -> shapely.LineString:
        """The centre line in EPSG:9214."""
        return shapely.LineString(self.points)


@cache
def courses() -> tuple[Course, ...]:
    """Every river, main ones first."""
    return tuple(_course(river) for river in RIVERS)


def _course(river: River) -> Course:
    knots, bed_m = metric_points(river.course)
    points, distance = curve(knots, _STEP_M)
    chord = np.concatenate([[0], np.hypot(*np.diff(knots, axis=0).T).cumsum()])
    bed = falling(chord, bed_m, distance)
    return Course(river, points + _meander(points, bed), bed)


def _meander(points: FloatArray, bed_m: FloatArray) -> FloatArray:
    """How far a mountain river strays; none in the plain, where the course is known better.

    It depends on place and height alone, so that rivers still meet where they met.
    """
    x, y = points.T * 2 * np.pi / _MEANDER_LENGTH_M
    stray = np.column_stack(
        [np.sin(x + 1.3 * np.sin(y)) + np.sin(1.7 * y), np.sin(y + 1.1 * np.sin(x)) + np.sin(1.9 * x)]
    )
    return stray * _MEANDER_M / 2 * np.clip((bed_m - 1.0) / 25, 0, 1)[:, None]


def river_layer() -> gpd.GeoDataFrame:
    """The layer ``rivers``."""
    every = courses()
    frame = gpd.GeoDataFrame(
        {
            "code": [slug(course.river.name.removeprefix("Sông ")) for course in every],
            "name": [course.river.name for course in every],
            "flows_into": [course.river.flows_into for course in every],
            "width_m": [course.river.width_m for course in every],
        },
        geometry=[course.line for course in every],
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)
