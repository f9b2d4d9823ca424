"""Where stations stand: what is observed there names its station, and often brings no position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import shapely
from shapely import Point
from sqlalchemy import Connection, func, select

from layers.base import Layer
from layers.ingest.names import fold
from layers.registry import LAYERS


class Station(NamedTuple):
    """One station; ``point`` is in EPSG:4326."""

    code: str
    name: str
    point: Point


def station_layers(events: Layer) -> tuple[Layer, ...]:
    """The layers that declare themselves as stations of a layer of events."""
    return tuple(layer for layer in LAYERS.values() if layer.stations_of == events.name)


class Stations:
    """The stations of a layer of events, found as people write them.

    A code is taken as it is; where none is the same, case, marks, blanks and signs are passed
    over, in codes first and then in names: "Ba Tri" finds the station ``Batri``.
    """

    def __init__(self, stations: Iterable[Station]) -> None:
        self._by_code: dict[str, Station] = {}
        self._alike: dict[str, list[Station]] = {}
        self._named: dict[str, list[Station]] = {}
        for station in stations:
            self._by_code[station.code] = station
            self._alike.setdefault(_letters(station.code), []).append(station)
            self._named.setdefault(_letters(station.name), []).append(station)

    def find(self, said: str) -> tuple[Station, ...]:
        """The station that is meant; none where nobody knows it, several where the words fit them all."""
        if said in self._by_code:
            return (self._by_code[said],)
        letters = _letters(said)
        return tuple((self._alike.get(letters) or self._named.get(letters) or ()) if letters else ())


def read_stations(connection: Connection, events: Layer) -> Stations:
    """Every station of a layer of events."""
    found: list[Station] = []
    for layer in station_layers(events):
        columns = layer.table.columns
        position = func.ST_AsBinary(layer.geometry_column)
        rows = connection.execute(select(layer.id_column, columns["name"], position))
        found += [Station(code, name, shapely.from_wkb(bytes(shape))) for code, name, shape in rows]
    return Stations(found)


def positions_of(connection: Connection, events: Layer, codes: set[str]) -> Mapping[str, Point]:
    """Where the stations with these very codes stand, EPSG:4326; those that nobody knows are left out."""
    found: dict[str, Point] = {}
    for layer in station_layers(events) if codes else ():
        position = func.ST_AsBinary(layer.geometry_column)
        rows = connection.execute(select(layer.id_column, position).where(layer.id_column.in_(codes)))
        found |= {code: shapely.from_wkb(bytes(shape)) for code, shape in rows}
    return found


def _letters(text: str) -> str:
    return fold(text).replace("_", "")
