"""A corridor's hours put together: to longer bins, by class, and over all its segments."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from gis_core.analysis.edie import edie
from gis_core.analysis.traffic import HANOI_UNITS, UnitTable
from gis_core.errors import InvalidParameterError
from gis_core.time import LOCAL_ZONE, Window
from gis_core.types import FloatArray
from layers.corridor_choice import Chosen
from layers.corridor_hours import Densities
from layers.corridors import class_counts, with_densities, with_level
from layers.rollup import HOUR

_KEYS = ("segment_code", "segment_name", "length_m", "lanes", "design_speed_kmh")
_SUMS = ("cameras", "vehicles", "pcu", "frames", "seen_length_m")
_MEANS = ("seen_part", *Densities._fields)
_TRACK_SUMS = ("track_time_s", "track_distance_m", "track_area_m_s")
_DAY = timedelta(days=1)


def whole_bins(window: Window, bin_length: timedelta) -> Window:
    """A window widened to whole bins of local time, which begin at midnight in Huế.

    Raises:
        InvalidParameterError: a bin is not whole hours that fit into a day, nor whole days.
    """
    fits = _DAY % bin_length == timedelta(0) if bin_length <= _DAY else bin_length % _DAY == timedelta(0)
    if bin_length % HOUR != timedelta(0) or not fits:
        raise InvalidParameterError(
            "bin", "it is whole hours that fit into a day, such as 1h or 3h, or days."
        )
    start, end = (moment.astimezone(LOCAL_ZONE) for moment in window)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + (start - midnight) // bin_length * bin_length
    return Window(first, first - (first - end) // bin_length * bin_length)


def in_bins(hourly: pd.DataFrame, bin_length: timedelta) -> pd.DataFrame:
    """Rows of ``hourly_density`` in longer bins, over the hours that were observed.

    Args:
        hourly: of a window of ``whole_bins``.
        bin_length: whole hours.

    Returns:
        The same columns, ``hour_at`` the beginning of each bin, and ``hours_observed``;
        ``cameras`` and ``seen_length_m`` are the most of any hour, ``seen_part`` is the mean over
        the observed hours. Errors are those of the sum of all frames.
    """
    first = hourly["hour_at"].min()
    begin = first + (hourly["hour_at"] - first) // bin_length * bin_length
    told = hourly.assign(hour_at=begin, observed=hourly["frames_basis"].notna()).groupby(
        [*_KEYS, "hour_at"], sort=False, dropna=False
    )
    sums = told[["vehicles", "pcu", "pcu_squared", "frames", "sampled_km"]].sum(min_count=1)
    bases = told["frames_basis"]
    rows = sums.assign(
        hours_observed=told["observed"].sum(),
        cameras=told["cameras"].max(),
        seen_length_m=told["seen_length_m"].max(),
        seen_part=told["seen_part"].mean(),
        simulated=told["simulated"].any(),
        frames_basis=bases.first().where(bases.nunique() <= 1, "mixed"),
    )
    return with_densities(rows.reset_index())


def whole_corridor(hourly: pd.DataFrame) -> pd.DataFrame:
    """The traffic of all observed segments of a corridor together, by hour or bin.

    Each segment counts by its length, however much of it a camera sees: the density is that of
    the vehicles on the observed segments by their length, k = Σ ℓ·k / Σ ℓ, with the standard error
    √Σ (ℓ·σ)² / Σ ℓ of independent segments, and per lane by the length of lanes.

    Args:
        hourly: rows of ``hourly_density`` or ``in_bins``, all hours of a segment after each other.

    Returns:
        One row per hour with the columns of ``hourly`` but those of a segment;
        ``observed_part``: the part of the corridor's length whose density is known, and
        ``seen_part``: the part that any camera sees.
    """
    starts = hourly["hour_at"].drop_duplicates().reset_index(drop=True)
    numbers = {
        name: hourly[name].to_numpy(float).reshape(-1, len(starts))
        for name in ("length_m", "lanes", *_SUMS, *_MEANS, *_TRACK_SUMS)
        if name in hourly
    }
    whole = together(
        numbers["length_m"][:, 0],
        numbers["lanes"][:, 0],
        Densities(*(numbers[name] for name in Densities._fields)),
    )
    observed_m = np.where(np.isnan(numbers["veh_km"]), 0.0, numbers["length_m"])
    bases = hourly["frames_basis"].groupby(hourly["hour_at"])
    rows = pd.DataFrame(
        {
            "hour_at": starts,
            "observed_part": whole.observed_part,
            "seen_part": np.nansum(numbers["seen_part"] * observed_m, axis=0)
            / numbers["length_m"].sum(axis=0),
            "cameras": numbers["cameras"].sum(axis=0).astype(int),
            **{name: sum_known(numbers[name]) for name in _SUMS[1:]},
            "frames_basis": bases.first().where(bases.nunique() <= 1, "mixed").to_numpy(),
            "simulated": hourly["simulated"].to_numpy(bool).reshape(-1, len(starts)).any(axis=0),
            **whole.densities._asdict(),
        }
    )
    if "track_time_s" in hourly:
        rows = with_edie(rows.assign(**{name: sum_known(numbers[name]) for name in _TRACK_SUMS}))
    return with_level(rows, pd.Series(whole.pcu_km_lane))


class Whole(NamedTuple):
    """A corridor as a whole by hour or bin, shape (hours,); NaN where nothing is known.

    ``observed_part``: the part of its length whose density is known; ``pcu_km_lane`` by the length of lanes.
    """

    observed_part: FloatArray
    densities: Densities
    pcu_km_lane: FloatArray


def together(length_m: FloatArray, lanes: FloatArray, of_segments: Densities) -> Whole:
    """The densities of segments put together; see ``whole_corridor``.

    Args:
        length_m: of each segment, shape (segments,).
        lanes: likewise, NaN where not known.
        of_segments: shape (segments, hours).
    """
    known = ~np.isnan(of_segments.veh_km)
    weight_m = np.where(known, length_m[:, None], 0.0)
    observed_m = weight_m.sum(axis=0)
    above_m = np.where(observed_m > 0, observed_m, np.nan)
    veh_m, veh_error_m, pcu_m, pcu_error_m = (np.where(known, one, 0.0) * weight_m for one in of_segments)
    has_lanes = ~np.isnan(lanes)[:, None]
    lane_m = (weight_m * np.where(has_lanes, lanes[:, None], 0.0)).sum(axis=0)
    return Whole(
        observed_m / length_m.sum(),
        Densities(
            veh_m.sum(axis=0) / above_m,
            np.sqrt((veh_error_m**2).sum(axis=0)) / above_m,
            pcu_m.sum(axis=0) / above_m,
            np.sqrt((pcu_error_m**2).sum(axis=0)) / above_m,
        ),
        np.where(has_lanes, pcu_m, 0.0).sum(axis=0) / np.where(lane_m > 0, lane_m, np.nan),
    )


def sum_known(values: FloatArray) -> FloatArray:
    """Sums over segments of what is known, shape (segments, hours) to (hours,); NaN where nothing is."""
    total: FloatArray = np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))
    return total


def with_edie(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with sums over tracks, and what follows by Edie's definitions; see ``layers.tracks``."""
    sums = (rows[f"track_{name}"].to_numpy(float) for name in ("time_s", "distance_m", "area_m_s"))
    found = edie(*sums)
    return rows.assign(edie_veh_km=found.veh_km, flow_veh_h=found.veh_h, speed_kmh=found.speed_kmh)


def by_class(
    connection: Connection,
    corridor: Chosen,
    binned: pd.DataFrame,
    bin_length: timedelta,
    units: UnitTable = HANOI_UNITS,
) -> pd.DataFrame:
    """The densities of a corridor's segments by class.

    Args:
        connection: where to read.
        corridor: its segments.
        binned: rows of ``hourly_density`` or ``in_bins`` for them.
        bin_length: of those rows.
        units: the passenger-car units of classes.

    Returns:
        One row for each row of ``binned`` in which any vehicle was counted and each class of
        those: ``segment_code``, ``hour_at``, ``class_name``, ``vehicles`` in all frames,
        ``veh_km``, ``veh_km_sigma`` and ``pcu_km``.
    """
    start, end = binned["hour_at"].min(), binned["hour_at"].max() + bin_length
    counts = class_counts(connection, corridor, Window(start, end), bin_length)
    segments = corridor.segments.iloc[counts["place"].astype(int)]
    rows = pd.DataFrame(
        {
            "segment_code": segments["segment_code"].to_numpy(),
            "hour_at": start + counts["bin"].astype(int).to_numpy() * pd.Timedelta(bin_length),
            "class_name": counts["class_name"].to_numpy(),
            "vehicles": counts["vehicles"].to_numpy(float),
            "units": [
                units.units(name, None if np.isnan(speed) else speed)
                for name, speed in zip(
                    counts["class_name"], segments["design_speed_kmh"].astype(float), strict=True
                )
            ],
        }
    )
    rows = rows.merge(binned[["segment_code", "hour_at", "sampled_km"]], on=["segment_code", "hour_at"])
    veh_km = rows["vehicles"] / rows["sampled_km"]
    sigma = np.sqrt(np.maximum(rows["vehicles"], 1.0)) / rows["sampled_km"]
    known = rows.assign(veh_km=veh_km, veh_km_sigma=sigma, pcu_km=veh_km * rows["units"])
    return known[known["sampled_km"].notna()].drop(columns=["units", "sampled_km"]).reset_index(drop=True)
