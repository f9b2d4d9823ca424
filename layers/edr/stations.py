"""Stations of a layer and what they observed, as series at points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from sqlalchemy import Connection, LargeBinary, bindparam, func, select, text

from gis_core.crs import STORAGE_SRID
from gis_core.types import FloatArray, Text
from layers.base import Layer
from layers.edr.base import (
    Coverage,
    Ends,
    Location,
    Parameter,
    PointSeries,
    Question,
    Source,
    around,
    by_name,
)
from layers.observed_properties import OBSERVED_PROPERTIES

_SQL = Path(__file__).parent.parent / "sql"


class Place(NamedTuple):
    """A station and where it stands, EPSG:4326."""

    code: str
    name: str
    lon: float
    lat: float


def station_source(layer: Layer, properties: Sequence[str], near_m: float) -> Source:
    """The source that answers from the stations of a layer.

    Args:
        layer: has columns ``code`` and ``name`` and points; declares ``stations_of``.
        properties: names of what its stations observe.
        near_m: at a position the nearest station answers, if it is no farther away.
    """
    stations = Stations(layer, near_m)
    return Source(
        collection=layer.name,
        parameters=by_name(*(_parameter(name) for name in properties)),
        queries=("position", "radius", "area", "cube", "corridor"),
        notes=Text(
            f"Chuỗi số liệu của các trạm. Tại một vị trí, trạm gần nhất trong vòng {near_m / 1000:g} km trả "
            "lời. Không nêu thời gian là lấy toàn bộ chuỗi.",
            f"Series of the stations. At a position the nearest station within {near_m / 1000:g} km answers. "
            "Without a time it is the whole series.",
        ),
        ends=lambda connection: stations.ends(connection, properties),
        answer=stations.answer,
        locations=stations.locations,
        location=stations.location,
        items=True,
    )


def _parameter(name: str) -> Parameter:
    observed = OBSERVED_PROPERTIES[name]
    unit = observed.unit
    return Parameter(name, observed.title, observed.definition, unit.symbol, unit.name, unit.code)


class Stations:
    """Answers from the stations of one layer."""

    def __init__(self, layer: Layer, near_m: float) -> None:
        self._layer = layer
        self._near_m = near_m

    def ends(self, connection: Connection, properties: Sequence[str]) -> Ends:
        """The first and the last instant of any of the properties."""
        codes = list(connection.execute(select(self._layer.id_column)).scalars())
        values = {"codes": codes, "properties": list(properties)}
        first, last = connection.execute(_query("station_ends"), values).one()
        return None if first is None else (first, last)

    def locations(self, connection: Connection, area: shapely.Geometry | None) -> list[Location]:
        """The stations, or those in an area."""
        return [
            Location(place.code, place.name, shapely.Point(place.lon, place.lat))
            for place in self._places(connection, area)
        ]

    def location(self, connection: Connection, code: str, question: Question) -> list[Coverage] | None:
        """What one station observed; None where there is no such station."""
        places = self._places(connection, None, code=code)
        return series(connection, places, question) if places else None

    def answer(self, connection: Connection, question: Question) -> list[Coverage]:
        """What the stations that are meant observed, one series each; no stations, no series."""
        if question.query == "position":
            nearest = (self._nearest(connection, point) for point in shapely.get_parts(question.shape))
            places = list(dict.fromkeys(place for place in nearest if place is not None))
        elif question.query == "corridor":
            places = self._places(connection, around(question.shape, question.width_m / 2))
        else:
            places = self._places(connection, question.shape)
        return series(connection, places, question)

    def _nearest(self, connection: Connection, point: shapely.Point) -> Place | None:
        # The circle finds them by the index; what is nearest in degrees need not be so in metres.
        found = self._places(connection, around(point, self._near_m), nearest_to=point)
        return found[0] if found else None

    def _places(
        self,
        connection: Connection,
        area: shapely.Geometry | None,
        *,
        code: str | None = None,
        nearest_to: shapely.Point | None = None,
    ) -> list[Place]:
        layer, place = self._layer, self._layer.geometry_column
        query = select(layer.id_column, layer.table.c["name"], func.ST_X(place), func.ST_Y(place))
        values: dict[str, Any] = {}
        if code is not None:
            query = query.where(layer.id_column == code)
        if area is not None:
            query = query.where(layer.meets(_literal("area")))
            values["area"] = _bytes(area)
        if nearest_to is None:
            query = query.order_by(layer.id_column)
        else:
            query = query.order_by(func.ST_DistanceSphere(place, _literal("point"))).limit(1)
            values["point"] = _bytes(nearest_to)
        return [Place(*row) for row in connection.execute(query, values)]


def series(connection: Connection, places: Sequence[Place], question: Question) -> list[Coverage]:
    """What was observed at places, one coverage each, empty where nothing was.

    Raises:
        InvalidParameterError: these are too many values.
    """
    interval = question.interval
    values = {
        "codes": [place.code for place in places],
        "properties": list(question.parameters),
        "first": None if interval is None else interval.start,
        "last": None if interval is None else interval.end,
        "last_included": interval is None or interval.end_included,
        "most": question.most_values,
    }
    found = connection.execute(_query("station_series"), values).all() if places else []
    question.check(sum(len(row.observed) for row in found))
    of_station: dict[str, list[Any]] = {place.code: [] for place in places}
    for row in found:
        of_station[row.station_code].append(row)
    return [_coverage(place, of_station[place.code], question.parameters) for place in places]


def _coverage(place: Place, rows: list[Any], parameters: Sequence[str]) -> Coverage:
    moments_s = np.unique(np.concatenate([[], *(row.moments_s for row in rows)]))
    observed = {row.observed_property: (row.moments_s, row.observed) for row in rows}
    return Coverage(
        place.code,
        place.name,
        PointSeries(place.lon, place.lat, [datetime.fromtimestamp(one, UTC) for one in moments_s.tolist()]),
        {name: _column(moments_s, observed, name) for name in parameters},
        simulated=any(row.simulated for row in rows),
        location=place.code,
    )


def _column(
    moments_s: FloatArray, observed: Mapping[str, tuple[list[float], list[float]]], name: str
) -> FloatArray:
    column = np.full(len(moments_s), np.nan)
    if name in observed:
        at_s, values = observed[name]
        column[np.searchsorted(moments_s, at_s)] = values
    return column


def _literal(name: str) -> Any:
    return func.ST_GeomFromEWKB(bindparam(name, type_=LargeBinary))


def _bytes(shape: shapely.Geometry) -> bytes:
    made: bytes = shapely.to_wkb(shapely.set_srid(shape, STORAGE_SRID), include_srid=True)
    return made


def _query(name: str) -> Any:
    return text((_SQL / f"{name}.sql").read_text(encoding="utf-8"))
