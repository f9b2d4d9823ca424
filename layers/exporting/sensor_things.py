"""Observations under the names of OGC SensorThings API 1.1 (18-088), streamed, one station after the other.

The document is the answer that ``Things?$expand=Locations,Datastreams($expand=Sensor,
ObservedProperty,Observations)`` would give, with our metadata beside ``value``. A feature of
interest stands once, in ``FeaturesOfInterest``, and observations link to it by ``@iot.id``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, TextIO

import shapely
from sqlalchemy import Connection, Row, Select, func, select

from gis_core.crs import STORAGE_SRID
from gis_core.time import Window
from gis_core.types import Bounds
from layers import observations
from layers.exporting.metadata import Metadata
from layers.observed_properties import OBSERVED_PROPERTIES, ObservedProperty
from layers.stations import station_layers

_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_GEOJSON = "application/geo+json"
_ROWS_AT_ONCE = 10_000
_O = observations.LAYER.table.c


def count(connection: Connection, bounds: Bounds | None, window: Window | None) -> tuple[int, int]:
    """How many observations there are to write, and how many of them are simulated."""
    taken = _taken(bounds, window).subquery()
    query = select(func.count(), func.count().filter(taken.c.simulated)).select_from(taken)
    rows, simulated = connection.execute(query).one()
    return rows, simulated


def write(
    connection: Connection, file: TextIO, metadata: Metadata, bounds: Bounds | None, window: Window | None
) -> int:
    """Write observations as they come from the database; return how many.

    Args:
        connection: an open transaction, which sees one state of the table throughout.
        file: takes the JSON.
        metadata: stands at its head.
        bounds: only observations in this box, EPSG:4326.
        window: only observations of this time.
    """
    query = _taken(bounds, window).order_by(_O.station_code, _O.observed_property, _O.observed_at, _O.id)
    streamed = connection.execute(
        query, execution_options={"stream_results": True, "yield_per": _ROWS_AT_ONCE}
    )
    names = _station_names(connection)
    places: dict[str, Any] = {}
    written = 0
    file.write(f'{{"metadata": {_json(metadata.as_dict())},\n"value": [')
    for number, (code, rows) in enumerate(groupby(streamed, key=lambda row: str(row.station_code))):
        file.write(",\n" if number else "\n")
        written += _write_thing(file, code, names.get(code), rows, places)
    features = [_feature_of_interest(code, place, names.get(code)) for code, place in places.items()]
    file.write(f'\n],\n"FeaturesOfInterest": {_json(features)}}}\n')
    return written


def _taken(bounds: Bounds | None, window: Window | None) -> Select[Any]:
    query = select(
        _O.id, _O.observed_at, _O.station_code, _O.observed_property, _O.value, _O.simulated,
        func.ST_AsBinary(_O.geom).label("shape"),
    )  # fmt: skip
    if bounds is not None:
        query = query.where(func.ST_Intersects(_O.geom, func.ST_MakeEnvelope(*bounds, STORAGE_SRID)))
    if window is not None:
        query = query.where(_O.observed_at >= window.start, _O.observed_at < window.end)
    return query


def _station_names(connection: Connection) -> dict[str, tuple[str, str]]:
    """The name of each station and what kind of station it is, by its code."""
    found: dict[str, tuple[str, str]] = {}
    for layer in station_layers(observations.LAYER):
        rows = connection.execute(select(layer.id_column, layer.table.columns["name"]))
        found |= {code: (name, layer.title.both) for code, name in rows}
    return found


def _write_thing(
    file: TextIO,
    code: str,
    known: tuple[str, str] | None,
    rows: Iterable[Row[Any]],
    places: dict[str, Any],
) -> int:
    name, kind = known or (code, "Trạm / Station")
    file.write(
        f'{{"@iot.id": {_json(code)}, "name": {_json(name)}, "description": {_json(kind)},\n"Datastreams": ['
    )
    written = simulated = 0
    for number, (of, group) in enumerate(groupby(rows, key=lambda row: str(row.observed_property))):
        file.write(",\n" if number else "\n")
        series = _Counted(group)
        _write_datastream(file, code, name, OBSERVED_PROPERTIES[of], series)
        written += series.rows
        simulated += series.simulated
        places.setdefault(code, series.place)
    location = {
        "@iot.id": code,
        "name": name,
        "description": kind,
        "encodingType": _GEOJSON,
        "location": places[code],
    }
    properties = {"station_code": code, "observations": written, "simulated_observations": simulated}
    file.write(f'\n],\n"Locations": [{_json(location)}], "properties": {_json(properties)}}}')
    return written


class _Counted:
    """The observations of one series, counted as they pass."""

    def __init__(self, rows: Iterable[Row[Any]]) -> None:
        self._rows = rows
        self.rows = self.simulated = 0
        self.place: Any = None
        self.start: datetime | None = None
        self.end: datetime | None = None

    def entities(self, code: str, of: ObservedProperty) -> Iterator[dict[str, Any]]:
        """The Observation entities."""
        for row in self._rows:
            start, end = of.extent(row.observed_at)
            self.rows += 1
            self.simulated += row.simulated
            self.start, self.end = self.start or start, end
            if self.place is None:
                self.place = shapely.geometry.mapping(shapely.from_wkb(bytes(row.shape)))
            entity = {
                "@iot.id": str(row.id),
                "phenomenonTime": _time(start) if start == end else f"{_time(start)}/{_time(end)}",
                # No source says when its value was worked out; before the end of its time it cannot be.
                "resultTime": _time(end),
                "result": row.value if math.isfinite(row.value) else None,
                "FeatureOfInterest": {"@iot.id": code},
            }
            yield entity | {"parameters": {"simulated": True}} if row.simulated else entity


def _write_datastream(file: TextIO, code: str, name: str, of: ObservedProperty, series: _Counted) -> None:
    identifier = f"{code}/{of.name}"
    head = {
        "@iot.id": identifier,
        "name": f"{of.title.both}: {name}",
        "description": f"{of.label.both}, {name}",
        "observationType": _MEASUREMENT,
        "unitOfMeasurement": {
            "name": of.unit.name,
            "symbol": of.unit.symbol,
            "definition": f"ucum:{of.unit.code}",
        },
        "ObservedProperty": {
            "@iot.id": of.name,
            "name": of.name,
            "definition": of.definition,
            "description": of.title.both,
        },
        "Sensor": {
            "@iot.id": identifier,
            "name": f"{of.title.en}: {name}",
            "description": "Thiết bị không được nguồn mô tả / The source does not describe the instrument",
            "encodingType": "text/html",
            "metadata": "",
        },
    }
    file.write(f'{_json(head)[:-1]},\n"Observations": [')
    for number, entity in enumerate(series.entities(code, of)):
        file.write(",\n" if number else "\n")
        file.write(_json(entity))
    if series.start is None or series.end is None:
        raise ValueError(f"series {identifier} has no observations")
    tail = {
        "phenomenonTime": f"{_time(series.start)}/{_time(series.end)}",
        "properties": {"observations": series.rows, "simulated_observations": series.simulated},
    }
    file.write(f"],\n{_json(tail)[1:]}")


def _feature_of_interest(code: str, place: Any, known: tuple[str, str] | None) -> dict[str, Any]:
    name, kind = known or (code, "Trạm / Station")
    return {"@iot.id": code, "name": name, "description": kind, "encodingType": _GEOJSON, "feature": place}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
