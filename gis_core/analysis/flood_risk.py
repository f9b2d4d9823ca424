"""Risk = hazard × exposure × vulnerability, each from 0 to 1, and its class from 1 to 5.

The hazard is the probability that water is deeper than a threshold, the vulnerability the share
of its value that what stands there loses when it is (depth-damage curves: Huizinga, de Moel &
Szewczyk 2017, JRC), and the exposure how much stands there at all.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from gis_core.analysis.ensemble import Ensemble
from gis_core.analysis.hydrology import Elevation


def vulnerability(ensemble: Ensemble) -> Elevation:
    """Mean share of value lost where it floods: the expected damage per probability of a flood.

    Returns:
        0 to 1, shape (rows, columns), 0 where no member floods, NaN outside.
    """
    share = np.zeros(ensemble.probability.shape, dtype=np.float32)
    np.divide(ensemble.expected_damage, ensemble.probability, out=share, where=ensemble.probability > 0)
    share[np.isnan(ensemble.probability)] = np.nan
    return np.asarray(np.clip(share, 0.0, 1.0))


def road_exposure(
    road_m: Elevation, cell_m: float, radius_m: float, full_road_km_per_km2: float
) -> Elevation:
    """How much road there is around each cell, from 0 to 1.

    Args:
        road_m: length of road in each cell in m, shape (rows, columns).
        cell_m: width of a cell.
        radius_m: half the side of the square that is averaged.
        full_road_km_per_km2: density of roads at which the exposure is 1.
    """
    side = 2 * max(0, round(radius_m / cell_m)) + 1
    km_per_km2 = uniform_filter(road_m / cell_m**2 * 1000.0, size=side, mode="constant")
    return np.asarray(np.clip(km_per_km2 / full_road_km_per_km2, 0.0, 1.0), dtype=np.float32)


def built_exposure(area_m2: Elevation, cell_m: float, full_share: float) -> Elevation:
    """Exposure of buildings: the share of the ground that they cover by that of a fully built quarter.

    Args:
        area_m2: footprints in each cell.
        cell_m: width of a cell.
        full_share: covered share from which on nothing more can be lost.

    Returns:
        0 to 1, shape of ``area_m2``.
    """
    return np.asarray(np.minimum(1.0, area_m2 / (cell_m**2 * full_share)), dtype=np.float32)


def raised(base: Elevation, towards_one: Elevation) -> Elevation:
    """A base exposure raised towards 1 by a share of what is missing to it; both from 0 to 1."""
    return np.asarray(base + (1 - base) * towards_one, dtype=np.float32)


def composite_class(depth_m: Elevation, risk: Elevation, thresholds: tuple[float, ...]) -> Elevation:
    """Class of a risk: 0 dry, 1 wet or possibly so, and one more for each threshold reached.

    Args:
        depth_m: depth of the flood, NaN outside.
        risk: hazard × exposure × vulnerability, same shape.
        thresholds: risks in ascending order.

    Returns:
        Whole numbers as float32, same shape, NaN outside.
    """
    classes = np.digitize(np.nan_to_num(risk, nan=0.0), thresholds) + 1.0
    classes[(depth_m == 0) & ~(risk > 0)] = 0.0
    return np.where(np.isnan(depth_m), np.nan, classes).astype(np.float32)
