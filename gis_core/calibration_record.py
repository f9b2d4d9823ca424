"""A calibration as JSON, and the georeferencer that it stands for."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gis_core.errors import GeoreferenceError
from gis_core.georeference import Homography, Lens, PinholeCamera, Pose
from gis_core.terrain import PlaneTerrain, RasterTerrain
from gis_core.types import FloatArray

Ground = Literal["level", "terrain"]
"""Level ground at the mast's foot, where heights begin; or the terrain, with heights above datum."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HomographyRecord(_Record):
    """The numbers of a ``Homography`` in EPSG:9214."""

    method: Literal["homography"] = "homography"
    matrix: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
    pixel_origin: tuple[float, float]
    pixel_scale: float = Field(gt=0)
    ground_origin: tuple[float, float]
    ground_scale_m: float = Field(gt=0)
    covariance: list[list[float]] = Field(min_length=8, max_length=8)
    unexplained_m2: float = Field(ge=0)
    pixel_sigma_px: float = Field(gt=0)
    station: tuple[float, float] | None
    station_sigma_m: float = Field(ge=0)


class PinholeRecord(_Record):
    """The numbers of a ``PinholeCamera`` in EPSG:9214, and which ground it looks at."""

    method: Literal["pinhole"] = "pinhole"
    place_m: tuple[float, float, float]
    heading_deg: float
    tilt_deg: float
    roll_deg: float
    focal_px: float = Field(gt=0)
    width_px: int
    height_px: int
    lens: tuple[float, float, float, float, float]
    ground: Ground
    covariance: list[list[float]] = Field(min_length=8, max_length=8)
    pixel_sigma_px: float = Field(gt=0)


class _Stored(BaseModel):
    record: Annotated[HomographyRecord | PinholeRecord, Field(discriminator="method")]


def of_homography(homography: Homography) -> HomographyRecord:
    """The record of a homography."""
    return HomographyRecord(
        matrix=homography.matrix.tolist(),
        pixel_origin=homography.pixel_origin,
        pixel_scale=homography.pixel_scale,
        ground_origin=homography.ground_origin,
        ground_scale_m=homography.ground_scale_m,
        covariance=homography.parameter_covariance.tolist(),
        unexplained_m2=homography.unexplained_m2,
        pixel_sigma_px=homography.pixel_sigma_px,
        station=homography.station,
        station_sigma_m=homography.station_sigma_m,
    )


def of_pose(pose: Pose, covariance: FloatArray, ground: Ground, pixel_sigma_px: float) -> PinholeRecord:
    """The record of a solved pose."""
    return PinholeRecord(
        place_m=(pose.x_m, pose.y_m, pose.z_m),
        heading_deg=pose.heading_deg,
        tilt_deg=pose.tilt_deg,
        roll_deg=pose.roll_deg,
        focal_px=pose.focal_px,
        width_px=pose.width_px,
        height_px=pose.height_px,
        lens=pose.lens,
        ground=ground,
        covariance=covariance.tolist(),
        pixel_sigma_px=pixel_sigma_px,
    )


def parse(text: str, source: str) -> HomographyRecord | PinholeRecord:
    """A record from its JSON.

    Raises:
        GeoreferenceError: the text is no calibration.
    """
    try:
        return _Stored.model_validate_json(f'{{"record":{text}}}').record
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise GeoreferenceError(f"{source} cannot be read ({place}: {first['msg']}).") from error


def restored_homography(record: HomographyRecord) -> Homography:
    """The homography that was recorded."""
    return Homography(
        np.array(record.matrix),
        record.pixel_origin,
        record.pixel_scale,
        record.ground_origin,
        record.ground_scale_m,
        np.array(record.covariance),
        record.unexplained_m2,
        record.pixel_sigma_px,
        record.station,
        record.station_sigma_m,
    )


def restored_pose(record: PinholeRecord) -> Pose:
    """The pose that was recorded."""
    angles = record.heading_deg, record.tilt_deg, record.roll_deg
    return Pose(
        *record.place_m, *angles, record.focal_px, record.width_px, record.height_px, Lens(*record.lens)
    )


def restored_camera(
    record: PinholeRecord, terrain: RasterTerrain | None, *, ground_sigma_m: float, range_m: float
) -> PinholeCamera:
    """The camera that was recorded, over level ground or over ``terrain``."""
    ground = PlaneTerrain() if record.ground == "level" else terrain
    return PinholeCamera(
        restored_pose(record),
        ground,
        np.array(record.covariance),
        record.pixel_sigma_px,
        ground_sigma_m,
        range_m,
    )
