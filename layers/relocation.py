"""Place a camera's detections again, after a better calibration, by the pixels they were placed by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, select, text

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, metric_to_lonlat
from gis_core.time import Window
from gis_core.types import FloatArray
from layers import detections
from layers.georeferencing import (
    StoredCalibration,
    calibrations_of,
    georeferencer_for,
    in_force,
    stand_of,
)

_SEEN = detections.LAYER.table.c
_BATCH = 20_000
_UPDATE = text(
    "UPDATE gis.detections AS seen SET geom = ST_SetSRID(ST_MakePoint(new.lon, new.lat), :srid), "
    "cov_xx_m2 = new.xx, cov_xy_m2 = new.xy, cov_yy_m2 = new.yy, calibration_id = CAST(:calibration AS uuid) "
    "FROM unnest(CAST(:id AS uuid[]), CAST(:at AS timestamptz[]), CAST(:lon AS float8[]), "
    "CAST(:lat AS float8[]), CAST(:xx AS float8[]), CAST(:xy AS float8[]), CAST(:yy AS float8[])) "
    "AS new (id, at, lon, lat, xx, xy, yy) "
    "WHERE seen.id = new.id AND seen.detected_at = new.at "
    # What PROJ gives for the same pixel on another machine may differ in the last digit.
    "AND (seen.calibration_id IS DISTINCT FROM CAST(:calibration AS uuid) "
    "OR abs(ST_X(seen.geom) - new.lon) + abs(ST_Y(seen.geom) - new.lat) > 1e-9 "
    "OR seen.cov_xx_m2 IS DISTINCT FROM new.xx OR seen.cov_yy_m2 IS DISTINCT FROM new.yy)"
)


class Anchored(NamedTuple):
    """A detection, the pixel that it was placed by with its errors, and the size of the frame."""

    id: UUID
    detected_at: datetime
    anchor_u_px: float
    anchor_v_px: float
    anchor_sigma_u_px: float | None
    anchor_sigma_v_px: float | None
    frame_width_px: int
    frame_height_px: int

    @property
    def sigma_px(self) -> tuple[float, float] | None:
        """Standard errors of the pixel, None where they were not stored."""
        if self.anchor_sigma_u_px is None or self.anchor_sigma_v_px is None:
            return None
        return self.anchor_sigma_u_px, self.anchor_sigma_v_px


class Relocation(NamedTuple):
    """What became of the detections of a camera that keep the pixel they were placed by."""

    moved: int
    unchanged: int
    without_position: int


def relocate(connection: Connection, camera_code: str, window: Window | None = None) -> Relocation:
    """Place a camera's detections again in the caller's transaction, by what is in force at their times.

    A detection without a stored anchor is left as it is, and so is one that gets no position
    any more: it keeps the one it has, and the calibration that gave it.

    Raises:
        FeatureNotFoundError: there is no such camera.
        GeoreferenceError: a calibration does not fit the frames.
    """
    stand, known = stand_of(connection, camera_code), calibrations_of(connection, camera_code)
    settings = get_settings()
    moved = unchanged = without = 0
    for rows in _batches(connection, camera_code, window):
        for calibration, frame_px, group in _grouped(rows, known):
            camera = georeferencer_for(stand, calibration, frame_px, settings)
            u, v = (
                np.array([getattr(row, name) for row in group]) for name in ("anchor_u_px", "anchor_v_px")
            )
            found = camera.locate(u, v, _sigma(group))
            placed = np.flatnonzero(np.isfinite(found.x))
            without += len(group) - len(placed)
            if not len(placed):
                continue
            lon, lat = metric_to_lonlat(found.x[placed], found.y[placed])
            done = connection.execute(
                _UPDATE,
                {
                    "srid": STORAGE_SRID,
                    "calibration": None if calibration is None else str(calibration.id),
                    "id": [str(group[index].id) for index in placed],
                    "at": [group[index].detected_at for index in placed],
                    "lon": lon.tolist(),
                    "lat": lat.tolist(),
                    "xx": found.covariance_m2[placed, 0, 0].tolist(),
                    "xy": found.covariance_m2[placed, 0, 1].tolist(),
                    "yy": found.covariance_m2[placed, 1, 1].tolist(),
                },
            )
            moved += done.rowcount
            unchanged += len(placed) - done.rowcount
    return Relocation(moved, unchanged, without)


def _sigma(group: list[Anchored]) -> FloatArray | None:
    """Standard errors of the pixels of detections that all have them, or all have none; (n, 2)."""
    known = [row.sigma_px for row in group]
    return None if known[0] is None else np.array(known, float)


def _batches(connection: Connection, camera_code: str, window: Window | None) -> Iterator[list[Anchored]]:
    """Detections with an anchor, in the order of their times and identifiers."""
    query = select(*(_SEEN[name] for name in Anchored._fields)).where(
        _SEEN.camera_code == camera_code, _SEEN.anchor_u_px.isnot(None), _SEEN.frame_width_px.isnot(None)
    )
    if window is not None:
        query = query.where(_SEEN.detected_at >= window.start, _SEEN.detected_at < window.end)
    # Identifiers sort by time, so that a batch begins where the last one ended.
    last: UUID | None = None
    while True:
        part = query if last is None else query.where(_SEEN.id > last)
        rows = [Anchored(*row) for row in connection.execute(part.order_by(_SEEN.id).limit(_BATCH))]
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _grouped(
    rows: list[Anchored], known: list[StoredCalibration]
) -> Iterator[tuple[StoredCalibration | None, tuple[int, int], list[Anchored]]]:
    """Detections that share a calibration and a size of frame, and all have stored errors or none."""
    groups: dict[tuple[UUID | None, int, int, bool], list[Anchored]] = {}
    chosen = {one.id: one for one in known}
    for row in rows:
        valid = in_force(known, row.detected_at)
        identifier = None if valid is None else valid.id
        key = identifier, row.frame_width_px, row.frame_height_px, row.sigma_px is None
        groups.setdefault(key, []).append(row)
    for (identifier, width_px, height_px, _), group in groups.items():
        yield None if identifier is None else chosen[identifier], (width_px, height_px), group
