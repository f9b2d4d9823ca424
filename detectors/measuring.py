"""Traffic from a camera's frames: densities on the stretches it sees, and what crosses a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from detectors.base import Detections, Detector, Frame
from detectors.nms import nms
from detectors.stretch import VEHICLE_CLASSES, Stretches, frame_traffic, stretch_means
from detectors.tracking import count_across, on_ground, positions, track
from gis_core.analysis.stretches import DetectorQuality
from gis_core.analysis.traffic import UnitTable
from gis_core.errors import DetectorError
from gis_core.georeference import Georeferencer
from gis_core.types import FloatArray

_SAME_IOU = 0.7
"""Boxes that overlap by more are one vehicle, whatever classes they were given."""


class Measured(NamedTuple):
    """What was measured; ``crossings`` is None where no line was given, ``tracks`` where none were asked for.

    See ``stretch.frame_traffic``, ``stretch.stretch_means``, ``tracking.count_across`` and
    ``tracking.positions`` for the columns.
    """

    frames: int
    by_frame: pd.DataFrame
    by_stretch: pd.DataFrame
    crossings: pd.DataFrame | None
    tracks: pd.DataFrame | None


def measure(
    frames: Iterable[Frame],
    detector: Detector,
    georeferencer: Callable[[datetime, tuple[int, int]], Georeferencer],
    stretches: Stretches,
    *,
    units: UnitTable,
    quality: DetectorQuality,
    line: FloatArray | None = None,
    with_tracks: bool = False,
    rate_hz: float = 1.0,
    sigma_px: float = 2.0,
) -> Measured:
    """Detect the vehicles in a camera's frames and measure the traffic that they are.

    Args:
        frames: of one camera in the order of time; pictures are let go once looked at.
        detector: what finds vehicles.
        georeferencer: gives what places the pixels of frames of a time and a size.
        stretches: what the camera sees of the roads.
        units: passenger cars that a vehicle stands for.
        quality: of the detector.
        line: two points in EPSG:9214, shape (2, 2), if crossings are wanted.
        with_tracks: whether the positions of vehicles are wanted.
        rate_hz: of the frames.
        sigma_px: standard error of an anchor.

    Raises:
        DetectorError: there are no frames, or they change their size.
        GeoreferenceError: the camera's calibration does not fit them.
    """
    found = [_vehicles(one) for frame in frames for one in detector.detect([frame])]
    if not found:
        raise DetectorError("There is not one frame to measure traffic in.")
    sizes = {(one.frame.width_px, one.frame.height_px) for one in found}
    if len(sizes) > 1:
        raise DetectorError(
            f"The frames change their size: {', '.join(f'{w}x{h}' for w, h in sorted(sizes))}."
        )
    place = georeferencer(found[0].frame.taken_at, sizes.pop())
    by_frame = frame_traffic(found, place, stretches, units, quality)
    moving = []
    if line is not None or with_tracks:
        moving = on_ground(track(found, rate_hz), place, (sigma_px, sigma_px))
    return Measured(
        len(found),
        by_frame,
        stretch_means(by_frame, stretches, units, quality),
        None if line is None else count_across(moving, line),
        positions(moving, found[0].frame.camera_code) if with_tracks else None,
    )


def crossing_counts(crossings: pd.DataFrame) -> pd.DataFrame:
    """Crossings by class and direction: ``count``, mean ``speed_kmh`` and its standard error."""
    grouped = crossings.groupby(["class_name", "direction"], sort=True)
    return grouped.agg(
        count=("track", "count"),
        speed_kmh=("speed_kmh", "mean"),
        speed_sigma_kmh=("speed_sigma_kmh", lambda sigma: float(np.sqrt((sigma**2).sum()) / len(sigma))),
    ).reset_index()


def _vehicles(one: Detections) -> Detections:
    """The vehicles of a frame, each with one class only, and without its picture."""
    vehicles = np.array([name in VEHICLE_CLASSES for name in one.class_names], bool).nonzero()[0]
    chosen = np.sort(vehicles[nms(one.boxes_px[vehicles], one.confidence[vehicles], _SAME_IOU)])
    return Detections(
        replace(one.frame, image=None),
        one.boxes_px[chosen],
        tuple(one.class_names[index] for index in chosen),
        one.confidence[chosen],
    )
