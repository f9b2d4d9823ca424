"""How sure a flood is: the same flood with other errors of gauge, terrain and roughness.

HAND errs most on plains, where a little height decides on much land (Johnson et al. 2019,
NHESS 19:2405). So the inundation is repeated with errors drawn from what is known of them,
and the share of repetitions in which a cell floods is its probability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from gis_core.analysis.flood import OVERFLOW_SLOPE, FloodPlain, water_levels
from gis_core.analysis.hydrology import Elevation
from gis_core.types import FloatArray

_NODES = 4.0
"""The field of errors is drawn at so many nodes per correlation length and interpolated between them."""

_FRICTION_POWER = 2.0
"""By Manning's formula the slope of flowing water grows with the square of the roughness."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard errors: of a stage (m), of the ground (m, correlated over a length), of Manning's n (log)."""

    gauge_sigma_m: float
    terrain_sigma_m: float
    terrain_correlation_m: float
    roughness_sigma: float


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What the members say together, each of shape (rows, columns), NaN in the sea and outside.

    ``probability`` is the share of members deeper than the threshold. ``expected_damage`` is the mean
    over all members of the share of value that their water destroys, where deeper than the threshold.
    """

    probability: Elevation
    expected_damage: Elevation


def flood_ensemble(
    plain: FloodPlain,
    rise_of: Callable[[FloatArray], FloatArray],
    gauges: int,
    errors: Errors,
    *,
    members: int,
    seed: int,
    threshold_m: float,
    damage: tuple[FloatArray, FloatArray],
    ponded_m: Elevation | None = None,
) -> Ensemble:
    """Repeat a flood with other errors.

    Members depend on ``seed`` and their number alone: the same seed gives the same errors at any
    stage, so that a higher stage never makes a flood less probable.

    Args:
        plain: where the flood spreads.
        rise_of: rise along the streams, shape (rows, columns), by the error of each gauge in m, shape (n,).
        gauges: how many gauges there are.
        errors: how large the errors are.
        members: how many repetitions.
        seed: of the random numbers.
        threshold_m: depth that counts as flooded.
        damage: ascending depths in m and the share of value destroyed at each, both of shape (k,).
        ponded_m: depth of ponded rain, shape (rows, columns).
    """
    shape = plain.drainage.shape
    above, lost = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for number in range(members):
        rng = np.random.default_rng([seed, number])
        rise_m = rise_of(errors.gauge_sigma_m * rng.standard_normal(gauges))
        roughness = float(np.exp(errors.roughness_sigma * rng.standard_normal()))
        ground_error_m = np.float32(errors.terrain_sigma_m) * correlated_field(
            shape, plain.drainage.cell_m, errors.terrain_correlation_m, rng
        )
        depth = plain.depth(
            water_levels(plain.drainage, plain.streams, rise_m),
            ground_error_m=ground_error_m,
            overflow_slope=OVERFLOW_SLOPE * roughness**_FRICTION_POWER,
        )
        if ponded_m is not None:
            depth = np.maximum(depth, ponded_m)
        flooded = np.flatnonzero(depth > threshold_m)  # never where the depth is NaN
        above.ravel()[flooded] += 1
        lost.ravel()[flooded] += np.interp(depth.ravel()[flooded], *damage).astype(np.float32)
    outside = plain.drain < 0
    probability, damage_share = (
        np.where(outside, np.float32(np.nan), total / np.float32(members)) for total in (above, lost)
    )
    return Ensemble(probability, damage_share)


def correlated_field(
    shape: tuple[int, int], cell_m: float, correlation_m: float, rng: np.random.Generator
) -> Elevation:
    """A field of mean 0 and variance 1 whose correlation falls to 1/e over ``correlation_m``.

    White noise smoothed by a Gaussian kernel has the correlation exp(-(d / L)²) where the kernel's
    standard deviation is L / 2.

    Returns:
        Shape as asked for.
    """
    node_m = max(cell_m, correlation_m / _NODES)
    step = node_m / cell_m
    sigma = correlation_m / (2 * node_m)
    # At least two nodes a side, so that there is something to interpolate between.
    nodes = tuple(max(2, int(np.ceil(side / step)) + 1) for side in shape)
    noise = rng.standard_normal(nodes).astype(np.float32)
    smooth = gaussian_filter(noise, sigma, mode="wrap", truncate=3.0)
    impulse = np.zeros(2 * int(4 * sigma) + 3)
    impulse[impulse.size // 2] = 1.0
    # Of each axis the kernel keeps this share of the noise's variance.
    kept = float((gaussian_filter(impulse, sigma, mode="constant", truncate=3.0) ** 2).sum())
    factors = tuple((side + 0.5) / node for side, node in zip(shape, nodes, strict=True))
    if step == 1.0:
        field = smooth[: shape[0], : shape[1]]
    else:
        field = zoom(smooth, tuple(max(factor, 1.0) for factor in factors), order=1)[: shape[0], : shape[1]]
    return np.asarray(field / np.float32(kept), dtype=np.float32)
