"""Rows that bring no position take that of the station they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely import Point

from gis_core.crs import STORAGE_SRID
from gis_core.db import reading
from layers.base import Layer
from layers.ingest.names import match_columns
from layers.ingest.source import Batch, Request, Source, is_bad, shown
from layers.stations import Station, Stations, read_stations, station_layers


def at_stations(source: Source, request: Request) -> Source:
    """A source whose rows without a position stand at their stations, if its layer has any.

    The code of a station that is named in another way becomes the station's own. The stations
    are looked up when the first such row comes.

    Raises:
        IngestError: the source lacks a required column.
    """
    if not station_layers(request.layer):
        return source
    column = match_columns(source, request).get("station_code")
    if column is None:
        return source
    return replace(source, batches=_placed(source, request.layer, column))


def _placed(source: Source, layer: Layer, column: str) -> Iterator[Batch]:
    stations: Stations | None = None
    for batch in source.batches:
        without = shapely.is_missing(batch.shapes) & ~is_bad(batch.faults)
        if not without.any():
            yield batch
            continue
        if stations is None:
            stations = _known(layer)
        yield _at_stations(batch, np.flatnonzero(without), column, stations, source.crs)


def _known(layer: Layer) -> Stations:
    with reading() as connection:
        return read_stations(connection, layer)


def _at_stations(batch: Batch, rows: np.ndarray, column: str, stations: Stations, crs: CRS) -> Batch:
    said = batch.columns[column].iloc[rows].map(_text)
    found = {name: _find(stations, name) for name in said.unique()}
    placed, faults = batch.shapes.copy(), batch.faults.copy()
    codes = batch.columns[column].astype(object).to_numpy(copy=True)
    points = {name: _in(crs, one.point) for name, one in found.items() if isinstance(one, Station)}
    for row, name in zip(rows, said, strict=True):
        one = found[name]
        if isinstance(one, Station):
            placed[row], codes[row] = points[name], one.code
        else:
            faults[row] = one
    columns = batch.columns.assign(**{column: codes})
    return replace(batch, columns=columns, placed=placed, faults=faults)


def _find(stations: Stations, said: str) -> Station | str:
    """The station that is meant, or why there is none."""
    if not said:
        return "it has neither a position nor the code of a station"
    found = stations.find(said)
    if len(found) == 1:
        return found[0]
    if not found:
        return f"it has no position, and no station {shown(said)} is known"
    codes = ", ".join(sorted(station.code for station in found))
    return f"it has no position, and station {shown(said)} may be any of {codes}; give the code"


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip()  # type: ignore[call-overload]


def _in(crs: CRS, point: Point) -> Point:
    """A position of EPSG:4326 in the CRS that the rest of the source is in."""
    if crs == CRS.from_epsg(STORAGE_SRID) or crs.to_authority() == ("OGC", "CRS84"):
        return point
    to_source = Transformer.from_crs(STORAGE_SRID, crs, always_xy=True)
    return Point(to_source.transform(point.x, point.y))
