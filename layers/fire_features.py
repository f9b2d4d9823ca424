"""What is known of a fire event that tells a forest fire from straw, and how it is said to people."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.crs import to_metric
from gis_core.fire_settings import FireProbability
from gis_core.time import LOCAL_ZONE
from gis_core.types import FloatArray, Text

GROUPS: dict[str, Text] = {
    "cover": Text("trong hay gần rừng", "in or near forest"),
    "season": Text("mùa trong năm", "season"),
    "hour": Text("giờ trong ngày", "hour of the day"),
    "neighbours": Text("đám cháy lân cận", "fires nearby"),
    "satellite": Text("vệ tinh và công suất bức xạ", "satellite and radiative power"),
    "confidence": Text("độ tin cậy của phát hiện", "confidence of the detections"),
    "sources": Text("số nguồn cùng thấy", "number of sources"),
    "straw": Text("được báo là đốt rơm rạ", "reported as straw burning"),
}
FEATURES: dict[str, str] = {
    "in_forest": "cover",
    "forest_km": "cover",
    "season_sin": "season",
    "season_cos": "season",
    "hour_sin": "hour",
    "hour_cos": "hour",
    "neighbours": "neighbours",
    "satellite": "satellite",
    "log_frp": "satellite",
    "confidence": "confidence",
    "log_sources": "sources",
    "straw_share": "straw",
}
"""Each feature with the reason that it counts for."""

_REASONS = 3
_WORTH_SAYING = 0.1
_UNKNOWN_CONFIDENCE = 0.5
_FAR_KM = 50.0
_DAY_S = 86_400.0
_YEAR_DAYS = 365.25


def features_of(events: gpd.GeoDataFrame, forests: gpd.GeoDataFrame, settings: FireProbability) -> FloatArray:
    """The features of events, in the order of ``FEATURES``; shape (events, features), all finite.

    Args:
        events: rows of layer ``fire_events``, at least one.
        forests: rows of layer ``forest_zones``; none leaves every event far from forest.
        settings: how far neighbours are looked for.
    """
    place = to_metric(events.geometry).centroid
    forest_km = _forest_km(place, forests)
    local = pd.to_datetime(events["started_at"], utc=True).dt.tz_convert(LOCAL_ZONE)
    day = 2 * np.pi * local.dt.day_of_year.to_numpy(float) / _YEAR_DAYS
    hour = 2 * np.pi * (local - local.dt.normalize()).dt.total_seconds().to_numpy(float) / _DAY_S
    columns = {
        "in_forest": (forest_km == 0).astype(float),
        "forest_km": np.log1p(forest_km),
        "season_sin": np.sin(day),
        "season_cos": np.cos(day),
        "hour_sin": np.sin(hour),
        "hour_cos": np.cos(hour),
        "neighbours": np.log1p(_neighbours(events, place, settings)),
        "satellite": np.array(["satellite" in sources for sources in events["sources"]], float),
        "log_frp": np.log1p(events["frp_mw"].to_numpy(float, na_value=0.0)),
        "confidence": events["max_confidence"].fillna(_UNKNOWN_CONFIDENCE).to_numpy(float),
        "log_sources": np.log([len(sources) for sources in events["sources"]]),
        "straw_share": events["straw_share"].to_numpy(float),
    }
    return np.asarray(np.nan_to_num(np.column_stack([columns[name] for name in FEATURES])))


def _forest_km(place: gpd.GeoSeries, forests: gpd.GeoDataFrame) -> FloatArray:
    if forests.empty:
        return np.full(len(place), _FAR_KM)
    cover = shapely.union_all(to_metric(forests.geometry).to_numpy())
    shapely.prepare(cover)
    return np.asarray(np.minimum(shapely.distance(place.to_numpy(), cover) / 1000, _FAR_KM))


def _neighbours(events: gpd.GeoDataFrame, place: gpd.GeoSeries, settings: FireProbability) -> FloatArray:
    """How many other events began near each one, in space and in the time before and after it."""
    tree = shapely.STRtree(place.to_numpy())
    one, other = tree.query(
        place.to_numpy(), predicate="dwithin", distance=settings.neighbours_within_km * 1000
    )
    began_s = (pd.to_datetime(events["started_at"], utc=True) - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    apart_s = np.abs(began_s.to_numpy()[one] - began_s.to_numpy()[other])
    near = (one != other) & (apart_s <= settings.neighbours_within_h * 3600)
    return np.bincount(one[near], minlength=len(events)).astype(float)


def reasons(contributions: FloatArray) -> Text:
    """The strongest reasons of one event for and against a forest fire, from its features' contributions."""
    groups: dict[str, float] = {}
    for group, added in zip(FEATURES.values(), contributions, strict=True):
        groups[group] = groups.get(group, 0.0) + float(added)
    strongest = sorted(groups, key=lambda group: -abs(groups[group]))[:_REASONS]
    told = [(GROUPS[group], groups[group] > 0) for group in strongest if abs(groups[group]) >= _WORTH_SAYING]
    return Text(
        _listed(
            [f"{text.vi} ({'tăng' if raises else 'giảm'})" for text, raises in told], "không có gì nổi bật"
        ),
        _listed(
            [f"{text.en} ({'raises' if raises else 'lowers'})" for text, raises in told], "nothing stands out"
        ),
    )


def _listed(parts: Sequence[str], nothing: str) -> str:
    return "; ".join(parts) or nothing
