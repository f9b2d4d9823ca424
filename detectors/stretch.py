"""Traffic on the stretches of road that a camera sees, from what a detector found in its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from detectors.base import Detections
from gis_core.analysis.stretches import PERFECT, DetectorQuality, nearest_stretch, stretch_traffic
from gis_core.analysis.traffic import UnitTable
from gis_core.crs import lonlat_to_metric
from gis_core.georeference import Georeferencer
from gis_core.georeference.ellipse import error_ellipses
from layers import road_segments, segment_views

VEHICLE_CLASSES = ("car", "motorcycle", "bus", "truck", "bicycle")
"""What counts as a vehicle, by the names that detectors give."""

_VIEW = segment_views.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c
_LANE_M = 3.5
_SHOULDER_M = 1.5
_DEFAULT_LANES = 2
_FARTHEST_ERROR_M = 10.0
"""A vehicle whose position is less sure than this is on the road where it seems to be, or on none."""


class Stretches(NamedTuple):
    """What a camera sees of n road segments; ``lines`` in EPSG:9214, ``design_speed_kmh`` NaN if unknown."""

    camera_code: str
    segment_code: NDArray[np.object_]
    lines: NDArray[np.object_]
    seen_length_m: NDArray[np.float64]
    seen_fraction: NDArray[np.float64]
    lanes: NDArray[np.float64]
    design_speed_kmh: NDArray[np.float64]


def read_stretches(connection: Connection, camera_code: str) -> Stretches:
    """The stretches that a camera was computed to see, in the order of the segments' codes."""
    rows = connection.execute(
        select(
            _VIEW.segment_code, func.ST_AsBinary(_VIEW.geom, type_=None), _VIEW.seen_length_m,
            _VIEW.seen_length_m / _SEGMENT.length_m, _SEGMENT.lanes, _SEGMENT.design_speed_kmh,
        )
        .join_from(
            segment_views.LAYER.table, road_segments.LAYER.table, _VIEW.segment_code == _SEGMENT.code
        )
        .where(_VIEW.camera_code == camera_code)
        .order_by(_VIEW.segment_code)
    ).all()  # fmt: skip
    lines = np.array([shapely.from_wkb(bytes(row[1])) for row in rows], dtype=object)
    columns: list[Any] = [np.array([row[index] for row in rows], float) for index in (2, 3, 4, 5)]
    return Stretches(
        camera_code,
        np.array([row[0] for row in rows], dtype=object),
        np.array(
            [shapely.transform(line, lonlat_to_metric, interleaved=False) for line in lines], dtype=object
        ),
        columns[0],
        np.minimum(columns[1], 1.0),
        np.where(np.isnan(columns[2]), _DEFAULT_LANES, columns[2]),
        columns[3],
    )


def frame_traffic(
    found: Sequence[Detections],
    georeferencer: Georeferencer,
    stretches: Stretches,
    units: UnitTable,
    quality: DetectorQuality = PERFECT,
) -> pd.DataFrame:
    """Vehicles and densities on every stretch in every frame, frames without vehicles among them.

    A vehicle is on the nearest stretch, if it is not farther from its line than half the width
    of the road and the larger semi-axis of its position's 95 % ellipse.

    Args:
        found: what the detector found in frames of the stretches' camera, at least one.
        georeferencer: of that camera.
        stretches: what it sees.
        units: passenger cars that a vehicle stands for.
        quality: of the detector; one number for all classes, or one for each of ``VEHICLE_CLASSES``.

    Returns:
        One row for each frame and stretch: ``taken_at``, ``camera_code``, ``segment_code``,
        ``seen_length_m``, ``seen_fraction``, one column of counts for each vehicle class,
        ``vehicles`` and densities ``veh_km``, ``pcu_km`` and ``pcu_km_lane`` with
        ``vehicles_sigma``, ``veh_km_sigma`` and ``pcu_km_sigma``.
    """
    weights = _weights(stretches, units)
    parts = []
    for one in found:
        counts = _count(one, georeferencer, stretches)
        traffic = stretch_traffic(counts, 1, stretches.seen_length_m, weights, quality)
        parts.append(
            pd.DataFrame(
                {
                    "taken_at": one.frame.taken_at,
                    "camera_code": stretches.camera_code,
                    "segment_code": stretches.segment_code,
                    "seen_length_m": stretches.seen_length_m,
                    "seen_fraction": stretches.seen_fraction,
                    **{name: counts[:, index] for index, name in enumerate(VEHICLE_CLASSES)},
                    **traffic._asdict(),
                    "pcu_km_lane": traffic.pcu_km / stretches.lanes,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def stretch_means(
    by_frame: pd.DataFrame, stretches: Stretches, units: UnitTable, quality: DetectorQuality = PERFECT
) -> pd.DataFrame:
    """The same over all frames of ``frame_traffic`` together: one row for each stretch."""
    frames = max(1, by_frame["taken_at"].nunique())
    counts = by_frame.groupby("segment_code", sort=False)[list(VEHICLE_CLASSES)].sum()
    counts = counts.reindex(stretches.segment_code, fill_value=0).to_numpy(np.int64)
    traffic = stretch_traffic(counts, frames, stretches.seen_length_m, _weights(stretches, units), quality)
    return pd.DataFrame(
        {
            "camera_code": stretches.camera_code,
            "segment_code": stretches.segment_code,
            "seen_length_m": stretches.seen_length_m,
            "seen_fraction": stretches.seen_fraction,
            "frames": frames,
            **{name: counts[:, index] for index, name in enumerate(VEHICLE_CLASSES)},
            **traffic._asdict(),
            "pcu_km_lane": traffic.pcu_km / stretches.lanes,
        }
    )


def _weights(stretches: Stretches, units: UnitTable) -> NDArray[np.float64]:
    """Passenger cars for each vehicle class on each stretch; shape (n, classes)."""
    return np.array(
        [
            [units.units(name, None if np.isnan(speed) else float(speed)) for name in VEHICLE_CLASSES]
            for speed in stretches.design_speed_kmh
        ]
    ).reshape(-1, len(VEHICLE_CLASSES))


def _count(one: Detections, georeferencer: Georeferencer, stretches: Stretches) -> NDArray[np.int64]:
    """Vehicles of a frame by stretch and class; shape (n, classes)."""
    counts = np.zeros((len(stretches.lines), len(VEHICLE_CLASSES)), np.int64)
    kinds = np.array(
        [VEHICLE_CLASSES.index(name) if name in VEHICLE_CLASSES else -1 for name in one.class_names]
    )
    vehicles = np.flatnonzero(kinds >= 0)
    if not vehicles.size or not len(stretches.lines):
        return counts
    u, v = one.ground_anchor_px[vehicles].T
    ground = georeferencer.locate(u, v)
    error_m = np.minimum(np.nan_to_num(error_ellipses(ground.covariance_m2).semi_major_m), _FARTHEST_ERROR_M)
    widest_m = float(stretches.lanes.max()) / 2 * _LANE_M + _SHOULDER_M
    on = nearest_stretch(ground.x, ground.y, stretches.lines, widest_m + error_m)
    there = on >= 0
    np.add.at(counts, (on[there], kinds[vehicles][there]), 1)
    return counts
