"""Where stations stand: telemetry names its station, and brings no position of its own."""

from __future__ import annotations

from collections.abc import Mapping

import shapely
from shapely import Point
from sqlalchemy import Connection, func, select

from layers.base import Layer
from layers.registry import LAYERS

_STATIONS = {"observations": ("rain_stations", "river_gauges")}
"""The layers that hold the stations of a layer of events."""


class StationPositions:
    """Looks positions up by code, in the transaction that the rows go into."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, layer: Layer, codes: set[str]) -> Mapping[str, Point]:
        found: dict[str, Point] = {}
        for name in _STATIONS.get(layer.name, ()) if codes else ():
            station = LAYERS[name]
            position = func.ST_AsBinary(station.geometry_column)
            rows = self._connection.execute(
                select(station.id_column, position).where(station.id_column.in_(codes))
            )
            found |= {code: shapely.from_wkb(bytes(shape)) for code, shape in rows}
        return found
