"""A camera as the detectors need it: where it stands, what runs on it, and what places its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from gis_core.config import Settings
from gis_core.errors import FeatureNotFoundError
from layers import cameras
from layers.georeferencing import (
    CameraGeoreferencer,
    Stand,
    StoredCalibration,
    calibrations_of,
    georeferencer_for,
    in_force,
    stand_of,
)

_CAMERAS = cameras.LAYER.table.c


class WatchedCamera:
    """One camera, as it stood in the database when it was read; ``stand`` is in EPSG:9214."""

    def __init__(
        self,
        stand: Stand,
        purpose: str,
        stated_solutions: Sequence[str],
        calibrations: Sequence[StoredCalibration],
        settings: Settings,
    ) -> None:
        self.stand = stand
        self.purpose = purpose
        self.stated_solutions = tuple(stated_solutions)
        self._calibrations = calibrations
        self._settings = settings
        self._made: dict[tuple[UUID | None, tuple[int, int]], CameraGeoreferencer] = {}

    def georeferencer(self, at: datetime, frame_px: tuple[int, int]) -> CameraGeoreferencer:
        """What places pixels of frames of this size that were taken at this time.

        Raises:
            GeoreferenceError: its calibration does not fit the frames, or its pose is impossible.
        """
        calibration = in_force(self._calibrations, at)
        key = (None if calibration is None else calibration.id, frame_px)
        if key not in self._made:
            self._made[key] = georeferencer_for(self.stand, calibration, frame_px, self._settings)
        return self._made[key]


def read_camera(connection: Connection, code: str, settings: Settings) -> WatchedCamera:
    """A camera with its calibrations.

    Raises:
        FeatureNotFoundError: there is no such camera.
    """
    row = connection.execute(
        select(_CAMERAS.purpose, _CAMERAS.ai_solutions).where(_CAMERAS.code == code)
    ).one_or_none()
    if row is None:
        raise FeatureNotFoundError(cameras.LAYER.name, code)
    return WatchedCamera(
        stand_of(connection, code), row[0], row[1], calibrations_of(connection, code), settings
    )
