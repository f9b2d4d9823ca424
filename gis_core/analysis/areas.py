"""Points to the area that they lie in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from gis_core.types import IntArray


class Areas:
    """Polygons with an index over them.

    Args:
        codes: the areas' names, all different.
        shapes: a polygon or multipolygon for each, in the CRS of the points to come.
    """

    def __init__(self, codes: Sequence[str], shapes: Sequence[shapely.Geometry]) -> None:
        order = np.argsort(np.array(codes, dtype=object), kind="stable")
        self.codes = tuple(codes[index] for index in order)
        self.shapes = np.array(shapes, dtype=object)[order]
        shapely.prepare(self.shapes)
        self.tree = STRtree(self.shapes)


def containing(areas: Areas, points: NDArray[np.object_]) -> IntArray:
    """The area that holds each point, as the index into the codes; -1 where none does.

    A point on a border belongs to all areas that meet there, and of several areas the one
    whose code sorts first is given. The points have shape (n,), and so has the result.
    """
    found = np.full(len(points), -1, dtype=np.int64)
    in_box, area = areas.tree.query(points)
    order = np.argsort(area, kind="stable")
    in_box, area = in_box[order], area[order]
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    # The first code comes last and so overwrites the others.
    for one in np.unique(area)[::-1]:
        candidates = in_box[np.searchsorted(area, one) : np.searchsorted(area, one, side="right")]
        inside = shapely.intersects_xy(areas.shapes[one], lon[candidates], lat[candidates])
        found[candidates[inside]] = one
    return found
