"""What a flood does: the roads that it cuts, for whom, and the wards that it touches."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.features import rasterize
from sqlalchemy import Connection

from gis_core.config import get_settings
from gis_core.terrain import RasterTerrain
from gis_core.types import BoolArray, FloatArray
from layers import rivers, road_segments, wards
from layers.surfaces.flood_exposure import cells_at, on_terrain, points_along
from layers.surfaces.flood_model import Simulation

_OUTSIDE = -1


def permanent_water(connection: Connection, terrain: RasterTerrain) -> BoolArray:
    """Cells that the rivers cover in any weather, by their lines and widths; shape (rows, columns)."""
    shown = on_terrain(connection, rivers.LAYER, terrain)
    shown = shown[shown["width_m"].fillna(0) > 0]
    if shown.empty:
        return np.zeros(terrain.elevation_m.shape, dtype=bool)
    return np.asarray(
        rasterize(
            shown.geometry.buffer(shown["width_m"] / 2),
            out_shape=terrain.elevation_m.shape,
            transform=terrain.transform,
            all_touched=True,
            dtype="uint8",
        ),
        dtype=bool,
    )


def road_depths(
    connection: Connection, depth_m: NDArray[np.float32], terrain: RasterTerrain, water: BoolArray
) -> gpd.GeoDataFrame:
    """Every road segment with the water on it, in the terrain's CRS and the order of the layer.

    Columns: ``code``, ``name``, ``road_class``, ``length_m`` of the segment, ``flooded_length_m`` (as deep
    as stops the first kind of vehicle), ``maximum_depth_m``, and for each kind in the settings
    ``passable_<kind>``. Over permanent water a road is taken for a bridge, which stands above the flood.

    Args:
        connection: where to read roads.
        depth_m: depth of water on the cells of the terrain, shape (rows, columns), NaN where unknown.
        terrain: the grid.
        water: cells of permanent water, same shape.
    """
    passable = get_settings().flood.passable_below_m
    roads = on_terrain(connection, road_segments.LAYER, terrain).reset_index(drop=True)
    columns = ["code", "name", "road_class", "length_m", "simulated", "geometry"]
    depth: FloatArray = np.zeros(len(roads))
    cut_m: FloatArray = np.zeros(len(roads))
    if len(roads):
        position, road, piece_m = points_along(roads.geometry, terrain.cell_m / 2)
        cells = cells_at(position, terrain)
        dry = (cells < 0) | water.ravel()[np.maximum(cells, 0)]
        there = np.where(dry, 0.0, np.nan_to_num(depth_m.ravel()[np.maximum(cells, 0)], nan=0.0))
        np.maximum.at(depth, road, there)
        wet = there >= min(passable.values())
        np.add.at(cut_m, road[wet], piece_m[wet])
    return roads[columns].assign(
        flooded_length_m=cut_m,
        maximum_depth_m=depth,
        **{f"passable_{kind}": depth < limit_m for kind, limit_m in passable.items()},
    )


def roads_cut(connection: Connection, flood: Simulation, water: BoolArray) -> gpd.GeoDataFrame:
    """The road segments that not every kind of vehicle gets through: ``only_cut`` of ``road_depths``."""
    return only_cut(road_depths(connection, flood.depth_m, flood.drained.terrain, water))


def only_cut(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Of ``road_depths`` those with water that stops somebody, the deepest first, rounded to be read."""
    cut = roads[roads["flooded_length_m"] > 0]
    # Columns of its own rows: a frame of none would take the rows of a longer column.
    cut = cut.assign(
        flooded_length_m=cut["flooded_length_m"].round(1), maximum_depth_m=cut["maximum_depth_m"].round(2)
    )
    ordered = cut.sort_values(["maximum_depth_m", "code"], ascending=[False, True])
    return gpd.GeoDataFrame(ordered.reset_index(drop=True), geometry="geometry", crs=roads.crs)


def wards_touched(connection: Connection, flood: Simulation, water: BoolArray) -> gpd.GeoDataFrame:
    """The wards with flooded ground, the most flooded first, in the terrain's CRS.

    Columns: ``code``, ``name``, ``kind``, ``area_km2``, ``flooded_km2`` (any depth, permanent water left
    out), ``deep_km2`` (deeper than the settings' probable depth), ``maximum_depth_m``, ``risk_class`` at
    its highest. A cell belongs to the ward that holds its centre.
    """
    terrain = flood.drained.terrain
    there = on_terrain(connection, wards.LAYER, terrain).reset_index(drop=True)
    columns = ["code", "name", "kind", "area_km2", "simulated", "geometry"]
    count = len(there)
    numbered = np.full(terrain.elevation_m.shape, _OUTSIDE, dtype=np.int32)
    if count:
        rasterize(zip(there.geometry, range(count), strict=True), out=numbered, transform=terrain.transform)
    depth = np.nan_to_num(flood.depth_m, nan=0.0)
    wet = (numbered != _OUTSIDE) & (depth > 0) & ~water
    ward, depth, risk = numbered[wet], depth[wet], flood.risk_class[wet]
    km2 = terrain.cell_m**2 / 1e6
    deepest, highest = np.zeros(count), np.zeros(count)
    np.maximum.at(deepest, ward, depth)
    np.maximum.at(highest, ward, risk)
    deep = ward[depth > get_settings().flood.probable_depth_m]
    shown = there[columns].assign(
        flooded_km2=(np.bincount(ward, minlength=count) * km2).round(2),
        deep_km2=(np.bincount(deep, minlength=count) * km2).round(2),
        maximum_depth_m=deepest.round(2),
        risk_class=pd.array(highest.astype(np.int64)),
    )
    touched = shown[deepest > 0].sort_values(["flooded_km2", "code"], ascending=[False, True])
    return gpd.GeoDataFrame(touched.reset_index(drop=True), geometry="geometry", crs=terrain.crs)
