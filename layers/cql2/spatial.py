"""Geometries written out in a filter, and the spatial functions (DE-9IM, OGC 06-103r4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, LargeBinary, and_, func, not_

from gis_core.crs import STORAGE_SRID, OutputCRS, is_geographic
from gis_core.types import Bounds
from layers.areas import in_storage_crs, search_area
from layers.base import Layer
from layers.cql2.terms import Binder, Kind, Term, is_number, need, refuse
from layers.cql2.text import PARAMETER, Node

SPATIAL = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
"""The function of PostGIS that each one is, by its name in small letters."""

_GEOJSON_TYPES = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
_PARTS_OF = {
    "Point": shapely.multipoints,
    "LineString": shapely.multilinestrings,
    "Polygon": shapely.multipolygons,
}


def is_geometry(node: Node) -> bool:
    """Whether a node is a geometry in GeoJSON, or one that was read from WKT."""
    return isinstance(node, BaseGeometry) or (isinstance(node, dict) and "type" in node)


def geometry_term(node: Node, crs: OutputCRS, binder: Binder) -> Term:
    """A geometry written out, given in ``crs``.

    Raises:
        InvalidParameterError: it is none, or lies nowhere.
    """
    shape = node if isinstance(node, BaseGeometry) else _from_geojson(node)
    return _bound(in_storage_crs(_uniform(shape), crs, PARAMETER), binder)


def box_term(numbers: Node, crs: OutputCRS, binder: Binder) -> Term:
    """A box of four numbers, or of six of which the heights are passed over.

    Raises:
        InvalidParameterError: they are no box.
    """
    if not isinstance(numbers, list) or len(numbers) not in (4, 6) or not all(map(is_number, numbers)):
        refuse("a bounding box is four numbers: the lower corner, then the upper one.")
    half = len(numbers) // 2
    (first, second), (third, fourth) = numbers[:2], numbers[half : half + 2]
    sides = (second, first, fourth, third) if crs.y_first else (first, second, third, fourth)
    west, south, east, north = sides
    # OGC 19-079r2, /conf/filter/filter-crs-wgs84: unlike ``bbox``, a filter has to lie on the globe.
    if is_geographic(crs.srid) and (max(map(abs, (west, east))) > 180 or max(map(abs, (south, north))) > 90):
        refuse(f"a bounding box in it reaches beyond where EPSG:{crs.srid} is defined.")
    return _bound(search_area(Bounds(*map(float, sides)), crs.srid, PARAMETER), binder)


def _from_geojson(node: Node) -> BaseGeometry:
    try:
        return shapely.from_geojson(json.dumps(node))
    except shapely.errors.GEOSException:
        kinds = ", ".join(_GEOJSON_TYPES)
        refuse(f"a geometry in it is not GeoJSON; its type is one of: {kinds}, GeometryCollection.")


def _uniform(shape: BaseGeometry) -> BaseGeometry:
    """A collection of one type of parts as the multi-geometry that it is; PostGIS relates those."""
    if shape.geom_type != "GeometryCollection":
        return shape
    parts = shapely.get_parts(shape)
    types = {part.geom_type for part in parts}
    make: Callable[[Any], BaseGeometry] | None = _PARTS_OF.get(types.pop()) if len(types) == 1 else None
    return shape if make is None else make(parts)


def _bound(shape: BaseGeometry, binder: Binder) -> Term:
    wkb = shapely.to_wkb(shapely.set_srid(shape, STORAGE_SRID), include_srid=True)
    sql = func.ST_GeomFromEWKB(binder.bind(wkb, LargeBinary))
    return Term(Kind.GEOMETRY, sql, f"the {shape.geom_type}", shape)


def relate(name: str, first: Term, second: Term, layer: Layer) -> ColumnElement[bool]:
    """One spatial function of two terms.

    Raises:
        InvalidParameterError: a term is no geometry, or a collection that the function does not take.
    """
    for term in (first, second):
        need(term, Kind.GEOMETRY, name.upper())
        mixed = getattr(term.literal, "geom_type", None) == "GeometryCollection"
        if mixed and name not in ("s_intersects", "s_disjoint"):
            refuse(f"{name.upper()} takes no collection of several types; use S_INTERSECTS for each part.")
    relation: ColumnElement[bool] = getattr(func, SPATIAL[name])(first.sql, second.sql)
    if layer.shape is None:
        return relation
    return _by_index(name, relation, first, second, layer)


def _by_index(
    name: str, relation: ColumnElement[bool], first: Term, second: Term, layer: Layer
) -> ColumnElement[bool]:
    """The relation of a shape that is computed, which the layer alone can find by an index."""
    area = next((term.sql for term in (first, second) if term.literal is not None), None)
    if area is None or layer.shown_geometry not in (first.sql, second.sql):
        return relation
    if name == "s_disjoint":
        return not_(layer.meets(area))
    meets = layer.meets(area)
    return meets if name == "s_intersects" else and_(meets, relation)
