"""Where a number comes from: the cameras and frames behind a segment's density or a surface's cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import rasterio
from sqlalchemy import Connection, func, select

from gis_core.analysis.density import TRUNCATE
from gis_core.config import Settings
from gis_core.crs import METRIC_SRID, lonlat_to_metric, metric_to_lonlat
from gis_core.errors import FeatureNotFoundError, InvalidParameterError, quoted
from gis_core.time import Window
from layers import cameras, detections, road_segments
from layers.base import Base
from layers.raster import RasterLayer, read_record
from layers.rollup import whole_hours
from layers.rollup_tables import CameraHour, SegmentCount
from layers.segment_views import watched_segments

_SEEN = detections.LAYER.table.c
_CAMERA = cameras.LAYER.table.c


class CameraHourOrigin(NamedTuple):
    """What one camera adds in one hour: the frames known of it, and the vehicles in them that count."""

    camera_code: str
    camera_name: str | None
    hour_at: datetime
    frames: int
    reported: bool
    detections: int
    frame_times: tuple[datetime, ...]


class Origin(NamedTuple):
    """What a number is made of; ``subject`` says whose number it is, ``value`` is None where not known."""

    subject: str
    window: Window
    value: float | None
    hours: tuple[CameraHourOrigin, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON-ready values, with the sums by camera first."""
        by_camera: dict[str, dict[str, Any]] = {}
        for hour in self.hours:
            camera = by_camera.setdefault(
                hour.camera_code,
                {"camera_code": hour.camera_code, "camera_name": hour.camera_name, "hours": 0, "frames": 0,
                 "detections": 0},
            )  # fmt: skip
            camera["hours"] += 1
            camera["frames"] += hour.frames
            camera["detections"] += hour.detections
        return {
            "subject": self.subject,
            "from": self.window.start.isoformat(),
            "to": self.window.end.isoformat(),
            "value": self.value,
            "cameras": list(by_camera.values()),
            "hours": [
                {
                    **hour._asdict(),
                    "hour_at": hour.hour_at.isoformat(),
                    "frame_times": [moment.isoformat() for moment in hour.frame_times],
                }
                for hour in self.hours
            ],
        }


def segment_origin(connection: Connection, segment_code: str, window: Window) -> Origin:
    """The cameras and frames that the density of a road segment is made of.

    Args:
        connection: where to read.
        segment_code: of layer ``road_segments``.
        window: widened to whole hours, as the roll-ups are.

    Raises:
        FeatureNotFoundError: there is no such segment.
    """
    segment = road_segments.LAYER.table.c
    if connection.execute(select(segment.code).where(segment.code == segment_code)).first() is None:
        raise FeatureNotFoundError(road_segments.LAYER.name, segment_code)
    hours = whole_hours(window)
    watching = watched_segments().where(segment.code == segment_code).subquery()
    codes = (
        connection.execute(select(watching.c.camera_code).where(watching.c.seen_length_m > 0)).scalars().all()
    )
    counted = (
        select(
            SegmentCount.camera_code,
            SegmentCount.hour_at,
            func.sum(SegmentCount.detections).label("vehicles"),
        )
        .where(
            SegmentCount.road_segment_code == segment_code,
            SegmentCount.subject == "vehicle",
            SegmentCount.hour_at >= hours.start,
            SegmentCount.hour_at < hours.end,
        )
        .group_by(SegmentCount.camera_code, SegmentCount.hour_at)
    )
    found = {(row.camera_code, row.hour_at): int(row.vehicles) for row in connection.execute(counted)}
    return Origin(segment_code, hours, None, _hours(connection, codes, hours, found))


def cell_origin(
    connection: Connection, surface: RasterLayer, lon: float, lat: float, settings: Settings
) -> Origin:
    """The cameras and frames behind a cell of a density surface as it is built now.

    A vehicle counts for a cell as far as its kernel reaches: four bandwidths over the ground, or
    one bandwidth along the roads, which is never farther than that over the ground.

    Raises:
        InvalidParameterError: the surface is not made of frames, or the place lies outside it.
        SurfaceNotBuiltError: it has not been built.
    """
    reach_m = _reach_m(surface, settings)
    record = read_record(surface, surface.path(settings))
    x, y = (float(one[0]) for one in lonlat_to_metric(np.array([lon]), np.array([lat])))
    with rasterio.open(surface.path(settings)) as dataset:
        row, column = dataset.index(x, y)
        if not (0 <= row < dataset.height and 0 <= column < dataset.width):
            raise InvalidParameterError("at", f"{lon:g},{lat:g} lies outside of '{surface.name}'.")
        cell = dataset.read(1, window=((row, row + 1), (column, column + 1)))[0, 0]
        value = None if cell == dataset.nodata else float(cell)
        middle = dataset.xy(row, column)
        half_m = dataset.res[0] / 2 * 2**0.5
    within = record.inputs.get("bandwidth_m")
    reach_m = reach_m if within is None else TRUNCATE * float(within)
    # Sums over a cell reach half its diagonal farther than its middle.
    reach_m += half_m
    place = func.ST_SetSRID(func.ST_MakePoint(*middle), METRIC_SRID)
    lon_lat = metric_to_lonlat(*(np.array([one + sign * reach_m for sign in (-1, 1)]) for one in middle))
    box = func.ST_MakeEnvelope(lon_lat[0][0], lon_lat[1][0], lon_lat[0][1], lon_lat[1][1], 4326)
    hour_at = func.date_trunc("hour", _SEEN.detected_at).label("hour_at")
    near = (
        select(_SEEN.camera_code, hour_at, func.count().label("vehicles"))
        .join_from(detections.LAYER.table, cameras.LAYER.table, _SEEN.camera_code == _CAMERA.code)
        .where(
            _SEEN.subject == "vehicle",
            _SEEN.detected_at >= record.window.start,
            _SEEN.detected_at < record.window.end,
            # A box in degrees is turned a little against the grid, so it takes in a tenth more.
            _SEEN.geom.op("&&")(func.ST_Expand(box, reach_m * 1e-6)),
            func.ST_DWithin(func.ST_Transform(_SEEN.geom, METRIC_SRID), place, reach_m),
        )
        .group_by(_SEEN.camera_code, hour_at)
    )
    found = {(row.camera_code, row.hour_at): int(row.vehicles) for row in connection.execute(near)}
    codes = sorted({code for code, _ in found})
    hours = _hours(connection, codes, record.window, found)
    return Origin(f"{surface.name} {lon:g},{lat:g}", record.window, value, hours)


def _reach_m(surface: RasterLayer, settings: Settings) -> float:
    if surface.name == "vehicle-density":
        return TRUNCATE * settings.surfaces.vehicle_density.bandwidth_m
    if surface.name == "network-density":
        return settings.surfaces.network_density.bandwidth_m
    raise InvalidParameterError("surface", f"{quoted(surface.name)} is not made of cameras' frames.")


def _hours(
    connection: Connection, codes: Sequence[str], window: Window, found: dict[tuple[str, datetime], int]
) -> tuple[CameraHourOrigin, ...]:
    """The hours of cameras in which they looked at all, by camera and time."""
    hour = Base.metadata.tables[f"gis.{CameraHour.__tablename__}"].c
    hours = whole_hours(window)
    query = (
        select(
            hour.camera_code, _CAMERA.name, hour.hour_at, hour.frames_seen, hour.reported,
            hour.frame_offsets_ms, _CAMERA.frame_interval_s,
        )
        .join(cameras.LAYER.table, _CAMERA.code == hour.camera_code)
        .where(hour.camera_code.in_(codes), hour.hour_at >= hours.start, hour.hour_at < hours.end)
        .order_by(hour.camera_code, hour.hour_at)
    )  # fmt: skip
    return tuple(
        CameraHourOrigin(
            row.camera_code,
            row.name,
            row.hour_at,
            # An hour without a report counts with as many frames as its interval says.
            row.frames_seen if row.reported else round(3600 / row.frame_interval_s),
            row.reported,
            found.get((row.camera_code, row.hour_at), 0),
            tuple(row.hour_at + np.timedelta64(int(offset), "ms").item() for offset in row.frame_offsets_ms),
        )
        for row in connection.execute(query)
    )
