"""Geometries of a file become geometries of a layer, or a reason why they cannot."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import BoolArray, Bounds, FloatArray, IntArray
from layers.base import GeometryType
from layers.ingest.source import ObjectArray, is_bad, note_where

REPAIRABLE_AREA_CHANGE = 0.001
"""A polygon may be repaired where that changes its area by less than this part."""

SWAPPED = "its coordinates seem to be swapped"

_SINGLE = {"Point": "MultiPoint", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}
_NAMES: dict[GeometryType, str] = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "MULTILINESTRING": "MultiLineString",
    "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}


@dataclass(frozen=True)
class FittedShapes:
    """Geometries in EPSG:4326.

    ``rows`` says which row of the batch each one belongs to: a line in several pieces
    gives several. ``faults`` has one entry per row of the batch.
    """

    rows: IntArray
    shapes: ObjectArray
    faults: ObjectArray
    repaired: int
    swapped: IntArray


def fit_shapes(
    shapes: ObjectArray, faults: ObjectArray, crs: CRS, wanted: GeometryType, area: Bounds
) -> FittedShapes:
    """Bring geometries to EPSG:4326 and to the type of a layer.

    Args:
        shapes: one per row, None where there is none.
        faults: reasons known already; the result has these and more.
        crs: the reference system of ``shapes``; x comes first in them whatever it says.
        wanted: the layer's geometry type.
        area: where the features are expected, EPSG:4326; projected coordinates that lie there
            only when x and y are exchanged are taken as swapped.
    """
    faults = faults.copy()
    shapes = flattened(shapes)
    note_where(faults, shapely.is_missing(shapes), "it has no geometry")
    note_where(faults, shapely.is_empty(shapes), "its geometry is empty")
    note_where(faults, _holds_infinite(shapes), "a coordinate is not a finite number")
    swapped = _swapped_degrees(shapes, crs) if crs.is_geographic else np.zeros(len(shapes), dtype=bool)
    note_where(faults, swapped, f"{SWAPPED}: the latitude is beyond ±90 degrees and the longitude is not")
    if crs.is_geographic:
        limits = shapely.bounds(shapes)
        note_where(faults, np.abs(limits[:, [1, 3]]).max(axis=1) > 90, "its latitude is beyond ±90 degrees")
        note_where(
            faults, np.abs(limits[:, [0, 2]]).max(axis=1) > 180, "its longitude is beyond ±180 degrees"
        )
    stored = _to_storage(shapes, crs)
    if not crs.is_geographic:
        inside_when_swapped = ~_meets(stored, area) & _meets(_to_storage(_exchange(shapes), crs), area)
        reason = f"{SWAPPED}: with x and y exchanged it would lie in the province"
        note_where(faults, inside_when_swapped, reason)
        swapped |= inside_when_swapped
    note_where(faults, _holds_infinite(stored), f"its coordinates lie outside the area of {crs.name}")
    repaired = _repair(stored, faults)
    rows, fitted = _fit_types(stored, faults, wanted)
    return FittedShapes(rows, fitted, faults, repaired, np.flatnonzero(swapped))


def flattened(shapes: ObjectArray) -> ObjectArray:
    """Geometries with x and y alone; the same array where none has more."""
    if not (shapely.has_z(shapes) | shapely.has_m(shapes)).any():
        return shapes
    return np.asarray(shapely.force_2d(shapes), dtype=object)


def count_outside(shapes: gpd.GeoSeries, area: Bounds) -> int:
    """How many geometries lie wholly outside a box, both in EPSG:4326."""
    return int((~_meets(np.asarray(shapes, dtype=object), area)).sum())


def _holds_infinite(shapes: ObjectArray) -> BoolArray:
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    found = np.zeros(len(shapes), dtype=bool)
    found[owners[~np.isfinite(coordinates).all(axis=1)]] = True
    return found


def _swapped_degrees(shapes: ObjectArray, crs: CRS) -> BoolArray:
    """Whether y cannot be a latitude while x can: Vietnam's longitudes are all beyond 90."""
    limits = np.abs(shapely.bounds(shapes))
    x, y = limits[:, [0, 2]].max(axis=1), limits[:, [1, 3]].max(axis=1)
    return np.asarray((y > 90) & (y <= 180) & (x <= 90), dtype=bool)


def _to_storage(shapes: ObjectArray, crs: CRS) -> ObjectArray:
    if crs == CRS.from_epsg(STORAGE_SRID) or crs.to_authority() == ("OGC", "CRS84"):
        return shapes.copy()
    transformer = Transformer.from_crs(crs, STORAGE_SRID, always_xy=True)

    def project(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        lon, lat = transformer.transform(x, y)
        return lon, lat

    return np.asarray(shapely.transform(shapes, project, interleaved=False), dtype=object)


def _exchange(shapes: ObjectArray) -> ObjectArray:
    return np.asarray(shapely.transform(shapes, lambda coordinates: coordinates[:, ::-1]), dtype=object)


def _meets(shapes: ObjectArray, area: Bounds) -> BoolArray:
    limits = shapely.bounds(shapes)
    west, south, east, north = limits.T
    meets = (west <= area.east) & (east >= area.west) & (south <= area.north) & (north >= area.south)
    return np.asarray(meets & np.isfinite(limits).all(axis=1), dtype=bool)


def _repair(shapes: ObjectArray, faults: ObjectArray) -> int:
    """Mend invalid polygons in place where that hardly changes their area; return how many."""
    repaired = 0
    for row in np.flatnonzero(~shapely.is_valid(shapes)):
        if faults[row] is not None:
            continue
        shape = shapes[row]
        mended = _mended(shape)
        if mended is None:
            faults[row] = f"its geometry is invalid: {shapely.is_valid_reason(shape)}"
        else:
            shapes[row] = mended
            repaired += 1
    return repaired


def _mended(shape: BaseGeometry) -> BaseGeometry | None:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return None
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    before, after = gpd.GeoSeries([shape, mended], crs=STORAGE_SRID).to_crs(METRIC_SRID).area
    if before <= 0 or abs(after - before) > REPAIRABLE_AREA_CHANGE * before:
        return None
    return mended


def _fit_types(
    shapes: ObjectArray, faults: ObjectArray, wanted: GeometryType
) -> tuple[IntArray, ObjectArray]:
    rows: list[int] = []
    fitted: list[BaseGeometry] = []
    single = _NAMES[wanted].removeprefix("Multi")
    types = shapely.get_type_id(shapes)
    plain = int(shapely.GeometryType[_NAMES[wanted].upper()])
    if (types == plain).all() and not is_bad(faults).any():
        return np.arange(len(shapes)), shapes
    for row, shape in enumerate(shapes):
        if faults[row] is not None:
            continue
        pieces = _pieces(shape, _NAMES[wanted], single)
        if not pieces:
            faults[row] = f"it is a {shape.geom_type}, and the layer takes {_NAMES[wanted]}"
        rows += [row] * len(pieces)
        fitted += pieces
    result = np.empty(len(fitted), dtype=object)
    result[:] = fitted
    return np.array(rows, dtype=np.int64), result


def _pieces(shape: BaseGeometry, wanted: str, single: str) -> list[BaseGeometry]:
    """The shape as geometries of the wanted type; none where it cannot be any."""
    if shape.geom_type == wanted:
        return [shape]
    if shape.geom_type == "GeometryCollection" and len(shape.geoms) == 1:
        return _pieces(shape.geoms[0], wanted, single)
    if wanted.startswith("Multi"):
        return [getattr(shapely, wanted)([shape])] if shape.geom_type == single else []
    if shape.geom_type != _SINGLE[wanted]:
        return []
    if wanted == "LineString":
        joined = shapely.line_merge(shape, directed=True)
        return [joined] if joined.geom_type == wanted else list(joined.geoms)
    return list(shape.geoms) if len(shape.geoms) == 1 else []
