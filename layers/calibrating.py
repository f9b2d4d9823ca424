"""Calibrate a camera from control points, and keep the result with the time that it holds for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import geopandas as gpd
import numpy as np
from pyproj import CRS
from shapely import Point
from sqlalchemy import Connection

from gis_core import calibration_record as record
from gis_core.calibration import ControlPoints, PoseFit, Priors, fit_pose
from gis_core.config import Settings, get_settings
from gis_core.crs import STORAGE_SRID, metric_to_lonlat
from gis_core.errors import GeoreferenceError
from gis_core.georeference import HomographyFit, fit_homography
from gis_core.georeference.pose import PARAMETERS
from gis_core.georeference.quality import FitQuality
from gis_core.ids import event_id
from gis_core.terrain import PlaneTerrain
from gis_core.time import local_text
from gis_core.types import FloatArray
from layers import calibrations
from layers.control_points import ControlFile, to_metric_grid
from layers.georeferencing import Stand, foot_elevation_m, ground_of, stand_of, stated_pose, terrain_of
from layers.store import load
from layers.viewsheds import compute_views

MAX_DISTANCE_M = 50_000.0
"""Control points farther from their camera than the farthest range that a camera may have."""

_ORIGIN = "calibration"


class Tenure(NamedTuple):
    """From when to when a calibration holds, and who answers for it; times are aware."""

    valid_from: datetime
    valid_to: datetime | None
    made_by: str


class Calibrated(NamedTuple):
    """A stored calibration: its identifier, the report on its points, and what was found, in sentences."""

    id: UUID
    quality: FitQuality
    lines: tuple[str, ...]


def calibrate_camera(
    connection: Connection,
    code: str,
    control: ControlFile,
    crs: CRS,
    *,
    source: str,
    method: str,
    frame_px: tuple[int, int],
    priors: Priors,
    tenure: Tenure,
) -> Calibrated:
    """Calibrate a camera from control points and store the result in the caller's transaction.

    What the camera sees is computed anew by it.

    Args:
        connection: an open transaction; nothing is committed here.
        code: the camera.
        control: the points, in ``crs``.
        crs: any CRS with x first.
        source: what the points are called in a message.
        method: ``homography`` or ``pinhole``.
        frame_px: width and height of the frames that the points' pixels count in.
        priors: standard errors of what was known before.
        tenure: the time it holds for.

    Raises:
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: the points lie elsewhere or do not determine the calibration.
        CRSMismatchError: the points lie outside their CRS.
    """
    stand = stand_of(connection, code)
    xy = to_metric_grid(control.xy, crs, source)
    _check_pixels(control.uv, frame_px)
    if method == "homography":
        flat = fit_flat(stand, control.uv, xy, priors.pixel_px)
        made: record.HomographyRecord | record.PinholeRecord = record.of_homography(flat.homography)
        quality, lines = flat.quality, _flat_lines(flat)
    else:
        z_m = np.zeros(len(xy)) if control.z_m is None else control.z_m
        points = ControlPoints(control.uv, np.column_stack([xy, z_m]))
        fit, ground = fit_stand(stand, points, frame_px, priors, has_elevations=control.z_m is not None)
        made = record.of_pose(fit.pose, fit.covariance, ground, priors.pixel_px)
        quality, lines = fit.quality, _pose_lines(fit)
    kept = keep(connection, stand, quality=quality, made=made, frame_px=frame_px, tenure=tenure)
    compute_views(connection, get_settings(), [code])
    return Calibrated(kept, quality, lines)


def _check_pixels(uv: FloatArray, frame_px: tuple[int, int]) -> None:
    outside = np.flatnonzero(((uv < 0) | (uv > frame_px)).any(axis=1))
    if outside.size:
        raise GeoreferenceError(
            f"Control point {outside[0] + 1} lies outside a frame of {frame_px[0]}x{frame_px[1]}."
        )


def _flat_lines(fit: HomographyFit) -> tuple[str, ...]:
    unexplained_m = fit.homography.unexplained_m2**0.5
    if unexplained_m == 0:
        return ("Picking errors explain all of it.",)
    return (
        f"{unexplained_m:.2f} m of it are more than picking errors explain; every position carries them.",
    )


def _pose_lines(fit: PoseFit) -> tuple[str, ...]:
    sigma = dict(zip(PARAMETERS, np.sqrt(np.diag(fit.covariance)), strict=True))
    pose = fit.pose
    view_sigma_deg = (
        np.degrees(2 * np.sin(np.radians(pose.field_of_view_deg) / 2) ** 2 / (pose.width_px / 2))
        * sigma["focal_px"]
    )
    return (
        f"heading {pose.heading_deg:.3f} ± {sigma['heading_deg']:.3f}°, "
        f"tilt {pose.tilt_deg:.3f} ± {sigma['tilt_deg']:.3f}°, "
        f"roll {pose.roll_deg:.3f} ± {sigma['roll_deg']:.3f}°, "
        f"field of view {pose.field_of_view_deg:.2f} ± {view_sigma_deg:.2f}°",
        f"place {pose.x_m:.2f} ± {sigma['x_m']:.2f}, {pose.y_m:.2f} ± {sigma['y_m']:.2f}, "
        f"height {pose.z_m:.2f} ± {sigma['z_m']:.2f} m; k1 {pose.lens.k1:.4f} ± {sigma['k1']:.4f}; "
        f"RMS {fit.rms_px:.2f} px",
    )


def check_near(stand: Stand, xy: FloatArray) -> None:
    """Refuse control points that this camera cannot see.

    Raises:
        GeoreferenceError: some are too far away.
    """
    farthest = float(np.hypot(xy[:, 0] - stand.x, xy[:, 1] - stand.y).max())
    if farthest > MAX_DISTANCE_M:
        raise GeoreferenceError(
            f"A control point lies {farthest / 1000:,.0f} km from camera {stand.code}; "
            "is the CRS of the points the right one?"
        )


def fit_flat(stand: Stand, uv: FloatArray, xy: FloatArray, pixel_sigma_px: float) -> HomographyFit:
    """A homography for a camera from control points in EPSG:9214, shape (n, 2) each."""
    check_near(stand, xy)
    sigma_m = get_settings().georeference.position_sigma_m
    return fit_homography(
        *uv.T, *xy.T, pixel_sigma_px=pixel_sigma_px, station=(stand.x, stand.y), station_sigma_m=sigma_m
    )


def fit_stand(
    stand: Stand,
    points: ControlPoints,
    frame_px: tuple[int, int],
    priors: Priors,
    *,
    has_elevations: bool,
) -> tuple[PoseFit, record.Ground]:
    """A pose for a camera from control points in EPSG:9214, and the ground that it looks at.

    Elevations are above datum; without them (``has_elevations``), the points lie on the ground.

    Raises:
        GeoreferenceError: the points do not determine the pose, or no terrain is known there.
    """
    settings = get_settings()
    check_near(stand, points.xyz[:, :2])
    ground = ground_of(stand, settings)
    if ground is None:
        raise GeoreferenceError(
            f"Camera {stand.code} sees farther than {settings.georeference.terrain_beyond_m:g} m, "
            "and no terrain is known there; name one as surfaces.flood_risk.terrain."
        )
    xyz = points.xyz.copy()
    foot_m = foot_elevation_m(stand, ground)
    if has_elevations and isinstance(ground, PlaneTerrain):
        xyz[:, 2] -= _datum_at_foot(stand, settings)
    elif not has_elevations:
        xyz[:, 2] = ground.sample(xyz[:, 0], xyz[:, 1])
        if not np.isfinite(xyz).all():
            raise GeoreferenceError(
                "Some control points lie off the known terrain; give their elevation as z."
            )
    fit = fit_pose(ControlPoints(points.uv, xyz), stated_pose(stand, foot_m, frame_px), priors)
    return fit, "level" if isinstance(ground, PlaneTerrain) else "terrain"


def _datum_at_foot(stand: Stand, settings: Settings) -> float:
    terrain = terrain_of(settings)
    foot_m = float("nan") if terrain is None else foot_elevation_m(stand, terrain)
    if not np.isfinite(foot_m):
        raise GeoreferenceError(
            f"The points have elevations above datum, but the ground's at camera {stand.code} is not known; "
            "leave z out if they lie on the ground."
        )
    return foot_m


def keep(
    connection: Connection,
    stand: Stand,
    *,
    quality: FitQuality,
    made: record.HomographyRecord | record.PinholeRecord,
    frame_px: tuple[int, int],
    tenure: Tenure,
) -> UUID:
    """Store a calibration in the caller's transaction, and give its identifier.

    Raises:
        GeoreferenceError: it ends before it begins.
    """
    if tenure.valid_to is not None and tenure.valid_to <= tenure.valid_from:
        raise GeoreferenceError(
            f"A calibration cannot end at {local_text(tenure.valid_to)}, before it begins."
        )
    made_at = datetime.now(UTC)
    identifier = event_id(tenure.valid_from, _ORIGIN, f"{stand.code}/{made_at.isoformat()}")
    lon, lat = metric_to_lonlat(np.array([stand.x]), np.array([stand.y]))
    rows = gpd.GeoDataFrame(
        {
            "id": [identifier],
            "valid_from": [tenure.valid_from],
            "valid_to": [tenure.valid_to],
            "camera_code": [stand.code],
            "method": [made.method],
            "point_count": [int(quality.used.sum())],
            "rms_m": [quality.rms_m],
            "width_px": [frame_px[0]],
            "height_px": [frame_px[1]],
            "parameters": [made.model_dump_json()],
            "made_by": [tenure.made_by],
            "made_at": [made_at],
            "origin": [_ORIGIN],
        },
        geometry=[Point(lon[0], lat[0])],
        crs=STORAGE_SRID,
    )
    load(connection, calibrations.LAYER, rows)
    return identifier
