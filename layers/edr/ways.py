"""Places along a drawn way, with the instants at which it passes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from gis_core.errors import InvalidParameterError
from gis_core.types import FloatArray


class Way(NamedTuple):
    """Places in order, shapes (n,); ``at_s`` in seconds since 1970, None where the way has no times."""

    x: FloatArray
    y: FloatArray
    at_s: FloatArray | None


def along_way(line: shapely.LineString, at_s: FloatArray | None, step: float, most: int) -> Way:
    """The vertices of a line, and places between them so that none are farther apart than a step.

    Between two vertices the way is passed at an even speed.

    Args:
        line: in the units of some CRS.
        at_s: the instant of each vertex, or None.
        step: in the same units.
        most: the places that there may be.

    Raises:
        InvalidParameterError: there would be more, or the line reaches beyond its CRS.
    """
    x, y = shapely.get_coordinates(line).T
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise InvalidParameterError("coords", "the line reaches beyond where the surface's CRS is defined.")
    lengths = np.hypot(np.diff(x), np.diff(y))
    pieces = np.maximum(1, np.ceil(lengths / step))
    if pieces.sum() + 1 > most:
        raise InvalidParameterError(
            "coords", f"the line passes more than {most:,} cells; ask for a shorter one."
        )
    vertices = np.arange(len(x), dtype=np.float64)
    places = np.concatenate(
        [n + np.arange(count) / count for n, count in enumerate(pieces.astype(np.int64).tolist())]
        + [vertices[-1:]]
    )
    return Way(
        np.interp(places, vertices, x),
        np.interp(places, vertices, y),
        None if at_s is None else np.interp(places, vertices, at_s),
    )
