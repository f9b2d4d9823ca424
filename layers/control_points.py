"""Control points and pixels from delimited text: a header, then one point a line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyproj import CRS

from gis_core.crs import METRIC_SRID, STORAGE_SRID, is_metric_grid, local_grid_srid, transformer
from gis_core.errors import CRSMismatchError, IngestError, quoted
from gis_core.types import FloatArray
from layers.ingest.table_text import encoding_of, header_of

MAX_BYTES = 64 * 2**20

_ALIASES = {"lon": "x", "longitude": "x", "easting": "x", "lat": "y", "latitude": "y", "northing": "y",
            "elevation": "z", "height": "z"}  # fmt: skip


class ControlFile(NamedTuple):
    """Pixels ``uv`` (n, 2), ground ``xy`` (n, 2) in the file's CRS, elevations ``z_m`` (n,) or None."""

    uv: FloatArray
    xy: FloatArray
    z_m: FloatArray | None
    rows: tuple[int, ...]


class PixelFile(NamedTuple):
    """Pixels ``uv`` (n, 2), NaN where a row is faulty, and what is wrong with those rows."""

    uv: FloatArray
    faults: dict[int, IngestError]


def read_control_points(path: Path) -> ControlFile:
    """Points of a file with columns u, v, x, y and perhaps z; every row must be good.

    Raises:
        IngestError: the file cannot be read, lacks a column, or holds a row that is no point.
    """
    table = _opened(path, ("u", "v", "x", "y"))
    names = ("u", "v", "x", "y", "z") if "z" in table.columns else ("u", "v", "x", "y")
    values, rows = [], []
    for row, cells in table.rows():
        values.append([_number(table, row, name, cells) for name in names])
        rows.append(row)
    if not rows:
        raise IngestError(path.name, None, "the file holds no control points.")
    points = np.array(values, float).reshape(-1, len(names))
    return ControlFile(points[:, :2], points[:, 2:4], points[:, 4] if len(names) == 5 else None, tuple(rows))


def read_pixels(path: Path) -> PixelFile:
    """Pixels of a file with columns u and v; a faulty row is NaN and told by its index.

    Raises:
        IngestError: the file cannot be read or lacks a column.
    """
    table = _opened(path, ("u", "v"))
    values, faults = [], {}
    for index, (row, cells) in enumerate(table.rows()):
        try:
            values.append([_number(table, row, name, cells) for name in ("u", "v")])
        except IngestError as error:
            values.append([math.nan, math.nan])
            faults[index] = error
    return PixelFile(np.array(values, float).reshape(-1, 2), faults)


def metric_grid_for(crs: CRS, xy: FloatArray, source: str) -> CRS:
    """The grid to fit in: the CRS itself where it is true to scale in metres, else a local one.

    Raises:
        CRSMismatchError: the coordinates lie outside the CRS.
    """
    middle = xy.mean(axis=0)
    lon, lat = transformer(crs.to_wkt(), STORAGE_SRID).transform(*middle)
    if not (math.isfinite(lon) and math.isfinite(lat)) or (
        crs.is_geographic and not (abs(middle[0]) <= 360 and abs(middle[1]) <= 90)
    ):
        raise CRSMismatchError(f"{source}: the coordinates lie outside {crs.name}; is --crs the right one?")
    return crs if is_metric_grid(crs) else CRS.from_epsg(local_grid_srid(lon, lat))


def to_grid(xy: FloatArray, crs: CRS, grid: CRS | int, source: str) -> FloatArray:
    """Coordinates in another CRS, shape (n, 2) in and out.

    Raises:
        CRSMismatchError: some lie where the transformation does not reach.
    """
    target = CRS.from_user_input(grid)
    if crs == target:
        return xy
    moved = np.column_stack(transformer(crs.to_wkt(), target.to_wkt()).transform(*xy.T))
    if not np.isfinite(moved[np.isfinite(xy).all(axis=1)]).all():
        raise CRSMismatchError(f"{source}: some coordinates lie outside {crs.name}; is --crs the right one?")
    return moved


def to_metric_grid(xy: FloatArray, crs: CRS, source: str) -> FloatArray:
    """Coordinates in EPSG:9214."""
    return to_grid(xy, crs, METRIC_SRID, source)


class _Table(NamedTuple):
    """A delimited text: its name, its columns, its decimal sign, and its lines with their numbers."""

    name: str
    columns: tuple[str, ...]
    decimal: str
    lines: tuple[tuple[int, list[str]], ...]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The number of each line from 1, header included, and its cells by name."""
        for number, cells in self.lines:
            yield number, dict(zip(self.columns, cells, strict=False))


def _opened(path: Path, needed: tuple[str, ...]) -> _Table:
    """A file, read once from its beginning, so that it may be a pipe."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise IngestError(path.name, None, f"the file cannot be read ({error.strerror}).") from error
    if len(data) > MAX_BYTES:
        raise IngestError(path.name, None, f"more than {MAX_BYTES // 2**20} MiB are too much.")
    head = header_of(data[:65_536])
    if head is None:
        raise IngestError(path.name, 1, f"there is no header line; it must name {', '.join(needed)}.")
    delimiter, header = head
    lowered = (name.lower() for name in header)
    columns = tuple(_ALIASES.get(name, name) for name in lowered)
    missing = [name for name in needed if name not in columns]
    if missing:
        raise IngestError(
            path.name,
            1,
            f"there is no column {', '.join(missing)}; the header must name {', '.join(needed)}.",
        )
    try:
        reader = csv.reader(io.StringIO(data.decode(encoding_of(data)), newline=""), delimiter=delimiter)
        next(reader)
        lines = tuple((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))
    except (csv.Error, UnicodeDecodeError) as error:
        raise IngestError(path.name, None, "the file is no delimited text in UTF-8.") from error
    return _Table(path.name, columns, "," if delimiter == ";" else ".", lines)


def _number(table: _Table, row: int, name: str, cells: dict[str, str]) -> float:
    text = cells.get(name, "").strip()
    if not text:
        raise IngestError(table.name, row, f"{name} is missing.")
    try:
        value = float(text.replace(table.decimal, "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise IngestError(table.name, row, f"{name} {quoted(text)} is not a number.")
    return value
