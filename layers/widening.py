"""Which roads a widening would relieve: a screening by level of service, from what cameras count.

A segment counts the hours in which it stood at level of service E or F by density per lane
(Highway Capacity Manual). Its demand is the density that 95 % of the observed hours do not exceed;
so many lanes would bring that back to level D: ⌈PCU per km / 22⌉. It is a list to begin from, and no
design: junctions, turning traffic, growth and room beside the road are not looked at.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from gis_core.analysis.traffic import LEVEL_LIMITS_PC_KM_LN, UnitTable
from gis_core.time import Window
from layers import cameras, road_segments
from layers.corridor_choice import Chosen
from layers.corridors import hourly_density
from layers.frames import read_frame
from layers.rollup import HOUR
from layers.tracks import with_tracks

_SEGMENT = road_segments.LAYER.table.c
_CAMERA = cameras.LAYER.table.c
_CONGESTED = ("E", "F")
_DEMAND_QUANTILE = 0.95
_DENSEST_D = LEVEL_LIMITS_PC_KM_LN[3]


def watched_hours(connection: Connection, window: Window, units: UnitTable) -> pd.DataFrame:
    """The hours of every segment that a camera watches; columns as of ``hourly_density`` and ``with_tracks``.

    A window without a watched segment gives no row.
    """
    watched = select(_CAMERA.road_segment_code).where(_CAMERA.road_segment_code.is_not(None))
    segments = read_frame(
        connection,
        select(
            _SEGMENT.code.label("segment_code"),
            _SEGMENT.name.label("segment_name"),
            _SEGMENT.length_m,
            _SEGMENT.lanes,
            _SEGMENT.design_speed_kmh,
        )
        .where(_SEGMENT.code.in_(watched), _SEGMENT.lanes.is_not(None))
        .order_by(_SEGMENT.code),
    )
    hourly = hourly_density(connection, Chosen("watched", segments), window, units)
    return with_tracks(connection, hourly, HOUR) if len(hourly) else hourly


def rank(hourly: pd.DataFrame, min_hours: int) -> pd.DataFrame:
    """Segments by how often they stood at level E or F, the most often first.

    Args:
        hourly: rows of ``hourly_density``, perhaps with ``flow_veh_h``.
        min_hours: a segment that was observed in fewer hours is left out.

    Returns:
        Segments with at least one hour at E or F: ``rank`` from 1, ``segment_code``, ``segment_name``,
        ``length_m``, ``lanes``, ``hours_observed``, ``hours_e_f``, ``share_e_f``, ``hours_f``,
        ``demand_pcu_km`` and ``demand_pcu_km_lane`` (95th percentile), ``peak_flow_veh_h`` (NaN where no
        track tells), ``lanes_for_level_d``, ``simulated``. Equal ones go by demand per lane, then by code.
    """
    told = hourly[hourly["level"].notna()]
    rows = []
    for code, hours in told.groupby("segment_code", sort=True):
        if len(hours) < min_hours:
            continue
        congested = int(hours["level"].isin(_CONGESTED).sum())
        if not congested:
            continue
        demand = float(hours["pcu_km"].astype(float).quantile(_DEMAND_QUANTILE))
        lanes = int(hours["lanes"].iloc[0])
        flow = hours["flow_veh_h"].astype(float).max() if "flow_veh_h" in hours else np.nan
        rows.append(
            {
                "segment_code": code,
                "segment_name": hours["segment_name"].iloc[0],
                "length_m": float(hours["length_m"].iloc[0]),
                "lanes": lanes,
                "hours_observed": len(hours),
                "hours_e_f": congested,
                "share_e_f": congested / len(hours),
                "hours_f": int((hours["level"] == "F").sum()),
                "demand_pcu_km": demand,
                "demand_pcu_km_lane": demand / lanes,
                "peak_flow_veh_h": flow,
                "lanes_for_level_d": max(lanes, int(np.ceil(demand / _DENSEST_D))),
                "simulated": bool(hours["simulated"].any()),
            }
        )
    if not rows:
        return pd.DataFrame({"rank": pd.array([], "int64"), "segment_code": pd.array([], "object")})
    ranked = pd.DataFrame(rows).sort_values(
        ["share_e_f", "demand_pcu_km_lane", "segment_code"], ascending=[False, False, True]
    )
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked.reset_index(drop=True)
