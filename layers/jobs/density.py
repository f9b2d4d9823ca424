"""Vehicle density over months: each day counted on the grid by itself, and the sum smoothed once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from sqlalchemy import Connection, select

from gis_core.analysis.density import binned, padded_size, smoothed
from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric
from gis_core.db import writing
from gis_core.errors import SurfaceNotBuiltError
from gis_core.time import Window
from gis_core.types import Bounds, FloatArray, IntArray
from layers import cameras
from layers.archive.files import read_day
from layers.frames import read_frame
from layers.jobs.days import LAYER, Day
from layers.jobs.run import by_day
from layers.read import read
from layers.surfaces.vehicle_density import as_surface, metric_grid

_READ = ("camera_code", "subject", "simulated")
_CAMERA = cameras.LAYER.table.c


class DayGrid(NamedTuple):
    """What one day adds: seconds of presence in some cells of the padded grid, and where it is from.

    ``cells`` ascend, shape (n,); ``presence_s`` are their sums, shape (n,).
    """

    cells: IntArray
    presence_s: FloatArray
    vehicles: int
    unplaced: int
    cameras: frozenset[str]
    simulated: bool


def density_of(days: Sequence[Day], window: Window) -> xr.DataArray:
    """Mean number of vehicles present per km² over all the days; see ``RasterLayer.build``.

    Days are summed in their order, so that the pixels do not depend on where each was counted.

    Raises:
        SurfaceNotBuiltError: no known camera reported a vehicle on any of them.
    """
    grid = _grid()
    presence_s = np.zeros(padded_size(**grid._asdict()))
    vehicles = unplaced = 0
    seen_by: set[str] = set()
    simulated = False
    for part in by_day(count_day, days):
        presence_s[part.cells] += part.presence_s
        vehicles += part.vehicles
        unplaced += part.unplaced
        seen_by |= part.cameras
        simulated |= part.simulated
    if not vehicles:
        raise SurfaceNotBuiltError("No camera reported a vehicle on these days.")
    density = smoothed(presence_s / window.duration_s, **grid._asdict())
    inputs = {
        "detections": vehicles,
        "detections_without_known_camera": unplaced,
        "cameras": len(seen_by),
    }
    return as_surface(density, grid.bounds, inputs=inputs, simulated=simulated)


def count_day(day: Day) -> DayGrid:
    """Count the vehicles of one day on the grid; each is there for the frame interval of its camera."""
    with writing() as connection:
        interval_s = _frame_intervals(connection)
        parts = [_counted(rows, interval_s) for rows in _vehicles(connection, day)]
    seen = pd.concat([part.presence_s for part in parts]) if parts else pd.Series(dtype=float)
    summed = seen.groupby(level=0).sum()
    return DayGrid(
        summed.index.to_numpy(np.int64),
        summed.to_numpy(float),
        sum(part.vehicles for part in parts),
        sum(part.unplaced for part in parts),
        frozenset().union(*(part.cameras for part in parts)),
        any(part.simulated for part in parts),
    )


class _Grid(NamedTuple):
    bounds: Bounds
    cell_m: float
    bandwidth_m: float


class _Counted(NamedTuple):
    """Some vehicles: ``presence_s`` has an entry for each cell that is not empty, under its number."""

    presence_s: pd.Series
    vehicles: int
    unplaced: int
    cameras: frozenset[str]
    simulated: bool


def _grid() -> _Grid:
    section = get_settings().surfaces.vehicle_density
    bounds = metric_grid(get_settings().province.bounds, section.cell_m)
    return _Grid(bounds, section.cell_m, section.bandwidth_m)


def _vehicles(connection: Connection, day: Day) -> Iterator[gpd.GeoDataFrame]:
    if day.path is None:
        is_vehicle = LAYER.table.c.subject == "vehicle"
        yield read(connection, LAYER, is_vehicle, window=day.window, columns=_READ)
        return
    for _, rows in read_day(day.path, LAYER, only=_READ):
        yield rows[rows["subject"] == "vehicle"]


def _frame_intervals(connection: Connection) -> pd.DataFrame:
    """Frame interval in seconds of each camera, and whether it is simulated, by code."""
    query = select(_CAMERA.code, _CAMERA.frame_interval_s.label("interval_s"), _CAMERA.simulated)
    return read_frame(connection, query).set_index("code")


def _counted(rows: gpd.GeoDataFrame, known: pd.DataFrame) -> _Counted:
    camera = known.reindex(rows["camera_code"])
    placed = camera["interval_s"].notna().to_numpy()
    points = rows.geometry.to_numpy()[placed]
    x, y = lonlat_to_metric(shapely.get_x(points), shapely.get_y(points))
    presence_s = binned(x, y, camera["interval_s"].to_numpy(float)[placed], **_grid()._asdict())
    cells = np.flatnonzero(presence_s)
    return _Counted(
        pd.Series(presence_s[cells], index=cells),
        int(placed.sum()),
        int((~placed).sum()),
        frozenset(rows["camera_code"][placed]),
        bool(rows["simulated"].any() or camera["simulated"][placed].any()),
    )
