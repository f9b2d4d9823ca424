"""Bandwidths of planar kernel densities: Silverman's rule, and likelihood cross-validation."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from scipy.optimize import minimize_scalar

from gis_core.errors import InvalidParameterError
from gis_core.types import FloatArray

MOST_POINTS = 2_000
"""So many points are compared with each other; of more, so many are drawn."""

_RUNGS = 17
_SEED = 2710


def silverman_bandwidth(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """The bandwidth that suits a normal distribution: σ·n^(-1/6) (Silverman 1986, equation 4.14).

    σ² is the mean of the variances along the axes. With weights, n is the number of equal
    points that would be as uncertain: (Σw)² / Σw² (Kish 1965).

    Args:
        x, y: metres, shape (n,).
        weights: shape (n,), not negative.

    Returns:
        Metres.

    Raises:
        InvalidParameterError: there are no two different places with a weight.
    """
    total = weights.sum()
    if not total > 0:
        raise InvalidParameterError("weights", "no point counts, so that there is no bandwidth for them.")
    variance = sum(
        float((weights * (axis - (weights * axis).sum() / total) ** 2).sum() / total) for axis in (x, y)
    )
    if not variance > 0:
        raise InvalidParameterError("x, y", "all points lie at one place, which gives no bandwidth.")
    effective = total**2 / (weights**2).sum()
    return float(math.sqrt(variance / 2) * effective ** (-1 / 6))


def cross_validated_bandwidth(x: FloatArray, y: FloatArray, weights: FloatArray, *, least_m: float) -> float:
    """The bandwidth under which each point is likeliest, given all the others.

    Likelihood cross-validation (Silverman 1986, section 3.4.4; Duin 1976): it maximises
    ``leave_one_out_likelihood``. The search goes from ``least_m`` to four times Silverman's
    bandwidth over a ladder, as the likelihood may have several peaks, and then between the
    neighbours of the best rung. Of more than ``MOST_POINTS`` points so many are drawn, always
    the same, and their bandwidth is carried over to all by Silverman's rate n^(-1/6).

    Args:
        x, y: metres, shape (n,).
        weights: shape (n,), not negative.
        least_m: no smaller bandwidth is wanted, above 0.

    Returns:
        Metres, at least ``least_m``.

    Raises:
        InvalidParameterError: there are no two different places with a weight.
    """
    counts = np.flatnonzero(weights > 0)
    chosen = counts
    if len(counts) > MOST_POINTS:
        chosen = np.sort(np.random.default_rng(_SEED).choice(counts, MOST_POINTS, replace=False))
    rate = float((len(counts) / max(1, len(chosen))) ** (1 / 6))
    points = x[chosen], y[chosen], weights[chosen]
    lowest = least_m * rate
    highest = 4.0 * silverman_bandwidth(*points)
    if highest <= lowest:
        return least_m

    def misfit(log_bandwidth: float) -> float:
        return -float(leave_one_out_likelihood(*points, math.exp(log_bandwidth)))

    ladder = np.linspace(math.log(lowest), math.log(highest), _RUNGS)
    best = int(np.argmin([misfit(rung) for rung in ladder]))
    bounds = ladder[max(0, best - 1)], ladder[min(_RUNGS - 1, best + 1)]
    found = minimize_scalar(misfit, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x
    nearest = min((float(found), float(ladder[best])), key=misfit)
    return max(least_m, math.exp(nearest) / rate)


def _leave_one_out(x: FloatArray, y: FloatArray, weights: FloatArray, bandwidth_m: float) -> float:
    """Σ wᵢ·log f₋ᵢ(xᵢ), where f₋ᵢ is the Gaussian kernel density of all points but the i-th.

    Args:
        x, y: metres, shape (n,).
        weights: shape (n,), above 0.
        bandwidth_m: above 0.

    Returns:
        The logarithm of a density per m²; -inf where a point is out of reach of all others.
    """
    count = x.size
    sums = np.zeros(count)
    for i in range(count):
        for j in range(i):
            squared = ((x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2) / (2.0 * bandwidth_m**2)
            if squared < 700.0:  # beyond, exp is no number any more that a float holds exactly
                kernel = math.exp(-squared)
                sums[i] += weights[j] * kernel
                sums[j] += weights[i] * kernel
    total = weights.sum()
    likelihood = 0.0
    for i in range(count):
        if sums[i] <= 0.0:
            return -np.inf
        mean = sums[i] / (total - weights[i]) / (2.0 * math.pi * bandwidth_m**2)
        likelihood += weights[i] * math.log(mean)
    return likelihood


leave_one_out_likelihood = njit(cache=True)(_leave_one_out)
