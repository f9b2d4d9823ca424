"""Traffic on the stretches of road that a camera sees, from the vehicles in its frames.

The density of a frame is the vehicles on a stretch divided by its length; over several frames
it is Edie's density of that area of space-time (Edie 1963).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_core.types import FloatArray, IntArray


class DetectorQuality(NamedTuple):
    """How a detector counts: of what it finds so much is there, of what is there it finds so much.

    Each is one number, or one for each class in an array of shape (classes,), with its standard error.
    """

    precision: FloatArray | float = 1.0
    recall: FloatArray | float = 1.0
    precision_sigma: FloatArray | float = 0.0
    recall_sigma: FloatArray | float = 0.0


PERFECT = DetectorQuality()


class StretchTraffic(NamedTuple):
    """Traffic on n stretches with standard errors; all arrays have shape (n,).

    ``vehicles`` is the mean number present, corrected for what the detector misses and makes up.
    """

    vehicles: FloatArray
    vehicles_sigma: FloatArray
    veh_km: FloatArray
    veh_km_sigma: FloatArray
    pcu_km: FloatArray
    pcu_km_sigma: FloatArray


def nearest_stretch(
    x: FloatArray, y: FloatArray, stretches: NDArray[np.object_], reach_m: float | FloatArray
) -> IntArray:
    """The stretch that each position is on, by the nearest one.

    Args:
        x: eastings in metres, shape (n,); NaN is on no stretch.
        y: northings in metres, shape (n,).
        stretches: lines on the same grid, shape (m,).
        reach_m: how far a position may lie from the line of its stretch (half the road's
            width and the position's error); one number, or shape (n,).

    Returns:
        Index of the stretch, -1 for none; shape (n,).
    """
    chosen = np.full(len(x), -1, np.int64)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(stretches) or not known.size:
        return chosen
    points = shapely.points(x[known], y[known])
    (point, line), distance = shapely.STRtree(stretches).query_nearest(
        points, return_distance=True, all_matches=False
    )
    near = distance <= np.broadcast_to(reach_m, len(x))[known][point]
    chosen[known[point[near]]] = line[near]
    return chosen


def stretch_traffic(
    counts: IntArray,
    frames: int,
    seen_length_m: FloatArray,
    units: FloatArray,
    quality: DetectorQuality = PERFECT,
) -> StretchTraffic:
    """Mean vehicles and densities on stretches, from what was counted in all frames together.

    A count of n is taken as one of Poisson's distribution, of none as of one, so that an empty
    stretch is not told to be empty for sure; the detector's precision p and recall r correct
    it by p / r and bring their own errors.

    Args:
        counts: vehicles found on each stretch by class, all frames together, shape (n, classes).
        frames: how many frames, at least 1.
        seen_length_m: length of each stretch, above 0, shape (n,).
        units: passenger cars that a vehicle stands for, shape (classes,) or (n, classes).
        quality: of the detector.
    """
    factor = np.broadcast_to(np.asarray(quality.precision) / np.asarray(quality.recall), counts.shape)
    relative = (np.asarray(quality.precision_sigma) / np.asarray(quality.precision)) ** 2
    relative = relative + (np.asarray(quality.recall_sigma) / np.asarray(quality.recall)) ** 2
    per_class = counts * factor
    variance = counts * factor**2 + per_class**2 * relative
    # Where nothing at all was found, as if it were one vehicle of the class that misses most.
    empty = counts.sum(axis=1) == 0
    unseen = np.where(empty, factor.max(axis=1, initial=0.0) ** 2, 0.0)
    weights = np.broadcast_to(units, counts.shape)
    per_km = 1000.0 / (frames * seen_length_m)
    total, total_sigma = per_class.sum(axis=1), np.sqrt(variance.sum(axis=1) + unseen)
    cars = (per_class * weights).sum(axis=1)
    cars_sigma = np.sqrt((variance * weights**2).sum(axis=1) + unseen)
    return StretchTraffic(
        total / frames,
        total_sigma / frames,
        total * per_km,
        total_sigma * per_km,
        cars * per_km,
        cars_sigma * per_km,
    )
