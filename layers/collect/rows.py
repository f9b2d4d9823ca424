"""Rows of JSON as a source: flat objects with ``lon`` and ``lat``, or GeoJSON Features.

Every row is read by itself: what it means, and the event that it is known as, never depend on
the rows that happen to come with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pyproj import CRS
from shapely import Point

from gis_core.crs import STORAGE_SRID
from gis_core.errors import InvalidParameterError
from gis_core.time import parse_instant
from layers.base import Layer
from layers.collect.originals import to_json
from layers.ingest.delimited import COORDINATES, points
from layers.ingest.geojson import read_shapes
from layers.ingest.names import columns_of, fold, required_of
from layers.ingest.reference import WGS84, settle_crs
from layers.ingest.source import Batch, ObjectArray, Request, Source, no_faults, shown

_IDENTIFIERS = ("id", "fid", "event_id")
_FRAME_INDEXES = ("frame_index", "index")
_PLACE = frozenset(("lon", "lat"))
_PLACES = {alias: kind for kind in _PLACE for alias in COORDINATES[kind]}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DEGREES = (WGS84, CRS.from_epsg(STORAGE_SRID))
"""What ``lon``, ``lat`` and the places of stations are in; beside other coordinates they say nothing."""

Positions = Callable[[Layer, set[str]], Mapping[str, Point]]
"""Where the stations with these codes stand, for rows of a layer that bring no position."""


class Rules(NamedTuple):
    """How the rows of a source are meant.

    ``columns`` gives the layer's names for those of the rows. ``key`` names the columns that
    together are what the source calls an event; without it, or where one is missing, that is
    the row's own identifier, its frame, or all that it says. ``times`` says what a time without
    a zone is: Huế's local one, one in UTC, or seconds or milliseconds since 1970.
    """

    columns: Mapping[str, str] = MappingProxyType({})
    key: tuple[str, ...] = ()
    times: Literal["local", "utc", "epoch_s", "epoch_ms"] = "local"


AS_THEY_ARE = Rules()


class _Row(NamedTuple):
    """One row in our names; ``values`` may hold ``lon`` and ``lat`` beside the layer's columns."""

    values: dict[str, Any]
    geometry: Any
    fault: str | None


def rows_source(
    name: str,
    rows: Sequence[Any],
    request: Request,
    positions: Positions,
    *,
    crs: str | None = None,
    numbers: Sequence[int] | None = None,
    rules: Rules = AS_THEY_ARE,
) -> Source:
    """Rows of JSON as ingestion reads them.

    Args:
        name: who brings them; the ``origin`` of every row. What a row itself says of its origin
            is put behind it, so that nobody can speak in another's name.
        rows: objects or Features; anything else is a bad row.
        request: the layer.
        positions: finds the place of a row without one by its ``station_code``.
        crs: what the coordinates refer to; WGS 84 where None.
        numbers: one per row, rising; counted from 1 where None.
        rules: how the rows are meant.

    Raises:
        CRSMismatchError: ``crs`` is not known.
    """
    path = Path(name)
    reference = settle_crs(path, crs or WGS84, Request(request.layer), [])
    namer = _Namer(request.layer, rules.columns)
    read = [_read(row, namer) for row in rows]
    faults = no_faults(len(rows))
    faults[:] = [row.fault for row in read]
    if request.layer.time_column is not None:
        time_name = request.layer.event_time.name
        for row, given in zip(read, rows, strict=True):
            if time_name in row.values:
                row.values[time_name] = _instant(row.values[time_name], rules.times)
            row.values["origin_key"] = _origin_key(request.layer, row.values, given, rules.key)
    for row in read:
        own = row.values.get("origin")
        row.values["origin"] = f"{name}/{own}" if own and own != name else name
    shapes = read_shapes([None if row.geometry is None else json.dumps(row.geometry) for row in read], faults)
    if reference in _DEGREES:
        _fill_places(shapes, read, faults, request.layer, positions)
    names = _offered(request.layer, read)
    columns = {column: pd.Series([row.values.get(column) for row in read], dtype=object) for column in names}
    batch = Batch(
        np.arange(1, len(rows) + 1) if numbers is None else np.array(numbers, dtype=np.int64),
        pd.DataFrame(columns, index=range(len(rows))),
        shapes,
        faults,
        done=1.0,
        given=rows,
    )
    return Source(path, "row", reference, names, iter([batch] if rows else []))


class _Namer:
    """Which column a row means by a name: its own name, or an alias that no other value took."""

    def __init__(self, layer: Layer, asked: Mapping[str, str]) -> None:
        columns = columns_of(layer)
        self._asked = dict(asked)
        self._own = {name: name for name in columns}
        self._alias = _PLACES | {name: name for name in (*_IDENTIFIERS, *_FRAME_INDEXES)}
        self._alias |= {
            fold(alias): name for name, column in columns.items() for alias in column.info.get("aliases", ())
        }
        self._known: dict[str, tuple[str | None, bool]] = {}

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for name, value in values.items():
            ours, own = self._known.get(name) or self._look_up(name)
            if ours is not None and (own or ours not in named):
                named[ours] = value
        return named

    def _look_up(self, name: str) -> tuple[str | None, bool]:
        folded = fold(name)
        asked = self._asked.get(name)
        found = asked or self._own.get(folded) or self._alias.get(folded)
        self._known[name] = (found, asked is not None or folded in self._own)
        return self._known[name]


def _read(row: Any, namer: _Namer) -> _Row:
    if not isinstance(row, dict):
        return _Row({}, None, f"it is {shown(row)}, not an object")
    if row.get("type") != "Feature":
        return _Row(namer({name: row[name] for name in row if name != "geometry"}), row.get("geometry"), None)
    properties = row.get("properties") or {}
    if not isinstance(properties, dict):
        return _Row({}, None, f"its properties are {shown(properties)}, not an object")
    return _Row(namer({"id": row.get("id"), **properties}), row.get("geometry"), None)


def _instant(value: Any, times: str) -> Any:
    """A time as text with its zone; what cannot be read stays as it is, to be refused with its reason."""
    if times == "local" or value is None or isinstance(value, bool):
        return value
    try:
        if times == "utc":
            moment = datetime.fromisoformat(str(value).strip())
            return moment.isoformat() if moment.tzinfo else moment.replace(tzinfo=UTC).isoformat()
        seconds = float(value) / (1000 if times == "epoch_ms" else 1)
        return (_EPOCH + timedelta(seconds=seconds)).isoformat()
    except (TypeError, ValueError, OverflowError):
        return value


def _origin_key(layer: Layer, values: dict[str, Any], given: Any, key: tuple[str, ...]) -> str:
    """What the source calls the event: its ``key``, its own name for it, its frame, or all it says."""
    parts = [_key_part(layer, name, values.get(name)) for name in key]
    if parts and all(parts):
        return "/".join(parts)
    for name in ("origin_key", *_IDENTIFIERS):
        own = values.get(name)
        if own is not None and str(own).strip():
            return own if isinstance(own, str) else to_json(own)
    return _frame_key(layer, values) or _digest(given)


def _key_part(layer: Layer, name: str, value: Any) -> str:
    if value is None or name != layer.time_column:
        return "" if value is None else str(value).strip()
    try:
        return parse_instant(str(value)).isoformat()
    except InvalidParameterError:
        # The row is refused for its time in any case.
        return str(value)


def _frame_key(layer: Layer, values: dict[str, Any]) -> str | None:
    camera, time = values.get("camera_code"), values.get(layer.event_time.name)
    index = next((values[name] for name in _FRAME_INDEXES if values.get(name) is not None), None)
    if camera is None or time is None or index is None:
        return None
    try:
        return f"{camera}/{parse_instant(str(time)).isoformat()}/{index}"
    except InvalidParameterError:
        # The row is refused for its time in any case.
        return None


def _digest(given: Any) -> str:
    return blake2b(to_json(given).encode(), digest_size=12).hexdigest()


def _fill_places(
    shapes: ObjectArray, read: list[_Row], faults: ObjectArray, layer: Layer, positions: Positions
) -> None:
    """Give rows without a geometry the place of their ``lon`` and ``lat``, or that of their station."""
    without = [index for index, row in enumerate(read) if row.geometry is None and faults[index] is None]
    with_place = [index for index in without if _PLACE & read[index].values.keys()]
    if with_place:
        lon, lat = (
            pd.Series([read[index].values.get(kind) for index in with_place], name=kind, dtype=object)
            for kind in ("lon", "lat")
        )
        own = no_faults(len(with_place))
        shapes[with_place] = points(lon, lat, ".", own)
        faults[with_place] = own
    at_station = [index for index in without if not _PLACE & read[index].values.keys()]
    codes = {index: str(read[index].values.get("station_code", "")).strip() for index in at_station}
    known = positions(layer, {code for code in codes.values() if code.isprintable()} - {""})
    for index, code in codes.items():
        shapes[index] = known.get(code)
        if code and shapes[index] is None:
            faults[index] = f"it has no position, and no station {shown(code)} is known"


def _offered(layer: Layer, read: list[_Row]) -> tuple[str, ...]:
    """The columns that any row fills, and all that every row must."""
    columns = columns_of(layer)
    filled = {name for row in read for name in row.values}
    needed = {*required_of(layer), "origin", *(["origin_key"] if layer.time_column else [])}
    return tuple(name for name in columns if name in filled | needed)
