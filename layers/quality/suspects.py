"""Reading only the features that the database itself finds suspicious, however large the layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import geopandas as gpd
from sqlalchemy import ColumnElement, Connection, func, select

from layers.base import Layer
from layers.quality.base import Scope
from layers.read import read
from layers.registry import LAYERS

Suspects = Mapping[str, gpd.GeoDataFrame]
"""Features by layer: ``feature_id``, ``at`` (in layers of events), ``simulated`` and the geometry."""


def read_suspects(
    connection: Connection, scope: Scope, suspicious: Callable[[Layer], ColumnElement[bool]]
) -> Suspects:
    """The features of every layer asked for that meet a condition, one more than may be reported."""
    return {
        name: _features(connection, LAYERS[name], scope, suspicious(LAYERS[name]))
        for name in LAYERS
        if name in scope.layers
    }


def window_start(connection: Connection, layer: Layer, scope: Scope) -> datetime | None:
    """Where the window of a layer of events begins: it ends at the latest that can have happened."""
    latest = connection.scalar(select(func.max(layer.event_time)).where(layer.event_time <= scope.now))
    return None if latest is None else latest - scope.window


def _features(
    connection: Connection, layer: Layer, scope: Scope, suspicious: ColumnElement[bool]
) -> gpd.GeoDataFrame:
    conditions, columns = [suspicious], ["simulated"]
    if layer.time_column is not None:
        columns.append(layer.time_column)
        start = window_start(connection, layer, scope)
        if start is not None:
            conditions.append(layer.event_time >= start)
    found = read(connection, layer, *conditions, columns=tuple(columns), limit=scope.rules.max_findings + 1)
    names = {layer.id_column.name: "feature_id"}
    if layer.time_column is not None:
        names[layer.time_column] = "at"
    found = found.rename(columns=names)
    return found.assign(feature_id=found["feature_id"].map(str))
