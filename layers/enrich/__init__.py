"""What detections gain from other layers on their way in: road segment, ward and forest zone."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from gis_core.analysis.areas import containing
from gis_core.analysis.snapping import LEFT, ON, RIGHT, Network, Snapped, snap
from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric
from gis_core.types import IntArray
from layers.enrich.reference import Reference, reference

SIDES = ("left", "right", "on")
ENRICHED = (
    "road_segment_code",
    "segment_distance_m",
    "segment_fraction",
    "segment_side",
    "ward_code",
    "forest_zone_code",
)
"""The columns that enrichment sets."""

_SIDE_OF = {LEFT: 0, RIGHT: 1, ON: 2}


def enrich(connection: Connection, detections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Detections with the columns ``ENRICHED``, by the roads, wards and zones of this moment.

    Args:
        connection: where the other layers are read, if they have changed since the last time.
        detections: points in EPSG:4326; ``camera_code`` may be missing.
    """
    return enriched(detections, reference(connection), get_settings().enrich.snap_within_m)


def enriched(detections: gpd.GeoDataFrame, layers: Reference, within_m: float) -> gpd.GeoDataFrame:
    """Detections with the columns ``ENRICHED``, by the layers that are given.

    Only what a camera saw is put on a road, within ``within_m`` of it (EPSG:9214): a satellite's
    hotspot is hundreds of metres wide.
    """
    points = detections.geometry.to_numpy()
    snapped = _snapped(detections, layers.network, within_m)
    return detections.assign(
        road_segment_code=_texts(layers.network.codes, snapped.segment, detections.index),
        segment_distance_m=snapped.distance_m,
        segment_fraction=snapped.fraction,
        segment_side=_texts(SIDES, _sides(snapped), detections.index),
        ward_code=_texts(layers.wards.codes, containing(layers.wards, points), detections.index),
        forest_zone_code=_texts(layers.zones.codes, containing(layers.zones, points), detections.index),
    )


def _snapped(detections: gpd.GeoDataFrame, network: Network, within_m: float) -> Snapped:
    points = detections.geometry.to_numpy()
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    by_camera = (
        detections["camera_code"].notna().to_numpy()
        if "camera_code" in detections
        else np.zeros(len(points), dtype=bool)
    )
    x, y = np.full(len(points), np.nan), np.full(len(points), np.nan)
    x[by_camera], y[by_camera] = lonlat_to_metric(lon[by_camera], lat[by_camera])
    return snap(network, x, y, within_m)


def _sides(snapped: Snapped) -> IntArray:
    side = np.full(len(snapped.side), -1, dtype=np.int64)
    for value, index in _SIDE_OF.items():
        side[(snapped.segment >= 0) & (snapped.side == value)] = index
    return side


def _texts(codes: Sequence[str], index: IntArray, rows: pd.Index) -> pd.Series:
    """The code of each index, missing where it is -1."""
    known = pd.array([*codes], dtype="str") if codes else pd.array([""], dtype="str")
    return pd.Series(known.take(index, allow_fill=True), index=rows)
