"""Layers of areas: the province's wards as cells round their places, and the forest zones."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import FloatArray
from layers.sample.geography import COAST, LAND_BORDER
from layers.sample.places import COMMUNES, FORESTS, WARDS, places
from layers.sample.shapes import metric, metric_point, slug

_VERTEX_M = 250.0


def outline() -> shapely.Polygon:
    """The province with its lagoon, in EPSG:9214."""
    coast, border = metric(COAST), metric(LAND_BORDER)
    return shapely.Polygon([*coast.coords[:-1], *border.coords[:-1]])


def ward_layer() -> gpd.GeoDataFrame:
    """The layer ``wards``: 40 cells of nearest places, with wavy borders, inside the outline."""
    seats = [(place, "ward") for place in places(WARDS)] + [(place, "commune") for place in places(COMMUNES)]
    points = shapely.points([metric_point(place.lon, place.lat) for place, _ in seats])
    province = outline()
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=province, ordered=True)
    )
    wavy = shapely.transform(shapely.segmentize(cells, _VERTEX_M), _wave)
    frame = gpd.GeoDataFrame(
        {
            "code": [slug(place.name) for place, _ in seats],
            "name": [("Phường " if kind == "ward" else "Xã ") + place.name for place, kind in seats],
            "kind": [kind for _, kind in seats],
        },
        geometry=[_multi(shapely.intersection(cell, province)) for cell in wavy],
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def forest_layer() -> gpd.GeoDataFrame:
    """The layer ``forest_zones``; no two zones overlap."""
    left = outline()
    shapes = []
    for forest in FORESTS:
        rough = shapely.transform(shapely.segmentize(metric(forest.outline), _VERTEX_M), _wave)
        rounded = rough.buffer(-600).buffer(1200).buffer(-600)
        shapes.append(_multi(shapely.intersection(rounded, left)))
        left = shapely.difference(left, rounded)
    frame = gpd.GeoDataFrame(
        {
            "code": [slug(forest.name) for forest in FORESTS],
            "name": [forest.name for forest in FORESTS],
            "category": [forest.category for forest in FORESTS],
            "manager": [forest.manager for forest in FORESTS],
        },
        geometry=shapes,
        crs=METRIC_SRID,
    )
    return frame.to_crs(STORAGE_SRID)


def _wave(points: FloatArray) -> FloatArray:
    """Shift points by a field of waves: straight borders bend, and common borders stay common."""
    x, y = points.T / 1000
    shift_x = 220 * np.sin(1.2 * y + 1.1 * np.sin(0.7 * x)) + 40 * np.sin(4.1 * y + x)
    shift_y = 220 * np.sin(1.1 * x + 1.2 * np.sin(0.8 * y)) + 40 * np.sin(4.3 * x - y)
    return np.asarray(points + np.column_stack([shift_x, shift_y]))


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of a shape, without the slivers of lines and points that a cut may leave."""
    parts = [part for part in shapely.get_parts(shapely.make_valid(shape)) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
