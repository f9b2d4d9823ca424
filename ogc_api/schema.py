"""JSON schema of columns and bands, from their declarations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Enum, Float, Integer, Uuid
from sqlalchemy.types import TypeEngine

from gis_core.types import Text
from layers.base import Layer
from layers.raster import RasterLayer
from ogc_api.asking import Language, said

SCHEMA_TYPE = "application/schema+json"

Fields = dict[str, dict[str, Any]]
"""JSON schema by name of property or band."""

_TYPES: dict[type[TypeEngine[Any]], dict[str, Any]] = {
    Boolean: {"type": "boolean"},
    Integer: {"type": "integer"},
    Float: {"type": "number"},
    DateTime: {"type": "string", "format": "date-time"},
    Uuid: {"type": "string", "format": "uuid"},
    ARRAY: {"type": "array", "items": {"type": "string"}},
}


def layer_schema(layer: Layer, spoken: Language) -> Fields:
    """The schema of the identifier and of every property, in declared order."""
    return {column.name: column_schema(column, spoken) for column in (layer.id_column, *layer.properties)}


def column_schema(column: Column[Any], spoken: Language) -> dict[str, Any]:
    """Title, type, unit and limits of one column."""
    schema: dict[str, Any] = {"title": said(Text(column.info["vi"], column.comment or column.name), spoken)}
    schema |= next(
        (facts for kind, facts in _TYPES.items() if isinstance(column.type, kind)), {"type": "string"}
    )
    if isinstance(column.type, Enum):
        schema["enum"] = list(column.type.enums)
    for limit in ("minimum", "maximum"):
        if column.info[limit] is not None:
            schema[limit] = column.info[limit]
    if column.info["unit"] is not None:
        schema["x-ogc-unit"] = column.info["unit"]
    return schema


def geometry_format(layer: Layer) -> str:
    """The geometry's format as OGC API - Features Part 5 names it."""
    return f"geometry-{layer.geometry_type.lower()}"


def surface_schema(surface: RasterLayer, spoken: Language) -> Fields:
    """The schema of every band, in order."""
    return {
        band.name: {"title": said(band.title, spoken), "type": "number", "x-ogc-unit": band.unit}
        for band in surface.bands
    }
