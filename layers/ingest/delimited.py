"""CSV with coordinates: degrees, a grid's x and y, or WKT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gis_core.errors import CRSMismatchError, IngestError
from layers.ingest.names import fold
from layers.ingest.reference import WGS84, settle_crs
from layers.ingest.source import (
    Batch,
    ObjectArray,
    Reader,
    Request,
    Source,
    is_bad,
    note,
    note_where,
    shown,
)
from layers.ingest.table_text import TextTable, header_of, open_table, read_batches
from layers.ingest.values import missing, parse_numbers

COORDINATES = {
    "lon": ("lon", "longitude", "long", "lng", "kinh_do"),
    "lat": ("lat", "latitude", "vi_do"),
    "x": ("x", "easting"),
    "y": ("y", "northing"),
    "wkt": ("wkt", "geometry", "geom", "the_geom"),
}
"""What a coordinate column may be called, by the name that ``--column`` uses for it."""


def _accepts(path: Path, head: bytes, request: Request) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".txt") or header_of(head) is not None


def _open(path: Path, request: Request) -> Source:
    table = open_table(path)
    notes: list[str] = []
    given = _coordinate_columns(table, request)
    crs = _crs(path, given, request, notes)
    used = given.values()
    names = tuple(name for name in table.header if name not in used)
    return Source(
        path, "line", crs, names, _batches(table, given), notes, decimal=table.decimal, position=tuple(given)
    )


READER = Reader("CSV with coordinates", _accepts, _open)


def _coordinate_columns(table: TextTable, request: Request) -> dict[str, str]:
    """The columns of the position: ``{"lon": …, "lat": …}``, ``{"x": …, "y": …}`` or ``{"wkt": …}``."""
    for their, our in request.columns.items():
        if our in COORDINATES and their not in table.header:
            raise IngestError(str(table.path), None, f"the file has no column '{their}'.")
    found: dict[str, str] = {}
    for kind, aliases in COORDINATES.items():
        asked = [name for name in table.header if request.columns.get(name) == kind]
        alike = [name for alias in aliases for name in table.header if fold(name) == alias]
        free = [name for name in alike if name not in request.columns]
        if asked or free:
            found[kind] = (asked or free)[0]
    pairs = (("lon", "lat"), ("x", "y"), ("wkt",))
    order = pairs if request.layer.geometry_type == "POINT" else pairs[::-1]
    for kinds in order:
        if all(kind in found for kind in kinds):
            return {kind: found[kind] for kind in kinds}
    raise IngestError(
        str(table.path),
        None,
        "the columns of the position are not clear; name them lon and lat, x and y, or wkt, "
        "or say which they are with --column theirs=lon --column theirs=lat.",
    )


def _crs(path: Path, given: dict[str, str], request: Request, notes: list[str]) -> CRS:
    if request.crs is None and "lon" not in given:
        named = " and ".join(f"'{name}'" for name in given.values())
        raise CRSMismatchError(
            f"{path}: nothing says what coordinate reference system {named} are in; "
            "give it with --crs EPSG:n."
        )
    return settle_crs(path, None if request.crs else WGS84, request, notes)


def _batches(table: TextTable, given: dict[str, str]) -> Iterator[Batch]:
    for part in read_batches(table):
        faults = part.faults.copy()
        if "wkt" in given:
            shapes = _from_wkt(part.cells[given["wkt"]], faults)
        else:
            x_name, y_name = given.values()
            shapes = points(part.cells[x_name], part.cells[y_name], table.decimal, faults)
        columns = part.cells.drop(columns=list(given.values()))
        yield Batch(part.numbers, columns, shapes, faults, part.done)


def points(x: pd.Series, y: pd.Series, decimal: str, faults: ObjectArray) -> ObjectArray:
    """Points from two columns of text; what is missing or no number is noted in ``faults``."""
    coordinates = []
    for values in (x, y):
        parsed, reasons = parse_numbers(values, decimal)
        note_where(faults, np.isnan(parsed) & ~is_bad(reasons), f"{values.name} is missing")
        note(faults, reasons, f"{values.name} ")
        coordinates.append(parsed)
    shapes = np.asarray(shapely.points(*coordinates), dtype=object)
    shapes[is_bad(faults)] = None
    return shapes


def _from_wkt(values: pd.Series, faults: ObjectArray) -> ObjectArray:
    texts = values.where(~missing(values), None).to_numpy(dtype=object, na_value=None)
    shapes = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
    for row in np.flatnonzero(shapely.is_missing(shapes)):
        if texts[row] is not None:
            faults[row] = faults[row] or f"{values.name} {shown(texts[row])} is no WKT"
    return shapes
