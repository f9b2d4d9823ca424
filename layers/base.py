"""How a layer is said: a mapped class for its columns, a ``Layer`` for all the rest.

The mapped class states every column with its meaning in two languages and its unit;
``Layer`` adds title, description, steward, style and the column of time. Nothing else
in the house repeats any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import geopandas as gpd
from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Enum,
    MetaData,
    Table,
    func,
    inspect,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from gis_core.crs import STORAGE_SRID
from gis_core.db import SCHEMA
from gis_core.errors import InvalidParameterError
from gis_core.types import Text
from layers import themes

GeometryType = Literal["POINT", "LINESTRING", "MULTILINESTRING", "POLYGON", "MULTIPOLYGON"]

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}


def described(
    type_: TypeEngine[Any] | type[TypeEngine[Any]],
    vi: str,
    en: str,
    *,
    unit: str | None = None,
    aliases: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    **options: Any,
) -> MappedColumn[Any]:
    """A column with its meaning, unit and limits, and the names that files give to it.

    ``minimum`` and ``maximum`` are inclusive and hold for ingestion and JSON schema alike.
    """
    info = {"vi": vi, "unit": unit, "aliases": aliases, "minimum": minimum, "maximum": maximum}
    return mapped_column(type_, comment=en, info=info, **options)


def geometry(kind: GeometryType) -> MappedColumn[Any]:
    """The geometry column of a layer: EPSG:4326, x = longitude, with a spatial index."""
    return described(
        Geometry(kind, srid=STORAGE_SRID, spatial_index=True),
        "Hình học (EPSG:4326)",
        "Geometry (EPSG:4326)",
        nullable=False,
    )


def choice(name: str, *values: str) -> Enum:
    """A text column that holds one of ``values``, enforced by the database."""
    # A fixed length, so that a longer value later is a new CHECK and not a new type.
    return Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


class Base(DeclarativeBase):
    """The parent of every mapped class; its metadata is the whole of schema ``gis``."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)


class Feature(Base):
    """What every feature says of itself: where it came from, and whether it is real."""

    __abstract__ = True

    origin: Mapped[str] = described(
        SqlText, "Nguồn của dòng dữ liệu", "Where the row came from", nullable=False, sort_order=90
    )
    simulated: Mapped[bool] = described(
        Boolean,
        "Dữ liệu mô phỏng, không phải quan trắc thật",
        "Simulated, not observed",
        nullable=False,
        server_default="false",
        sort_order=91,
    )


@dataclass(frozen=True, slots=True)
class StyleClass:
    """One entry of a legend: the value of the style's column and how it is drawn."""

    value: str
    color: str
    label: Text


@dataclass(frozen=True, slots=True)
class Style:
    """How a layer is drawn, in any client.

    ``color`` is ``#rrggbb``. ``size_px`` is the radius of points or the width of lines.
    With ``column``, ``classes`` give a colour to each of its values; ``color`` serves the rest.
    """

    color: str
    size_px: float = 4.0
    fill_opacity: float = 0.6
    column: str | None = None
    classes: tuple[StyleClass, ...] = ()

    def color_of(self, value: object) -> str:
        """The colour of a feature whose style column holds ``value``."""
        return next((entry.color for entry in self.classes if entry.value == value), self.color)


@dataclass(frozen=True)
class ComputedShape:
    """A geometry that is made from a row when it is read, and stored nowhere.

    ``of`` gives it in EPSG:4326, ``known`` the rows that have one: only those are in the layer.
    ``meets`` says whether it meets an area in EPSG:4326, by a condition that an index answers.
    """

    geometry_type: GeometryType
    of: Callable[[Table], ColumnElement[Any]]
    known: Callable[[Table], ColumnElement[bool]]
    meets: Callable[[Table, ColumnElement[Any]], ColumnElement[bool]]


@dataclass(frozen=True)
class Layer:
    """One vector layer of the province.

    ``name`` is the collection and the command's argument; several layers may show one
    table by different geometries, stored ones or a ``shape`` that is computed. ``theme`` is
    the group in which clients list it.
    ``time_column`` is the instant of a thing that happened: layers with one are identified
    by event and never updated. ``derive`` fills columns that follow from others before rows
    go in; ``derived`` names those that a source need not bring for that reason. ``enrich``
    sets the columns ``enriched`` from what other layers hold at that moment, and no source
    may bring them. ``roll_up`` is told, in the same transaction, exactly the rows that were
    new and enriched, ``postpone`` those that were new and not enriched, and ``roll_back`` that
    the simulated rows are about to be removed. ``judge`` says of each row that comes from
    outside why it cannot be true, or None. ``stations_of`` names the layer of events that name
    features of this one by ``station_code``. ``edited_by`` are the roles whose accounts may add,
    change and remove single features; None stands for ``editor`` where a layer of things that
    last is loaded from outside, and for nobody elsewhere. ``status_set_by`` are the roles that may
    change the status of an event, which the status history keeps. ``max_limit`` is the most features
    that a page may hold where they are so large that the API's own limit is too much.
    """

    name: str
    model: type[Feature]
    title: Text
    description: Text
    steward: Text
    style: Style
    keywords: tuple[str, ...] = ()
    theme: Text = themes.OTHER
    time_column: str | None = None
    label_column: str | None = None
    geometry_name: str = "geom"
    shape: ComputedShape | None = None
    loadable: bool = True
    derive: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame] | None = None
    derived: tuple[str, ...] = ()
    enrich: Callable[[Connection, gpd.GeoDataFrame], gpd.GeoDataFrame] | None = None
    enriched: tuple[str, ...] = ()
    roll_up: Callable[[Connection, gpd.GeoDataFrame], None] | None = None
    postpone: Callable[[Connection, gpd.GeoDataFrame], None] | None = None
    roll_back: Callable[[Connection], None] | None = None
    judge: Callable[[gpd.GeoDataFrame], Sequence[str | None]] | None = None
    stations_of: str | None = None
    edited_by: tuple[str, ...] | None = None
    status_set_by: tuple[str, ...] = ()
    max_limit: int | None = None

    @cached_property
    def table(self) -> Table:
        """The SQLAlchemy table."""
        return cast(Table, inspect(self.model).local_table)

    @cached_property
    def geometry_column(self) -> Column[Any]:
        """The stored geometry: the one that this layer shows, unless it computes its shapes."""
        return self.table.columns[self.geometry_name]

    @cached_property
    def shown_geometry(self) -> ColumnElement[Any]:
        """The geometry that this layer shows, EPSG:4326."""
        return self.geometry_column if self.shape is None else self.shape.of(self.table)

    @cached_property
    def membership(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions under which a row of the table is in the layer; none where all rows are."""
        return () if self.shape is None else (self.shape.known(self.table),)

    def meets(self, area: ColumnElement[Any]) -> ColumnElement[bool]:
        """Whether the shown geometry meets an area in EPSG:4326, found by an index."""
        if self.shape is not None:
            return self.shape.meets(self.table, area)
        return func.ST_Intersects(self.geometry_column, area)

    @property
    def geometry_type(self) -> GeometryType:
        """The OGC geometry type in capitals."""
        if self.shape is not None:
            return self.shape.geometry_type
        return cast(GeometryType, cast(Geometry, self.geometry_column.type).geometry_type)

    @cached_property
    def id_column(self) -> Column[Any]:
        """The column that identifies a feature: the first of the primary key."""
        return next(iter(self.table.primary_key.columns))

    @property
    def event_time(self) -> Column[Any]:
        """The column of time.

        Raises:
            InvalidParameterError: the layer is of things that last and has none.
        """
        if self.time_column is None:
            raise InvalidParameterError("datetime", f"layer '{self.name}' has no column of time.")
        return self.table.columns[self.time_column]

    @cached_property
    def properties(self) -> tuple[Column[Any], ...]:
        """The columns that are neither identifier nor any geometry, in declared order."""
        return tuple(
            column
            for column in self.table.columns
            if column is not self.id_column and not isinstance(column.type, Geometry)
        )

    @property
    def editors(self) -> frozenset[str]:
        """The roles that may edit features; only of things that last, as events are never changed."""
        if self.time_column is not None or self.shape is not None:
            return frozenset()
        if self.edited_by is None:
            return frozenset({"editor"} if self.loadable else ())
        return frozenset(self.edited_by)

    @property
    def partitioned(self) -> bool:
        """Whether the table is kept in monthly partitions of its time column."""
        return "partition_by" in self.table.dialect_options["postgresql"] and bool(
            self.table.dialect_options["postgresql"]["partition_by"]
        )
