"""How much there is to lose on the ground of a terrain: by kind of ward, roads around, and buildings."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from sqlalchemy import Connection

from gis_core.analysis.flood_risk import built_exposure, raised, road_exposure
from gis_core.analysis.hydrology import Elevation
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, transformer
from gis_core.terrain import RasterTerrain
from gis_core.types import Bounds
from layers import buildings, road_segments, wards
from layers.base import Layer
from layers.read import read


def exposure_on(connection: Connection, terrain: RasterTerrain) -> tuple[Elevation, dict[str, Any], bool]:
    """Exposure from 0 to 1 on a terrain's cells, what it was made from, and whether any of that is simulated.

    Where neither wards nor roads nor buildings are loaded it is that of open land everywhere.
    """
    section = get_settings().flood.exposure
    wards_there = on_terrain(connection, wards.LAYER, terrain)
    roads_there = on_terrain(connection, road_segments.LAYER, terrain)
    base = np.full(terrain.elevation_m.shape, section.elsewhere, dtype=np.float32)
    if len(wards_there):
        values = np.where(wards_there["kind"] == "ward", section.ward, section.commune)
        rasterize(
            zip(wards_there.geometry, values.tolist(), strict=True), out=base, transform=terrain.transform
        )
    roads = road_exposure(
        length_in_cells(roads_there, terrain),
        terrain.cell_m,
        section.road_radius_m,
        section.full_road_km_per_km2,
    )
    buildings_there = on_terrain(connection, buildings.LAYER, terrain)
    built = built_exposure(area_in_cells(buildings_there, terrain), terrain.cell_m, section.full_built_share)
    there = {"wards": wards_there, "road_segments": roads_there, "buildings": buildings_there}
    simulated = any(bool(rows["simulated"].any()) for rows in there.values())
    inputs = {name: len(rows) for name, rows in there.items()}
    return raised(raised(base, roads), built), inputs, simulated


def on_terrain(connection: Connection, layer: Layer, terrain: RasterTerrain) -> gpd.GeoDataFrame:
    """The features of a layer that meet a terrain, in its CRS."""
    to_degrees = transformer(terrain.crs.to_wkt(), STORAGE_SRID)
    bounds = Bounds(*to_degrees.transform_bounds(*terrain.bounds))
    return read(connection, layer, bounds=bounds).to_crs(terrain.crs)


def points_along(lines: gpd.GeoSeries, step_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points in the middles of equal pieces of lines, none longer than ``step_m``.

    Returns:
        The points' positions, shape (n, 2) in the lines' CRS; the number of the line of each, shape
        (n,); and the length in m of the piece that each stands for, shape (n,).
    """
    lengths = lines.length.to_numpy()
    pieces = np.maximum(1, np.ceil(lengths / step_m).astype(np.int64))
    line = np.repeat(np.arange(len(lines)), pieces)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (np.arange(line.size) - first + 0.5) / pieces[line]
    points = shapely.line_interpolate_point(lines.to_numpy()[line], share, normalized=True)
    return shapely.get_coordinates(points), line, (lengths / pieces)[line]


def cells_at(position: np.ndarray, terrain: RasterTerrain) -> np.ndarray:
    """Flat index of the cell of each position, shape (n,), -1 outside the terrain.

    Args:
        position: shape (n, 2) in the terrain's CRS.
    """
    column, row = (np.floor(value).astype(np.int64) for value in ~terrain.transform @ tuple(position.T))
    rows, columns = terrain.elevation_m.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.where(inside, row * columns + column, -1)


def length_in_cells(lines: gpd.GeoDataFrame, terrain: RasterTerrain) -> Elevation:
    """Length of lines in each cell of a terrain in m, shape (rows, columns)."""
    total = np.zeros(terrain.elevation_m.size)
    if len(lines):
        position, _, length_m = points_along(lines.geometry, terrain.cell_m / 4)
        cells = cells_at(position, terrain)
        inside = cells >= 0
        total += np.bincount(cells[inside], length_m[inside], minlength=total.size)
    return total.reshape(terrain.elevation_m.shape).astype(np.float32)


def area_in_cells(shapes: gpd.GeoDataFrame, terrain: RasterTerrain) -> Elevation:
    """Area of shapes smaller than a cell or not much larger, in m², shape (rows, columns).

    Each counts whole in the cell of its centroid.
    """
    total = np.zeros(terrain.elevation_m.size)
    if len(shapes):
        cells = cells_at(shapely.get_coordinates(shapes.geometry.centroid.to_numpy()), terrain)
        inside = cells >= 0
        area_m2 = shapes.geometry.area.to_numpy()
        total += np.bincount(cells[inside], area_m2[inside], minlength=total.size)
    return total.reshape(terrain.elevation_m.shape).astype(np.float32)
