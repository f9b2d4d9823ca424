"""Speed, direction and crossings of things that were tracked over the ground."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gis_core.types import FloatArray

LEAST_POSITIONS = 3
"""Two positions give a speed but nothing to judge it by."""


class Motion(NamedTuple):
    """Mean motion over a track; speeds in m/s, heading clockwise from grid north in [0, 360)."""

    speed_m_s: float
    speed_sigma_m_s: float
    heading_deg: float


class Crossing(NamedTuple):
    """When a track crossed a line, and which way: 1 from its left to its right, -1 back."""

    at_s: float
    direction: int


UNKNOWN = Motion(np.nan, np.nan, np.nan)


def mean_motion(
    at_s: FloatArray, xy: FloatArray, noise_m2: FloatArray, shared_m2: FloatArray | None = None
) -> Motion:
    """Motion of constant velocity fitted to positions, each weighted by its own covariance.

    Errors that are new in every frame enter by the weights, and by the misfit where that is
    larger than they explain. An error that all positions share (pose, terrain) moves a track
    as a whole, and changes its speed only as far as it is larger at one end than at the
    other: as its standard error along the track changes with time.

    Args:
        at_s: times, shape (n,).
        xy: positions in metres, shape (n, 2).
        noise_m2: covariances of what is new in every frame, shape (n, 2, 2).
        shared_m2: covariances of what all positions share, shape (n, 2, 2).

    Returns:
        The motion; all NaN for fewer than three positions or no time between them.

    Source: generalised least squares, e.g. A. Aitken, Proc. R. Soc. Edinburgh 55 (1935).
    """
    count = len(at_s)
    if count < LEAST_POSITIONS or np.ptp(at_s) <= 0:
        return UNKNOWN
    weight = np.linalg.inv(noise_m2 + 1e-9 * np.eye(2))
    t = at_s - at_s.mean()
    design = np.zeros((count, 2, 4))
    design[:, 0, 0] = design[:, 1, 1] = 1.0
    design[:, 0, 2] = design[:, 1, 3] = t
    centre = xy.mean(axis=0)
    normal = np.einsum("nij,nik,nkl->jl", design, weight, design)
    right = np.einsum("nij,nik,nk->j", design, weight, xy - centre)
    covariance = np.linalg.inv(normal)
    solution = covariance @ right
    misfit = xy - centre - design @ solution
    chi2 = float(np.einsum("ni,nij,nj->", misfit, weight, misfit)) / (2 * count - 4)
    velocity = solution[2:]
    speed = float(np.hypot(*velocity))
    ahead = velocity / speed if speed > 0 else np.array([0.0, 1.0])
    variance = float(ahead @ covariance[2:, 2:] @ ahead) * max(1.0, chi2)
    if shared_m2 is not None:
        along_m = np.sqrt(np.einsum("i,nij,j->n", ahead, shared_m2, ahead))
        variance += float(np.polyfit(t, along_m, 1)[0]) ** 2
    heading = float(np.degrees(np.arctan2(velocity[0], velocity[1])) % 360)
    return Motion(speed, float(np.sqrt(variance)), heading)


def crossings(
    at_s: FloatArray, xy: FloatArray, covariance_m2: FloatArray, line: FloatArray
) -> list[Crossing]:
    """Where a track crosses a line between two points.

    A position counts as on a side only where it is farther from the line than its standard
    error: a vehicle that waits on the line and trembles does not cross it again and again.

    Args:
        at_s: ascending times, shape (n,).
        xy: positions in metres, shape (n, 2).
        covariance_m2: of the positions, shape (n, 2, 2).
        line: its two ends in metres, shape (2, 2); left and right are as seen from the first
            end to the second.
    """
    start, along = line[0], line[1] - line[0]
    length_m = float(np.hypot(*along))
    to_left = np.array([-along[1], along[0]]) / length_m
    aside_m = (xy - start) @ to_left
    error_m = np.sqrt(np.einsum("i,nij,j->n", to_left, covariance_m2, to_left))
    decided = np.flatnonzero(np.abs(aside_m) > error_m)
    found = []
    for before, after in pairwise(decided):
        if aside_m[before] * aside_m[after] > 0:
            continue
        share = aside_m[before] / (aside_m[before] - aside_m[after])
        place = xy[before] + share * (xy[after] - xy[before])
        if 0 <= (place - start) @ along <= length_m**2:
            moment = float(at_s[before] + share * (at_s[after] - at_s[before]))
            found.append(Crossing(moment, 1 if aside_m[before] > 0 else -1))
    return found
