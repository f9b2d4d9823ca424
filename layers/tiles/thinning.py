"""Which features stay where a tile would hold too many.

What is smaller than a pixel is thinned to one of each class in a pixel. If that does not do, common
classes and small sizes give way to rare and large ones; of events the latest stay.
"""

from __future__ import annotations

from typing import Any
from typing import cast as cast_type

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, ColumnElement, Float, Select, case, cast, func, literal, null, select
from sqlalchemy import Text as SqlText

from gis_core.types import Bounds
from layers.base import Layer

_ROW_APART = 1 << 32
"""Features reach beyond the tile, by fewer columns than this."""


def kept_keys(
    layer: Layer, conditions: list[ColumnElement[bool]], area: Bounds, pixels: int, at_most: int
) -> Select[Any]:
    """The identifiers, as text in column ``key``, of the features that stay.

    ``area`` is the tile's, in degrees; ``pixels`` is how many of them lie along each of its sides.
    """
    width_deg = _width_deg(layer)
    key = func.max(_key(layer))
    classes = [cast(layer.table.c[name], SqlText) for name in _class_columns(layer)]
    groups: list[ColumnElement[Any]] = [_cell(layer, area, pixels), *classes]
    order: list[ColumnElement[Any]] = [func.sum(func.count()).over(partition_by=classes or None).asc()]
    if width_deg is not None:
        pixel_deg = literal((area.east - area.west) / pixels, Float)
        groups.append(case((width_deg > pixel_deg, _key(layer)), else_=null()))
        order.append(func.max(width_deg).desc())
    return (
        select(key.label("key"))
        .select_from(layer.table)
        .where(*conditions)
        .group_by(*groups)
        .order_by(*order, key.desc())
        .limit(at_most)
    )


def _class_columns(layer: Layer) -> tuple[str, ...]:
    """What a legend or an alarm tells features apart by."""
    columns = (layer.style.column, "status")
    return tuple(dict.fromkeys(name for name in columns if name is not None and name in layer.table.c))


def _key(layer: Layer) -> ColumnElement[str]:
    """The identifier as text that is compared byte by byte; those of events sort by time."""
    return cast(layer.id_column, SqlText).collate("C")


def _cell(layer: Layer, area: Bounds, pixels: int) -> ColumnElement[int]:
    """The pixel that a feature's middle lies in, as one number."""
    place: Any = layer.geometry_column
    if not _is_point(layer):
        place = func.ST_Centroid(func.ST_Envelope(place, type_=None), type_=None)
    width_deg, height_deg = (area.east - area.west) / pixels, (area.north - area.south) / pixels
    x, y = func.ST_X(place, type_=Float), func.ST_Y(place, type_=Float)
    col = func.floor((x - literal(area.west, Float)) / literal(width_deg, Float))
    row = func.floor((y - literal(area.south, Float)) / literal(height_deg, Float))
    return cast(row * literal(_ROW_APART, BigInteger) + col, BigInteger)


def _width_deg(layer: Layer) -> ColumnElement[float] | None:
    """How wide or high a feature is, whichever is more; None for points and what is computed from them."""
    if _is_point(layer):
        return None
    box = layer.geometry_column
    return func.greatest(
        func.ST_XMax(box, type_=Float) - func.ST_XMin(box, type_=Float),
        func.ST_YMax(box, type_=Float) - func.ST_YMin(box, type_=Float),
        type_=Float,
    )


def _is_point(layer: Layer) -> bool:
    return bool(cast_type(Geometry, layer.geometry_column.type).geometry_type == "POINT")
