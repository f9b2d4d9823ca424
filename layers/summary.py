"""A layer in a line, and its columns in a table: what ``huegis layers`` shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from geoalchemy2 import Geometry
from sqlalchemy import ARRAY, Boolean, Column, Connection, DateTime, Enum, Float, Integer, Uuid, func, select

from layers.base import Layer
from layers.ingest.names import columns_of, required_of
from layers.store import latest


class Summary(NamedTuple):
    """How much a layer holds; ``latest`` is None for layers without time."""

    rows: int
    simulated: int
    latest: datetime | None


def summarise(connection: Connection, layer: Layer) -> Summary:
    """Count the rows of a layer and find its latest instant."""
    simulated = func.count().filter(layer.table.c.simulated)
    counted = select(func.count(), simulated).select_from(layer.table).where(*layer.membership)
    rows, made_up = connection.execute(counted).one()
    return Summary(rows, made_up, latest(connection, layer) if layer.time_column is not None else None)


def describe_columns(layer: Layer) -> list[tuple[str, str, str, str, str, str, str]]:
    """Name, type, unit, meaning in two languages, allowed values and aliases of every column."""
    required, fillable = required_of(layer), columns_of(layer)
    return [
        (
            f"{column.name} *" if column.name in required else column.name,
            layer.geometry_type.lower() if column is layer.geometry_column else type_name(column),
            column.info.get("unit") or "",
            column.info.get("vi", ""),
            column.comment or "",
            _allowed(column) or ("derived" if column.name in layer.derived else ""),
            ", ".join(column.info.get("aliases", ())) if column.name in fillable else "",
        )
        for column in layer.table.columns
        if not isinstance(column.type, Geometry) or column is layer.geometry_column
    ]


def type_name(column: Column[Any]) -> str:
    """A column's type in a word that is no SQL."""
    kind = column.type
    if isinstance(kind, Geometry):
        return str(kind.geometry_type).lower()
    if isinstance(kind, ARRAY):
        return "list of texts"
    names = {Boolean: "true/false", Integer: "whole number", Float: "number", DateTime: "time", Uuid: "uuid"}
    return next((name for sql, name in names.items() if isinstance(kind, sql)), "text")


def _allowed(column: Column[Any]) -> str:
    if isinstance(column.type, Enum):
        return ", ".join(column.type.enums)
    minimum, maximum = column.info.get("minimum"), column.info.get("maximum")
    if minimum is not None and maximum is not None:
        return f"{minimum:g} to {maximum:g}"
    if minimum is not None:
        return f"at least {minimum:g}"
    return f"at most {maximum:g}" if maximum is not None else ""
