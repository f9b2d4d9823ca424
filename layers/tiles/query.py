"""One vector tile, made by PostGIS in one statement.

What is near, or few, is shown as it is. Of many features those that are smaller than a pixel are
thinned to one of each class in a pixel, and where there are still too many, those of common
classes and of small size give way first: a verified fire is not lost behind ten thousand vehicles.
The tile's envelope is transformed, never the column that the index is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Float,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid

from gis_core.crs import STORAGE_SRID
from gis_core.types import Bounds
from layers.base import Layer
from layers.cql2.compiler import Condition
from layers.page_sql import is_array
from layers.query import Interval, evaluable
from layers.tiles.matrix_sets import MAX_ZOOM, TILE_PX, TileMatrixSet
from layers.tiles.thinning import kept_keys

EXTENT = 4096
"""Steps of a tile's grid in each direction."""
BUFFER = 64
"""Steps beyond the edge up to which features are in a tile too, so that symbols are not cut."""
DETAILED_FROM = 13
"""From this zoom on features carry all their properties."""
THIN_BELOW = 12
"""From this zoom on features are thinned only where there are more than the settings allow."""
FEW = 2_000
"""Below it so many are let be."""
_PIXEL_STEPS = EXTENT / TILE_PX
_SIMPLIFY_STEPS = 4.0
"""Lines may be off by so many steps, a quarter of a pixel; on the finest by none."""


@dataclass(frozen=True, slots=True)
class TileQuery:
    """Which tile of a layer is wanted, and what of it.

    ``interval``, ``equals``, ``filter`` and ``properties`` are those of ``layers.query.FeatureQuery``;
    ``properties`` None leaves the choice to the zoom.
    """

    layer: Layer
    matrix_set: TileMatrixSet
    level: int
    row: int
    col: int
    interval: Interval | None = None
    equals: Mapping[str, Any] = field(default_factory=dict)
    filter: Condition | None = None
    properties: tuple[str, ...] | None = None

    @property
    def zoom(self) -> int:
        """How fine the tile is, whatever its matrix set."""
        return self.matrix_set.zoom(self.level)


class MadeTile(NamedTuple):
    """A Mapbox vector tile, empty where nothing is; how many features; whether some were left out."""

    mvt: bytes
    features: int
    thinned: bool


def make_tile(connection: Connection, query: TileQuery, max_features: int) -> MadeTile:
    """The tile as PostGIS makes it, with at most ``max_features``.

    Raises:
        InvalidParameterError: the filter computes what has no value.
    """
    many = max_features if query.zoom >= THIN_BELOW else min(FEW, max_features)
    # Shapes that are computed cost more than to count first whether there are too many.
    if query.layer.shape is None or _counted(connection, query, many + 1) <= many:
        mvt, found = _run(connection, query, _plain_rows(query, many))
        if found <= many:
            return MadeTile(mvt, found, thinned=False)
    mvt, found = _run(connection, query, _thinned_rows(query, max_features))
    return MadeTile(mvt, found, thinned=True)


def shown_properties(layer: Layer, zoom: int) -> tuple[str, ...]:
    """The names of the properties that features carry at a zoom where none are chosen.

    From afar they are those that tell features apart: what every one must have, its name and its
    class, and not where the row came from.
    """
    if zoom >= DETAILED_FROM:
        return tuple(column.name for column in layer.properties)
    telling = {layer.label_column, layer.style.column, layer.time_column, "status", "simulated"}
    return tuple(
        column.name
        for column in layer.properties
        if column.name in telling
        or (
            not column.nullable
            and column.name not in ("origin", "origin_key")
            and not is_array(layer, column.name)
        )
    )


def shows_identifier(layer: Layer, zoom: int) -> bool:
    """Whether features carry their identifier at a zoom where no properties are chosen.

    From afar a UUID, which no person reads and no compression shortens, would be half of a tile.
    """
    return zoom >= DETAILED_FROM or not isinstance(layer.id_column.type, SqlUuid)


def _run(connection: Connection, query: TileQuery, rows: Select[Any]) -> tuple[bytes, int]:
    feature = rows.subquery("feature")
    bounds = _envelope(query.matrix_set.tile_bounds(query.level, query.row, query.col), query.matrix_set.srid)
    shape = _shape(query, feature.c["_shape"])
    if query.matrix_set.srid != STORAGE_SRID:
        shape = func.ST_Transform(shape, _number(query.matrix_set.srid), type_=None)
    shape = func.ST_AsMVTGeom(shape, bounds, _number(EXTENT), _number(BUFFER), type_=None)
    shown = (_encodable(column).label(column.name) for column in feature.c if column.name != "_shape")
    tile = select(shape.label("_shape"), *shown).subquery("tile")
    made = func.ST_AsMVT(
        literal_column("tile"), query.layer.name, _number(EXTENT), _text("_shape"), type_=None
    )
    with evaluable(query.filter):
        mvt, found = connection.execute(select(made, func.count()).select_from(tile), _values(query)).one()
    return bytes(mvt), found


def _counted(connection: Connection, query: TileQuery, at_most: int) -> int:
    rows: Select[Any] = select(literal_column("1")).select_from(query.layer.table).where(*_conditions(query))
    counted = select(func.count()).select_from(rows.limit(at_most).subquery("counted"))
    with evaluable(query.filter):
        return int(connection.execute(counted, _values(query)).scalar_one())


def _values(query: TileQuery) -> Mapping[str, Any]:
    return {} if query.filter is None else query.filter.values


def _plain_rows(query: TileQuery, max_features: int) -> Select[Any]:
    """All features of the tile, one more than the limit at most."""
    layer = query.layer
    shape = layer.shown_geometry.label("_shape")
    return select(*_shown(query), shape).where(*_conditions(query)).limit(max_features + 1)


def _thinned_rows(query: TileQuery, max_features: int) -> Select[Any]:
    """The features that stay where there are too many."""
    layer = query.layer
    area = query.matrix_set.lonlat_bounds(query.level, query.row, query.col)
    kept = kept_keys(layer, _conditions(query), area, TILE_PX, max_features).subquery("kept")
    return (
        select(*_shown(query), layer.shown_geometry.label("_shape"))
        .select_from(layer.table)
        .join(kept, layer.id_column == cast(kept.c.key, layer.id_column.type))
    )


def _shape(query: TileQuery, shape: ColumnElement[Any]) -> ColumnElement[Any]:
    """The geometry without what cannot be seen; an area that would vanish is a pixel large."""
    if query.layer.geometry_type == "POINT" or query.zoom >= MAX_ZOOM:
        return shape
    area = query.matrix_set.lonlat_bounds(query.level, query.row, query.col)
    step_deg = (area.east - area.west) / EXTENT
    simple = func.ST_Simplify(shape, literal(step_deg * _SIMPLIFY_STEPS, Float), True, type_=None)
    if "POLYGON" not in query.layer.geometry_type:
        return simple
    pixel_deg = step_deg * _PIXEL_STEPS
    box = func.ST_Envelope(shape, type_=None)
    tiny = and_(
        func.ST_XMax(shape, type_=Float) - func.ST_XMin(shape, type_=Float) < literal(pixel_deg, Float),
        func.ST_YMax(shape, type_=Float) - func.ST_YMin(shape, type_=Float) < literal(pixel_deg, Float),
    )
    square = func.ST_Expand(func.ST_Centroid(box, type_=None), literal(pixel_deg / 2, Float), type_=None)
    return case((tiny, square), else_=simple)


def _conditions(query: TileQuery) -> list[ColumnElement[bool]]:
    """What puts a row into the tile: membership, place, time and values."""
    layer = query.layer
    west, south, east, north = query.matrix_set.lonlat_bounds(query.level, query.row, query.col)
    margin_lon, margin_lat = ((high - low) * BUFFER / EXTENT for low, high in ((west, east), (south, north)))
    area = _envelope(
        Bounds(west - margin_lon, south - margin_lat, east + margin_lon, north + margin_lat), STORAGE_SRID
    )
    # Boxes are enough: ST_AsMVTGeom leaves out what does not meet the tile.
    place = layer.geometry_column.bool_op("&&")(area) if layer.shape is None else layer.meets(area)
    conditions = [*layer.membership, place]
    if query.interval is not None and layer.time_column is not None:
        start, end, end_included = query.interval
        at = layer.event_time
        if start is not None:
            conditions.append(at >= start)
        if end is not None:
            conditions.append(at <= end if end_included else at < end)
    for name, value in query.equals.items():
        column: Column[Any] = layer.table.c[name]
        conditions.append(column.bool_op("@>")([value]) if is_array(layer, name) else column == value)
    if query.filter is not None:
        conditions.append(query.filter.clause)
    return conditions


def _shown(query: TileQuery) -> list[Column[Any]]:
    layer, names = query.layer, query.properties
    identified = names is not None or shows_identifier(layer, query.zoom)
    if names is None:
        names = shown_properties(layer, query.zoom)
    shown = [column for column in layer.properties if column.name in names]
    return [layer.id_column, *shown] if identified else shown


def _encodable(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Times as ISO 8601 with Z and lists as text; tiles know numbers, truth and text only."""
    if isinstance(column.type, DateTime):
        at = func.timezone(_text("UTC"), column)
        return func.to_char(at, _text('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    if hasattr(column.type, "item_type"):
        return func.array_to_string(column, _text(", "))
    return column


def _envelope(bounds: Bounds, srid: int) -> ColumnElement[Any]:
    limits = (literal(limit, Float) for limit in bounds)
    return func.ST_MakeEnvelope(*limits, _number(srid), type_=None)


def _number(value: float) -> ColumnElement[Any]:
    """A number of this module as SQL text."""
    return literal_column(repr(value), Integer if isinstance(value, int) else Float)


def _text(constant: str) -> ColumnElement[str]:
    """A constant of this module as SQL text; never anything from outside."""
    return literal_column(f"'{constant}'", SqlText)
