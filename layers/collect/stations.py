"""Where stations stand: what is pushed names its station by code, and brings no position."""

from __future__ import annotations

from collections.abc import Mapping

from shapely import Point
from sqlalchemy import Connection

from layers.base import Layer
from layers.stations import positions_of


class StationPositions:
    """Looks positions up by code, in the transaction that the rows go into."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, layer: Layer, codes: set[str]) -> Mapping[str, Point]:
        return positions_of(self._connection, layer, codes)
