"""Rain summed at the stations, and estimated between them for a grid or for a terrain's cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import CRS
from scipy.ndimage import map_coordinates
from sqlalchemy import Connection, func, select

from gis_core.analysis.rainfall import Places, RainSurface, rain_surface
from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, transformer
from gis_core.db import writing
from gis_core.errors import RasterError
from gis_core.terrain import RasterTerrain, read_terrain
from gis_core.types import Bounds, FloatArray
from layers import observations, rain_stations
from layers.read import read

FLOOD_HOURS = 24
"""The rain of so many hours is what ponds in a flood."""

_ELEVATION_CELLS = 1_000_000
"""A terrain read this coarsely tells the elevations of a rain grid's cells well enough."""


@dataclass(frozen=True)
class StationRain:
    """Rain of the hours up to an instant, where every hour was reported; and who is missing."""

    stations: gpd.GeoDataFrame
    missing: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether any of it is."""
        return bool(self.stations["simulated"].any())


@dataclass(frozen=True)
class RainField:
    """Rain in mm on a terrain's cells, shape (rows, columns), and what it was made from."""

    rain_mm: FloatArray
    inputs: dict[str, Any]
    simulated: bool


@dataclass(frozen=True)
class RainGrid:
    """The cells of the rain surface in EPSG:9214, row 0 in the north, with elevations, NaN where unknown."""

    bounds: Bounds
    cell_m: float
    elevation_m: FloatArray

    @property
    def cells(self) -> Places:
        """Centres of the cells, row by row."""
        rows, columns = self.elevation_m.shape
        x = self.bounds.west + (np.arange(columns) + 0.5) * self.cell_m
        y = self.bounds.north - (np.arange(rows) + 0.5) * self.cell_m
        across, down = np.meshgrid(x, y)
        return Places(across.ravel(), down.ravel(), self.elevation_m.ravel())


def station_rain(connection: Connection, end: datetime, hours: int) -> StationRain:
    """Rain of ``hours`` up to ``end`` at each station that reported all of them, in EPSG:9214."""
    value = observations.LAYER.table.c
    query = (
        select(
            value.station_code.label("code"),
            func.sum(value.value).label("rain_mm"),
            func.count(func.date_trunc("hour", value.observed_at).distinct()).label("hours"),
            func.bool_or(value.simulated).label("values_simulated"),
        )
        .where(
            value.observed_property == "rain_1h_mm",
            value.observed_at > end - timedelta(hours=hours),
            value.observed_at <= end,
        )
        .group_by(value.station_code)
    )
    sums = {row.code: row for row in connection.execute(query)}
    stations = read(connection, rain_stations.LAYER).to_crs(METRIC_SRID)
    whole = stations["code"].map(lambda code: code in sums and sums[code].hours >= hours).astype(bool)
    there = stations[whole].copy()
    there["rain_mm"] = [float(sums[code].rain_mm) for code in there["code"]]
    there["simulated"] |= np.array([sums[code].values_simulated for code in there["code"]], dtype=bool)
    # Two stations at one place would be two values of one point.
    first = ~there.geometry.duplicated()
    return StationRain(there[first], tuple(stations.loc[~whole, "name"]))


def places_of(stations: gpd.GeoDataFrame) -> Places:
    """Positions and elevations of stations."""
    return Places(
        stations.geometry.x.to_numpy(),
        stations.geometry.y.to_numpy(),
        stations["elevation_m"].to_numpy(dtype=float),
    )


def rain_grid() -> RainGrid:
    """The grid over the province by the settings; elevations are those of the service's terrain."""
    settings = get_settings()
    cell_m = settings.flood.rain_cell_m
    box = transformer(4326, METRIC_SRID).transform_bounds(*settings.province.bounds)
    west, south = (np.floor(edge / cell_m) * cell_m for edge in box[:2])
    east, north = (np.ceil(edge / cell_m) * cell_m for edge in box[2:])
    shape = (round((north - south) / cell_m), round((east - west) / cell_m))
    bare = RainGrid(Bounds(west, south, east, north), cell_m, np.full(shape, np.nan))
    if not settings.terrain_file.is_file():
        return bare
    terrain = read_terrain(settings.terrain_file, max_cells=_ELEVATION_CELLS)
    x, y = transformer(METRIC_SRID, terrain.crs.to_wkt()).transform(bare.cells.x, bare.cells.y)
    # The sea, and what lies beyond the terrain, are taken to lie at its level.
    elevation_m = np.maximum(np.nan_to_num(terrain.sample(np.asarray(x), np.asarray(y)), nan=0.0), 0.0)
    return RainGrid(bare.bounds, cell_m, elevation_m.reshape(shape))


def rain_of(
    connection: Connection, end: datetime, hours: int, grid: RainGrid
) -> tuple[RainSurface, StationRain]:
    """The rain of some hours on a grid, and the stations that it comes from.

    Raises:
        RasterError: no station reported all of the hours.
    """
    told = station_rain(connection, end, hours)
    found = rain_surface(places_of(told.stations), told.stations["rain_mm"].to_numpy(), grid.cells)
    return found, told


def rain_inputs(found: RainSurface, told: StationRain) -> dict[str, Any]:
    """What a rain surface was made from and how well, JSON-ready."""
    return {
        "method": found.method,
        "stations": len(told.stations),
        "stations_missing": list(told.missing),
        "loo_rmse_mm": {name: round(error, 2) for name, error in found.loo_rmse_mm.items()},
    }


def rain_on(terrain: RasterTerrain, end: datetime) -> RainField | None:
    """The last day's rain on a terrain's cells; None where no station reported all of it."""
    grid = rain_grid()
    try:
        with writing() as connection:
            found, told = rain_of(connection, end, FLOOD_HOURS, grid)
    except RasterError:
        return None
    inputs = {"hours": FLOOD_HOURS, "until": end.isoformat()} | rain_inputs(found, told)
    return RainField(_resampled(found.estimate.rain_mm, grid, terrain), inputs, told.simulated)


def uniform_rain(terrain: RasterTerrain, rain_mm: float) -> RainField:
    """The same rain everywhere, as someone asks about it."""
    return RainField(np.full(terrain.elevation_m.shape, rain_mm), {"uniform_mm": rain_mm}, simulated=False)


def _resampled(rain_mm: FloatArray, grid: RainGrid, terrain: RasterTerrain) -> FloatArray:
    """Rain of a grid on the cells of a terrain, bilinear, 0 outside the grid."""
    rows, columns = terrain.elevation_m.shape
    x = terrain.transform.c + (np.arange(columns) + 0.5) * terrain.cell_m
    y = terrain.transform.f - (np.arange(rows) + 0.5) * terrain.cell_m
    across, down = np.meshgrid(x, y)
    if terrain.crs != CRS.from_epsg(METRIC_SRID):
        across, down = transformer(terrain.crs.to_wkt(), METRIC_SRID).transform(across, down)
    column = (np.asarray(across) - grid.bounds.west) / grid.cell_m - 0.5
    row = (grid.bounds.north - np.asarray(down)) / grid.cell_m - 0.5
    values = rain_mm.reshape(grid.elevation_m.shape)
    return np.asarray(map_coordinates(values, [row, column], order=1, mode="constant", cval=0.0))
