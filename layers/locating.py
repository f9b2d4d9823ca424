"""Pixels to ground for the command line: by control points or by a camera, as rows of CSV."""

from __future__ import annotations

import csv
import math
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from pyproj import CRS

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, read_crs
from gis_core.db import reading
from gis_core.georeference import GroundPositions, error_ellipses, fit_homography
from gis_core.types import FloatArray
from layers.control_points import PixelFile, metric_grid_for, read_control_points, to_grid
from layers.georeferencing import georeferencer_of

COLUMNS = (
    "u", "v", "x", "y", "lon", "lat", "cov_xx_m2", "cov_xy_m2", "cov_yy_m2",
    "semi_major_m", "semi_minor_m", "azimuth_deg", "reason",
)  # fmt: skip


class Located(NamedTuple):
    """Positions on a metric grid, the same in ``crs`` and in degrees (n, 2), and remarks for a person."""

    found: GroundPositions
    xy: FloatArray
    lonlat: FloatArray
    crs: CRS
    notes: tuple[str, ...]


def by_points(points: Path, crs_text: str, uv: FloatArray, pixel_sigma_px: float | None) -> Located:
    """By a homography from a file of control points in the CRS that is named.

    Raises:
        IngestError, CRSMismatchError, GeoreferenceError: the points cannot be used.
    """
    control, crs = read_control_points(points), read_crs(crs_text, "--crs")
    grid = metric_grid_for(crs, control.xy, points.name)
    xy = to_grid(control.xy, crs, grid, points.name)
    sigma_px = pixel_sigma_px or get_settings().georeference.pixel_sigma_px
    fit = fit_homography(*control.uv.T, *xy.T, pixel_sigma_px=sigma_px)
    summary = f"RMS {fit.quality.rms_m:.2f} m over {int(fit.quality.used.sum())} control points."
    return _located(fit.homography.locate(*uv.T), grid, crs, (summary, *fit.quality.sentences()))


def by_camera(
    code: str, at: datetime, frame_px: tuple[int, int] | None, uv: FloatArray, pixel_sigma_px: float | None
) -> Located:
    """By what is in force for a camera at a time, in EPSG:9214.

    Raises:
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: it does not fit the frames.
    """
    with reading() as connection:
        camera = georeferencer_of(connection, code, at, frame_px)
    by = "its stated pose" if camera.calibration_id is None else f"calibration {camera.calibration_id}"
    sigma = None if pixel_sigma_px is None else np.full(uv.shape, pixel_sigma_px)
    grid = CRS.from_epsg(METRIC_SRID)
    return _located(camera.locate(uv[:, 0], uv[:, 1], sigma), grid, grid, (f"Camera {code} by {by}.",))


def _located(found: GroundPositions, grid: CRS, crs: CRS, notes: tuple[str, ...]) -> Located:
    seen = np.isfinite(found.x)
    parts = []
    for target in (crs, STORAGE_SRID):
        moved = np.full((len(seen), 2), math.nan)
        if seen.any():
            there = np.column_stack([found.x, found.y])[seen]
            moved[seen] = to_grid(there, grid, target, "The positions")
        parts.append(moved)
    return Located(found, parts[0], parts[1], crs, notes)


def write_csv(out: TextIO, asked: PixelFile, located: Located) -> None:
    """One row for each pixel, in their order; what is not known is empty."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    found, digits = located.found, 9 if located.crs.is_geographic else 4
    ellipses = error_ellipses(found.covariance_m2)
    for index, (u, v) in enumerate(asked.uv):
        fault = asked.faults.get(index)
        covariance = found.covariance_m2[index]
        azimuth = "" if math.isnan(ellipses.azimuth_deg[index]) else f"{ellipses.azimuth_deg[index]:.2f}"
        writer.writerow(
            [
                _plain(u),
                _plain(v),
                *(_fixed(value, digits) for value in located.xy[index]),
                *(_fixed(value, 9) for value in located.lonlat[index]),
                *(_short(value) for value in (covariance[0, 0], covariance[0, 1], covariance[1, 1])),
                _fixed(ellipses.semi_major_m[index], 4),
                _fixed(ellipses.semi_minor_m[index], 4),
                azimuth,
                _reason(found, index) if fault is None else f"Row {fault.row}: {fault.reason}",
            ]
        )


def _reason(found: GroundPositions, index: int) -> str:
    reason, azimuth = found.reason[index], found.azimuth_deg[index]
    if reason is None:
        return ""
    if math.isnan(azimuth):
        return str(reason)
    return f"{reason} Direction {azimuth:.3f}° ± {found.azimuth_sigma_deg[index]:.3f}° from grid north."


def _plain(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))


def _fixed(value: float, digits: int) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _short(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.9g}"
