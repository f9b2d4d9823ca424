"""Traffic from the tracks of vehicles by Edie's definitions.

Over an area |A| of space and time, road length by duration: density k = Σt / |A|, flow
q = Σd / |A| and speed v = Σd / Σt, where t is the time that each vehicle spends there and d
the distance it goes (Edie 1963, *Discussion of traffic stream measurements and definitions*).
So q = k·v holds exactly, whatever the vehicles do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gis_core.types import FloatArray, IntArray


class Legs(NamedTuple):
    """Straight pieces of tracks on roads within one hour; all arrays have shape (n,).

    ``track`` is the index of the track, ``segment`` that of the road segment, ``hour`` the number
    of the hour since the epoch; ``time_s`` and ``distance_m`` are what the vehicle spends and
    goes there.
    """

    track: IntArray
    segment: IntArray
    hour: IntArray
    time_s: FloatArray
    distance_m: FloatArray


class Edie(NamedTuple):
    """Edie's estimates; all of one shape. NaN where there is no area, or, for speed, no vehicle."""

    veh_km: FloatArray
    veh_h: FloatArray
    speed_kmh: FloatArray


def legs(
    track: IntArray, at_s: FloatArray, segment: IntArray, along_m: FloatArray, *, longest_gap_s: float
) -> Legs:
    """The pieces between each two consecutive positions of a track on one segment, cut at full hours.

    Between two positions the vehicle is taken to go evenly. What lies between positions on two
    segments, on none, or further apart than ``longest_gap_s`` is left out whole, time and distance
    alike, so that it biases no speed.

    Args:
        track: which track a position is of, shape (m,).
        at_s: when, in seconds since the epoch, shape (m,).
        segment: index of the segment it is on, -1 for none, shape (m,).
        along_m: how far along that segment, shape (m,).
        longest_gap_s: between two positions of a track that is seen all the time.
    """
    order = np.lexsort((at_s, track))
    track, at_s, segment, along_m = track[order], at_s[order], segment[order], along_m[order]
    first, second = slice(None, -1), slice(1, None)
    time_s, distance_m = np.diff(at_s), np.abs(np.diff(along_m))
    joined = (track[first] == track[second]) & (segment[first] == segment[second]) & (segment[first] >= 0)
    kept = np.flatnonzero(joined & (time_s > 0) & (time_s <= longest_gap_s))
    begin_h, end_h = at_s[first][kept] / 3600, at_s[second][kept] / 3600
    # A leg may reach over several hours where positions are far apart; each gets its part of it.
    hours = np.ceil(end_h).astype(np.int64) - np.floor(begin_h).astype(np.int64)
    row = np.repeat(np.arange(len(kept)), hours)
    hour = np.floor(begin_h).astype(np.int64)[row] + _counted(hours)
    part = (np.minimum(end_h[row], hour + 1) - np.maximum(begin_h[row], hour)) / (end_h - begin_h)[row]
    source = kept[row]
    return Legs(
        track[first][source], segment[first][source], hour, part * time_s[source], part * distance_m[source]
    )


def edie(time_s: FloatArray, distance_m: FloatArray, area_m_s: FloatArray) -> Edie:
    """Density, flow and speed from sums over areas of space-time; all of one shape.

    Args:
        time_s: Σt, that all vehicles spend in the area together.
        distance_m: Σd, that they go.
        area_m_s: |A|, metres of road times seconds; NaN or zero where it is not known.
    """
    known = np.where(area_m_s > 0, area_m_s, np.nan)
    moving_s = np.where(time_s > 0, time_s, np.nan)
    return Edie(1000 * time_s / known, 3600 * distance_m / known, 3.6 * distance_m / moving_s)


def _counted(counts: IntArray) -> IntArray:
    """0, 1, … up to each count, one after the other."""
    within: IntArray = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return within
