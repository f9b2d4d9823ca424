"""Which georeferencer holds for a camera at a time: its newest calibration, else its stated pose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import numpy as np
from rasterio.enums import Resampling
from rasterio.warp import calculate_default_transform, reproject
from sqlalchemy import Connection, func, select

from gis_core import calibration_record as record
from gis_core.config import Settings, get_settings
from gis_core.crs import METRIC_SRID, lonlat_to_metric
from gis_core.errors import FeatureNotFoundError, GeoreferenceError
from gis_core.georeference import (
    Georeferencer,
    GroundPositions,
    PinholeCamera,
    Pose,
    Resized,
    focal_length_px,
    pose_covariance,
)
from gis_core.terrain import PlaneTerrain, RasterTerrain, read_terrain
from gis_core.types import FloatArray
from layers import calibrations, cameras

_CAMERAS = cameras.LAYER.table.c
_CALIBRATIONS = calibrations.LAYER.table.c


@dataclass(frozen=True, slots=True)
class CameraGeoreferencer:
    """The georeferencer of one camera; ``calibration_id`` is None where its stated pose is used."""

    camera_code: str
    calibration_id: UUID | None
    inner: Georeferencer

    def locate(self, u: FloatArray, v: FloatArray, sigma_px: FloatArray | None = None) -> GroundPositions:
        """Positions of pixels in EPSG:9214."""
        return self.inner.locate(u, v, sigma_px)


class Stand(NamedTuple):
    """A camera as layer ``cameras`` states it, its place in EPSG:9214."""

    code: str
    x: float
    y: float
    mast_height_m: float
    heading_deg: float
    tilt_deg: float
    field_of_view_deg: float
    range_m: float


class StoredCalibration(NamedTuple):
    """A calibration as it is stored; times are aware."""

    id: UUID
    valid_from: datetime
    valid_to: datetime | None
    made_at: datetime
    made_by: str
    method: str
    point_count: int
    rms_m: float
    width_px: int
    height_px: int
    parameters: str

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at a time."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


def stand_of(connection: Connection, camera_code: str) -> Stand:
    """The camera as it is stated.

    Raises:
        FeatureNotFoundError: there is no such camera.
    """
    shown = (_CAMERAS.mast_height_m, _CAMERAS.azimuth_deg, _CAMERAS.tilt_deg, _CAMERAS.field_of_view_deg)
    place = func.ST_X(_CAMERAS.geom), func.ST_Y(_CAMERAS.geom)
    row = connection.execute(
        select(*place, *shown, _CAMERAS.range_m).where(_CAMERAS.code == camera_code)
    ).one_or_none()
    if row is None:
        raise FeatureNotFoundError("cameras", camera_code)
    x, y = lonlat_to_metric(np.array([row[0]]), np.array([row[1]]))
    return Stand(camera_code, float(x[0]), float(y[0]), *row[2:])


def calibrations_of(connection: Connection, camera_code: str) -> list[StoredCalibration]:
    """All calibrations of a camera; of those in force at a time, the first is the one to use."""
    columns = [_CALIBRATIONS[name] for name in StoredCalibration._fields]
    rows = connection.execute(
        select(*columns)
        .where(_CALIBRATIONS.camera_code == camera_code)
        .order_by(_CALIBRATIONS.valid_from.desc(), _CALIBRATIONS.made_at.desc(), _CALIBRATIONS.id.desc())
    )
    return [StoredCalibration(*row) for row in rows]


def georeferencer_of(
    connection: Connection, camera_code: str, at: datetime, frame_px: tuple[int, int] | None = None
) -> CameraGeoreferencer:
    """What turns pixels of a camera's frames of a time into positions in EPSG:9214.

    Args:
        connection: where cameras and calibrations are read.
        camera_code: the camera.
        at: when the frames were taken, aware.
        frame_px: width and height of the frames; None takes the size that was calibrated.

    Raises:
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: its calibration does not fit the frames, or its pose is impossible.
    """
    stand = stand_of(connection, camera_code)
    valid = in_force(calibrations_of(connection, camera_code), at)
    return georeferencer_for(stand, valid, frame_px, get_settings())


def in_force(known: Sequence[StoredCalibration], at: datetime) -> StoredCalibration | None:
    """The first calibration that holds at a time."""
    return next((one for one in known if one.holds_at(at)), None)


def georeferencer_for(
    stand: Stand,
    calibration: StoredCalibration | None,
    frame_px: tuple[int, int] | None,
    settings: Settings,
) -> CameraGeoreferencer:
    """The georeferencer of a camera by a calibration, or by its stated pose where there is none."""
    if calibration is None:
        if frame_px is None:
            raise GeoreferenceError(
                f"Camera {stand.code} has no calibration yet, so the size of its frames must be given."
            )
        return CameraGeoreferencer(stand.code, None, stated_camera(stand, frame_px, settings))
    stored = record.parse(calibration.parameters, f"Calibration {calibration.id} of {stand.code}")
    inner: Georeferencer
    if isinstance(stored, record.HomographyRecord):
        inner = record.restored_homography(stored)
    else:
        on_terrain = stored.ground == "terrain"
        sure = settings.georeference
        inner = record.restored_camera(
            stored,
            terrain_of(settings) if on_terrain else None,
            ground_sigma_m=sure.terrain_sigma_m if on_terrain else sure.level_sigma_m,
            range_m=stand.range_m,
        )
    scale = _scale(stand.code, (calibration.width_px, calibration.height_px), frame_px)
    return CameraGeoreferencer(stand.code, calibration.id, inner if scale == 1 else Resized(inner, scale))


def stated_pose(stand: Stand, foot_m: float, frame_px: tuple[int, int]) -> Pose:
    """The pose as layer ``cameras`` states it, over ground of an elevation, for frames of a size."""
    return Pose(
        stand.x,
        stand.y,
        foot_m + stand.mast_height_m,
        stand.heading_deg,
        stand.tilt_deg,
        0.0,
        focal_length_px(stand.field_of_view_deg, frame_px[0]),
        *frame_px,
    )


def stated_camera(stand: Stand, frame_px: tuple[int, int], settings: Settings) -> PinholeCamera:
    """The camera as layer ``cameras`` states it, over the ground that it looks at."""
    sure = settings.georeference
    ground = ground_of(stand, settings)
    pose = stated_pose(stand, foot_elevation_m(stand, ground), frame_px)
    covariance = pose_covariance(
        pose,
        position_sigma_m=sure.position_sigma_m,
        height_sigma_m=sure.mast_height_sigma_m,
        heading_sigma_deg=sure.heading_sigma_deg,
        tilt_sigma_deg=sure.tilt_sigma_deg,
        roll_sigma_deg=sure.roll_sigma_deg,
        field_of_view_sigma_deg=sure.field_of_view_sigma_deg,
    )
    level = isinstance(ground, PlaneTerrain)
    return PinholeCamera(
        pose,
        ground,
        covariance,
        sure.pixel_sigma_px,
        sure.level_sigma_m if level else sure.terrain_sigma_m,
        stand.range_m,
    )


def ground_of(stand: Stand, settings: Settings) -> PlaneTerrain | RasterTerrain | None:
    """Level ground at the mast's foot for a near camera, terrain for a far one; None where it is unknown."""
    if stand.range_m <= settings.georeference.terrain_beyond_m:
        return PlaneTerrain()
    terrain = terrain_of(settings)
    return terrain if terrain is not None and math.isfinite(foot_elevation_m(stand, terrain)) else None


def foot_elevation_m(stand: Stand, ground: PlaneTerrain | RasterTerrain | None) -> float:
    """Elevation of the ground at the mast, 0 where none is known."""
    if ground is None:
        return 0.0
    return float(ground.sample(np.array([stand.x]), np.array([stand.y]))[0])


def terrain_of(settings: Settings) -> RasterTerrain | None:
    """The terrain model in EPSG:9214, None where there is no file.

    Raises:
        RasterError: there is one that cannot be used.
    """
    path = settings.terrain_file
    return _terrain(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=1)
def _terrain(path: Path, modified_ns: int) -> RasterTerrain:
    """The file as it was at its time of change, which is only here so that a new file is read again."""
    terrain = read_terrain(path)
    if terrain.crs.to_epsg() == METRIC_SRID:
        return terrain
    source, target = terrain.crs.to_wkt(), f"EPSG:{METRIC_SRID}"
    rows, columns = terrain.elevation_m.shape
    transform, width, height = calculate_default_transform(source, target, columns, rows, *terrain.bounds)
    elevation = np.full((height, width), np.nan, dtype=np.float32)
    reproject(
        terrain.elevation_m, elevation, src_transform=terrain.transform, src_crs=source, src_nodata=np.nan,
        dst_transform=transform, dst_crs=target, dst_nodata=np.nan, resampling=Resampling.bilinear,
    )  # fmt: skip
    grid = type(terrain.crs).from_epsg(METRIC_SRID)
    return RasterTerrain(terrain.name, elevation, transform, grid, terrain.simulated, terrain.notes)


def _scale(code: str, calibrated: tuple[int, int], frame_px: tuple[int, int] | None) -> float:
    if frame_px is None:
        return 1.0
    across, down = calibrated[0] / frame_px[0], calibrated[1] / frame_px[1]
    # Encoders round the height of a substream to whole blocks of pixels.
    if not math.isclose(across, down, rel_tol=0.02):
        raise GeoreferenceError(
            f"Camera {code} was calibrated on frames of {calibrated[0]}x{calibrated[1]}; frames of "
            f"{frame_px[0]}x{frame_px[1]} show another part of the scene."
        )
    return across
