"""A corridor's hours put together: to longer bins, by class, and over all its segments."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from gis_core.analysis.edie import edie
from gis_core.analysis.traffic import HANOI_UNITS, UnitTable
from gis_core.errors import InvalidParameterError
from gis_core.time import LOCAL_ZONE, Window
from layers.corridor_choice import Chosen
from layers.corridors import class_counts, with_densities, with_level
from layers.rollup import HOUR

_KEYS = ("segment_code", "segment_name", "length_m", "lanes", "design_speed_kmh")
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
        hourly: rows of ``hourly_density`` or ``in_bins``.

    Returns:
        One row per hour with the columns of ``hourly`` but those of a segment;
        ``observed_part``: the part of the corridor's length whose density is known, and
        ``seen_part``: the part that any camera sees.
    """
    length_m = hourly["length_m"].where(hourly["veh_km"].notna(), 0.0)
    lanes = hourly["lanes"].astype(float)
    weighted = hourly[
        ["hour_at", "length_m", "cameras", "vehicles", "pcu", "frames", "seen_length_m"]
    ].assign(
        observed_m=length_m,
        seen_m=hourly["seen_part"].astype(float) * length_m,
        lane_m=length_m * lanes.fillna(0.0),
        veh=hourly["veh_km"] * length_m,
        veh_squared=(hourly["veh_km_sigma"] * length_m) ** 2,
        cars=hourly["pcu_km"] * length_m,
        cars_squared=(hourly["pcu_km_sigma"] * length_m) ** 2,
        cars_on_lanes=hourly["pcu_km"] * length_m.where(lanes.notna()),
    )
    hours = weighted.groupby("hour_at").sum(min_count=1)
    observed_m = hours["observed_m"].where(hours["observed_m"] > 0)
    told = hourly.groupby("hour_at")
    bases = told["frames_basis"]
    rows = pd.DataFrame(
        {
            "observed_part": hours["observed_m"] / hours["length_m"],
            "seen_part": hours["seen_m"].fillna(0.0) / hours["length_m"],
            "cameras": hours["cameras"].astype(int),
            **{name: hours[name] for name in ("vehicles", "pcu", "frames", "seen_length_m")},
            "frames_basis": bases.first().where(bases.nunique() <= 1, "mixed"),
            "simulated": told["simulated"].any(),
            "veh_km": hours["veh"] / observed_m,
            "veh_km_sigma": np.sqrt(hours["veh_squared"].astype(float)) / observed_m,
            "pcu_km": hours["cars"] / observed_m,
            "pcu_km_sigma": np.sqrt(hours["cars_squared"].astype(float)) / observed_m,
        }
    )
    if "track_time_s" in hourly:
        tracked = told[["track_time_s", "track_distance_m", "track_area_m_s"]].sum(min_count=1)
        rows = with_edie(rows.join(tracked))
    per_lane = hours["cars_on_lanes"] / hours["lane_m"].where(hours["lane_m"] > 0)
    return with_level(rows, per_lane).reset_index()


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
