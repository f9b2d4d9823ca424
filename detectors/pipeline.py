"""From findings in frames to rows of layers ``detections`` and ``bearings``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from detectors.base import Frame
from detectors.findings import Finding, Looked
from detectors.watched import WatchedCamera
from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.errors import GeoreferenceError
from gis_core.ids import event_id
from layers import bearings, detections
from layers.rollup import record_frames
from layers.store import LoadReport, load
from layers.subjects import SUBJECTS

_OF_BEARINGS = (
    "id", "detected_at", "camera_code", "azimuth_deg", "azimuth_sigma_deg", "reason", "subject",
    "class_name", "confidence", "steward_agency", "solutions", "anchor_u_px", "anchor_v_px",
    "frame_width_px", "frame_height_px", "calibration_id", "origin", "origin_key", "simulated",
)  # fmt: skip
_OF_LIVING_THINGS = frozenset({"crowding", "wildlife"})
_NOT_OF_DETECTIONS = ("x", "y", "azimuth_deg", "azimuth_sigma_deg", "reason", "camera_x", "camera_y")


class Placed(NamedTuple):
    """Rows for the two layers, and how many findings had neither position nor direction."""

    detections: gpd.GeoDataFrame
    bearings: gpd.GeoDataFrame
    nowhere: int


class Stored(NamedTuple):
    """What became of the rows of each layer."""

    detections: LoadReport
    bearings: LoadReport
    nowhere: int

    def __add__(self, other: tuple[object, ...]) -> Stored:
        if not isinstance(other, Stored):
            return NotImplemented
        return Stored(
            self.detections + other.detections, self.bearings + other.bearings, self.nowhere + other.nowhere
        )


NOTHING = Stored(LoadReport(0, 0, 0), LoadReport(0, 0, 0), 0)


def finding_origin(frame: Frame) -> str:
    """What rows name as the origin of a frame's findings."""
    return f"camera {frame.camera_code}"


def finding_key(frame: Frame, finding: Finding) -> str:
    """What identifies a finding at its origin: the same frame analysed again gives the same."""
    return f"{frame.taken_at.astimezone(UTC).isoformat()}/{finding.key}"


def place(
    looked: Iterable[Looked],
    camera_of: Callable[[str], WatchedCamera],
    *,
    simulated: bool = False,
    complain: Callable[[str], None] | None = None,
) -> Placed:
    """Put findings on the ground that their pixels show, or in the direction that they lie in.

    Args:
        looked: frames with their findings.
        camera_of: a camera by its code.
        simulated: whether the frames were drawn rather than taken.
        complain: hears of frames that the camera's calibration does not fit, which are then
            left out; without it, they are an error.

    Raises:
        FeatureNotFoundError: a frame names a camera that is not there.
        GeoreferenceError: a frame does not fit its camera, and nobody hears complaints.
    """
    parts = []
    for one in looked:
        if not one.findings:
            continue
        try:
            parts.append(_place_frame(one.frame, one.findings, camera_of(one.frame.camera_code)))
        except GeoreferenceError as error:
            if complain is None:
                raise
            complain(str(error))
    if not parts:
        nothing = gpd.GeoDataFrame(geometry=[], crs=STORAGE_SRID)
        return Placed(nothing, nothing, 0)
    every = pd.concat(parts, ignore_index=True).assign(simulated=simulated)
    seen = every["x"].notna()
    directed = ~seen & every["azimuth_deg"].notna()
    return Placed(
        _points(every[seen].drop(columns=list(_NOT_OF_DETECTIONS)), every[seen], "x", "y"),
        _points(every.loc[directed, list(_OF_BEARINGS)], every[directed], "camera_x", "camera_y"),
        int((~seen & ~directed).sum()),
    )


def store(
    connection: Connection, placed: Placed, frames: Sequence[Frame], *, simulated: bool = False
) -> Stored:
    """Put placed findings into their layers in the caller's transaction, and note the frames."""
    record_frames(
        connection,
        [frame.camera_code for frame in frames],
        [frame.taken_at for frame in frames],
        simulated=simulated,
    )
    return Stored(
        load(connection, detections.LAYER, placed.detections),
        load(connection, bearings.LAYER, placed.bearings),
        placed.nowhere,
    )


def _points(rows: pd.DataFrame, places: pd.DataFrame, x: str, y: str) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries(
        gpd.points_from_xy(places[x], places[y]), index=rows.index, crs=METRIC_SRID
    ).to_crs(STORAGE_SRID)
    return gpd.GeoDataFrame(rows, geometry=shapes)


def _place_frame(frame: Frame, findings: Sequence[Finding], camera: WatchedCamera) -> pd.DataFrame:
    georeferencer = camera.georeferencer(frame.taken_at, (frame.width_px, frame.height_px))
    anchor = np.array([finding.anchor_px for finding in findings])
    sigma = np.array([finding.anchor_sigma_px for finding in findings])
    ground = georeferencer.locate(anchor[:, 0], anchor[:, 1], sigma)
    origin = finding_origin(frame)
    keys = [finding_key(frame, finding) for finding in findings]
    known = [finding.solutions for finding in findings]
    return pd.DataFrame(
        {
            "id": [event_id(frame.taken_at, origin, key) for key in keys],
            "x": ground.x,
            "y": ground.y,
            "azimuth_deg": ground.azimuth_deg,
            "azimuth_sigma_deg": ground.azimuth_sigma_deg,
            "reason": ground.reason,
            "camera_x": camera.stand.x,
            "camera_y": camera.stand.y,
            "detected_at": frame.taken_at,
            "camera_code": frame.camera_code,
            "subject": [finding.subject for finding in findings],
            "class_name": [finding.class_name for finding in findings],
            "confidence": [finding.confidence for finding in findings],
            "status": [SUBJECTS[finding.subject].first_status for finding in findings],
            "steward_agency": [finding.steward for finding in findings],
            "violation_kind": _objects([finding.violation_kind for finding in findings]),
            "individual_count": [_individuals(finding) for finding in findings],
            "cov_xx_m2": ground.covariance_m2[:, 0, 0],
            "cov_xy_m2": ground.covariance_m2[:, 0, 1],
            "cov_yy_m2": ground.covariance_m2[:, 1, 1],
            "anchor_u_px": anchor[:, 0],
            "anchor_v_px": anchor[:, 1],
            "anchor_sigma_u_px": sigma[:, 0],
            "anchor_sigma_v_px": sigma[:, 1],
            "frame_width_px": frame.width_px,
            "frame_height_px": frame.height_px,
            "calibration_id": _objects([georeferencer.calibration_id] * len(findings)),
            "solutions": _objects([list(names) for names in known]),
            "origin": origin,
            "origin_key": keys,
        }
    )


def _individuals(finding: Finding) -> float:
    """People or animals that a finding stands for; of vehicles the column does not speak."""
    counted = finding.members is not None and finding.subject in _OF_LIVING_THINGS
    return float(finding.members or 1) if counted else np.nan


def _objects(values: Sequence[object]) -> pd.Series:
    """A column of Python objects, whatever pandas would make of them."""
    column = pd.Series(index=range(len(values)), dtype=object)
    for index, value in enumerate(values):
        column.iat[index] = value
    return column
