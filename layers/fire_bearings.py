"""Bearings and satellite pixels as files bring them, and the fix of smoke as JSON says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gis_core.errors import IngestError
from gis_core.types import FloatArray
from layers.ingest.source import is_bad
from layers.ingest.table_text import open_table, read_batches
from layers.ingest.values import parse_numbers

_MOST_ROWS = 500
_LIMITS = {
    "lon": (-180.0, 180.0),
    "lat": (-85.0, 85.0),
    "azimuth_deg": (0.0, 360.0),
    "sigma_deg": (1e-3, 45.0),
    "height_m": (0.0, 500.0),
    "scan_km": (0.05, 10.0),
    "track_km": (0.05, 10.0),
}
_PIXEL_COLUMNS = {"longitude": "lon", "latitude": "lat", "scan": "scan_km", "track": "track_km"}


@dataclass(frozen=True)
class Table:
    """Checked columns of numbers with the lines and names of their rows."""

    lines: tuple[int, ...]
    names: tuple[str, ...]
    values: Mapping[str, FloatArray]

    def __len__(self) -> int:
        return len(self.lines)


def read_bearings(path: Path, default_height_m: float) -> Table:
    """Bearings from a CSV file with the columns lon, lat, azimuth_deg and sigma_deg.

    Azimuths run clockwise from true north. Optional columns: ``id``, and ``height_m`` of the lens
    above the ground. A row without an id is named by its number from 1.

    Raises:
        IngestError: a column or a number is missing or out of its range, or there is no row.
    """
    return _read(path, ("lon", "lat", "azimuth_deg", "sigma_deg"), {}, {"height_m": default_height_m})


def read_pixels(path: Path) -> Table:
    """Satellite pixels from a FIRMS CSV file: latitude, longitude, scan and track in km.

    Raises:
        IngestError: as for bearings.
    """
    return _read(path, tuple(_PIXEL_COLUMNS.values()), _PIXEL_COLUMNS, {})


def _read(
    path: Path, needed: Sequence[str], renamed: Mapping[str, str], defaults: Mapping[str, float]
) -> Table:
    if not path.is_file():
        raise IngestError(str(path), None, "there is no such file.")
    table = open_table(path)
    parts = list(read_batches(table))
    for part in parts:
        for line, fault in zip(part.numbers, part.faults, strict=True):
            if fault is not None:
                raise IngestError(str(path), int(line), f"{fault}.")
    cells = pd.concat([part.cells for part in parts], ignore_index=True) if parts else pd.DataFrame()
    cells = cells.rename(columns=lambda name: renamed.get(name.lower(), name.lower()))
    missing = [name for name in needed if name not in cells]
    if not parts or missing:
        raise IngestError(
            str(path), None,
            f"it needs a header with the columns {', '.join(_theirs(renamed, needed))} and a row beneath it.",
        )  # fmt: skip
    if len(cells) > _MOST_ROWS:
        raise IngestError(str(path), None, f"{len(cells)} rows cannot be of one smoke; at most {_MOST_ROWS}.")
    lines = tuple(int(number) for part in parts for number in part.numbers)
    values = {name: _numbers(cells[name], name, table.decimal, path, lines) for name in needed}
    for name, default in defaults.items():
        given = name in cells
        values[name] = (
            _numbers(cells[name], name, table.decimal, path, lines) if given else np.full(len(cells), default)
        )
    return Table(lines, _names(cells), values)


def _theirs(renamed: Mapping[str, str], needed: Sequence[str]) -> list[str]:
    back = {ours: theirs for theirs, ours in renamed.items()}
    return [back.get(name, name) for name in needed]


def _names(cells: pd.DataFrame) -> tuple[str, ...]:
    given = cells["id"] if "id" in cells else pd.Series([None] * len(cells), dtype=object)
    return tuple(
        str(number) if pd.isna(name) else str(name).strip()[:80] for number, name in enumerate(given, 1)
    )


def _numbers(cells: pd.Series, name: str, decimal: str, path: Path, lines: Sequence[int]) -> FloatArray:
    numbers, reasons = parse_numbers(cells, decimal)
    low, high = _LIMITS[name]
    for line, number, reason in zip(lines, numbers, reasons, strict=True):
        if is_bad(np.array([reason], dtype=object))[0]:
            raise IngestError(str(path), line, f"{name} {reason}.")
        if not math.isfinite(number):
            raise IngestError(str(path), line, f"{name} is missing or no number.")
        if not low <= number <= high:
            raise IngestError(str(path), line, f"{name} {number:g} is not between {low:g} and {high:g}.")
    return np.asarray(numbers, float)


def rounded(shape: Any, digits: int = 6) -> Any:
    """A GeoJSON geometry with coordinates to about a decimetre."""
    if isinstance(shape, float):
        return round(shape, digits)
    if isinstance(shape, (list, tuple)):
        return [rounded(part, digits) for part in shape]
    if isinstance(shape, dict):
        return {name: rounded(part, digits) for name, part in shape.items()}
    return shape
