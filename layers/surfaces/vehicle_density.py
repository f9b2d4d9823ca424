"""Vehicle density: how many vehicles are on a square kilometre at a time, on average."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
import xarray as xr
from rasterio.transform import from_origin
from sqlalchemy import ColumnElement, Connection, func, or_, select

from gis_core.analysis.bandwidth import cross_validated_bandwidth, silverman_bandwidth
from gis_core.analysis.density import CELLS_PER_BANDWIDTH, kernel_density
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, lonlat_to_metric, transformer
from gis_core.db import writing
from gis_core.errors import SurfaceNotBuiltError
from gis_core.time import Window, local_text, parse_duration
from gis_core.types import Bounds, FloatArray, Text
from layers import cameras, detections, themes
from layers.jobs.blocks import each_block
from layers.raster import Band, RasterLayer, Stop

_SEEN = detections.LAYER.table.c
_CAMERA = cameras.LAYER.table.c


def default_window(at: datetime | None) -> Window:
    """The settings' stretch of time that ends at ``at``, or just after the latest vehicle seen.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and no vehicle has ever been seen.
    """
    return window_until(at, get_settings().surfaces.vehicle_density.window)


def window_until(at: datetime | None, duration: str) -> Window:
    """The stretch of time of that length that ends at ``at``; see ``default_window``."""
    if at is None:
        with writing() as connection:
            latest = connection.execute(
                select(func.max(_SEEN.detected_at)).where(_SEEN.subject == "vehicle")
            ).scalar()
        if latest is None:
            raise SurfaceNotBuiltError(
                "No camera has reported a vehicle yet, so there is no density to compute."
            )
        # Windows leave their end out: the next full minute takes the latest vehicle in.
        at = latest.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Window(at - parse_duration(duration), at)


def build(window: Window) -> xr.DataArray:
    """Mean number of vehicles present per km² in the window; see ``RasterLayer.build``.

    Raises:
        SurfaceNotBuiltError: no known camera reported a vehicle in the window.
    """
    settings = get_settings()
    cell_m = settings.surfaces.vehicle_density.cell_m
    bounds = metric_grid(settings.province.bounds, cell_m)
    with writing() as connection:  # a client's statement timeout would be too short for a busy month
        vehicles = _vehicles(connection, window)
        reporting, unplaced, simulated = _summary(connection, window)
    if not len(vehicles):
        raise SurfaceNotBuiltError(
            f"No camera reported a vehicle between {local_text(window.start)} and {local_text(window.end)}."
        )
    x, y = lonlat_to_metric(vehicles[:, 0], vehicles[:, 1])
    # A vehicle in every frame of a camera is one vehicle present all the time.
    present = vehicles[:, 2] / window.duration_s
    bandwidth_m = _bandwidth_m(x, y, present)
    density = kernel_density(
        x, y, present, bounds=bounds, cell_m=cell_m, bandwidth_m=bandwidth_m, each=each_block(settings)
    )
    inputs = {
        "detections": len(vehicles),
        "detections_without_known_camera": unplaced,
        "cameras": reporting,
        "bandwidth_m": bandwidth_m,
    }
    return as_surface(density, bounds, inputs=inputs, simulated=simulated)


def as_surface(
    density: FloatArray, bounds: Bounds, *, inputs: Mapping[str, Any], simulated: bool
) -> xr.DataArray:
    """Densities of the grid that starts in the north-west corner of ``bounds``, as ``RasterLayer`` has them.

    Args:
        density: vehicles per km², shape (rows, columns).
        bounds: of ``metric_grid``.
        inputs: what they were computed from, besides the parameters.
        simulated: whether any of that is.
    """
    cell_m = get_settings().surfaces.vehicle_density.cell_m
    rows, columns = density.shape
    return xr.DataArray(
        density[np.newaxis].astype(np.float32),
        dims=("band", "y", "x"),
        coords={
            "band": [band.name for band in SURFACE.bands],
            "y": bounds.north - (np.arange(rows) + 0.5) * cell_m,
            "x": bounds.west + (np.arange(columns) + 0.5) * cell_m,
        },
        attrs={
            "crs": f"EPSG:{METRIC_SRID}",
            "transform": from_origin(bounds.west, bounds.north, cell_m, cell_m),
            "inputs": {**inputs, **basis()},
            "simulated": simulated,
        },
    )


def basis() -> dict[str, Any]:
    """The parameters of a build; see ``RasterLayer.basis``."""
    section = get_settings().surfaces.vehicle_density
    chosen = section.bandwidth_m if section.bandwidth_by == "setting" else section.bandwidth_by
    return {"parameters": {"cell_m": section.cell_m, "bandwidth_m": chosen}}


def metric_grid(bounds: Bounds, cell_m: float) -> Bounds:
    """Limits in EPSG:9214 that hold a box in degrees, moved outwards to multiples of the cell.

    Grids of different builds thereby fall on the same cells.
    """
    box = transformer(STORAGE_SRID, METRIC_SRID).transform_bounds(*bounds)
    west, south = (math.floor(edge / cell_m) * cell_m for edge in box[:2])
    east, north = (math.ceil(edge / cell_m) * cell_m for edge in box[2:])
    return Bounds(west, south, east, north)


def _bandwidth_m(x: FloatArray, y: FloatArray, present: FloatArray) -> float:
    """The bandwidth that the settings want: theirs, or one found from the data, of five cells at least."""
    section = get_settings().surfaces.vehicle_density
    least_m = CELLS_PER_BANDWIDTH * section.cell_m
    if section.bandwidth_by == "cross-validation":
        return cross_validated_bandwidth(x, y, present, least_m=least_m)
    if section.bandwidth_by == "silverman":
        return max(least_m, silverman_bandwidth(x, y, present))
    return section.bandwidth_m


def _vehicles(connection: Connection, window: Window) -> FloatArray:
    """Longitude, latitude and the camera's frame interval of every vehicle seen; shape (n, 3)."""
    rows = connection.execute(
        select(func.ST_X(_SEEN.geom), func.ST_Y(_SEEN.geom), _CAMERA.frame_interval_s)
        .join_from(detections.LAYER.table, cameras.LAYER.table, _SEEN.camera_code == _CAMERA.code)
        .where(*_in_window(window))
    )
    return np.fromiter(chain.from_iterable(rows), dtype=np.float64).reshape(-1, 3)


def _summary(connection: Connection, window: Window) -> tuple[int, int, bool]:
    """Cameras that reported vehicles, vehicles of no known camera, and whether any input is simulated."""
    reporting, unplaced, simulated = connection.execute(
        select(
            func.count(_CAMERA.code.distinct()),
            func.count().filter(_CAMERA.code.is_(None)),
            func.bool_or(or_(_SEEN.simulated, _CAMERA.simulated)),
        )
        .join_from(
            detections.LAYER.table, cameras.LAYER.table, _SEEN.camera_code == _CAMERA.code, isouter=True
        )
        .where(*_in_window(window))
    ).one()
    return reporting, unplaced, bool(simulated)


def _in_window(window: Window) -> tuple[ColumnElement[bool], ...]:
    return (
        _SEEN.subject == "vehicle",
        _SEEN.detected_at >= window.start,
        _SEEN.detected_at < window.end,
    )


SURFACE = RasterLayer(
    name="vehicle-density",
    title=Text("Mật độ phương tiện", "Vehicle density"),
    description=Text(
        "Số phương tiện trung bình có mặt trên mỗi km² trong khoảng thời gian, theo camera giao thông.",
        "Mean number of vehicles present per km² in the window, as seen by traffic cameras.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    method=Text(
        "Ước lượng mật độ nhân Gauss phẳng; mỗi phát hiện đại diện cho khoảng cách khung hình của camera "
        "chia cho độ dài khoảng thời gian. Chỉ phản ánh nơi có camera.",
        "Planar Gaussian kernel density; each detection stands for its camera's frame interval divided by "
        "the length of the window. It shows only what cameras cover.",
    ),
    bands=(
        Band(
            "vehicles_per_km2",
            Text("Phương tiện trên km²", "Vehicles per km²"),
            "1/km²",
            (
                Stop(0.5, "#fef0d9", Text("0,5–2", "0.5–2")),
                Stop(2, "#fdcc8a", Text("2–5", "2–5")),
                Stop(5, "#fc8d59", Text("5–15", "5–15")),
                Stop(15, "#e34a33", Text("15–40", "15–40")),
                Stop(40, "#b30000", Text("từ 40", "40 and more")),
            ),
        ),
    ),
    build=build,
    default_window=default_window,
    basis=basis,
    follows=("cameras", "detections"),
    keywords=("giao thông", "mật độ", "traffic", "density"),
    theme=themes.TRAFFIC,
)
