"""Active fires of NASA FIRMS, as CSV: MODIS 1 km and VIIRS 375 m.

The point is the centre of a pixel and the fire may be anywhere in it, so its position
has the covariance of a uniform distribution over the pixel: side² / 12 each way, with
``scan`` (km, across the track, roughly east-west) and ``track`` (km, along it).
Columns as in NASA's "MODIS/VIIRS active fire product attributes"; the classes of
confidence stand for the middles of their ranges, low < 30 %, nominal < 80 %, high
(Giglio et al., MODIS Collection 6 Active Fire Product User's Guide, table 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gis_core.types import FloatArray
from layers.ingest.delimited import points
from layers.ingest.reference import refuse_crs
from layers.ingest.source import Batch, ObjectArray, Reader, Request, Source, is_bad, note, note_where, shown
from layers.ingest.table_text import TextBatch, TextTable, header_of, open_table, read_batches
from layers.ingest.values import missing, parse_numbers
from layers.subjects import SUBJECTS

_MARKS = frozenset(
    {"latitude", "longitude", "acq_date", "acq_time", "scan", "track", "confidence", "satellite"}
)
_CONFIDENCE = {"l": 0.15, "low": 0.15, "n": 0.55, "nominal": 0.55, "h": 0.9, "high": 0.9}
_SATELLITES = {
    "T": "Terra",
    "A": "Aqua",
    "N": "Suomi-NPP",
    "1": "NOAA-20",
    "N20": "NOAA-20",
    "2": "NOAA-21",
    "N21": "NOAA-21",
}
_NAMES = (
    "detected_at", "subject", "class_name", "confidence", "status", "steward_agency", "frp_mw",
    "cov_xx_m2", "cov_xy_m2", "cov_yy_m2", "origin", "origin_key",
)  # fmt: skip


def _accepts(path: Path, head: bytes, request: Request) -> bool:
    found = header_of(head)
    return request.layer.name == "detections" and found is not None and set(found[1]) >= _MARKS


def _open(path: Path, request: Request) -> Source:
    table = open_table(path)
    crs = refuse_crs(path, request, "A FIRMS file")
    return Source(path, "line", crs, _NAMES, _batches(table))


READER = Reader("FIRMS CSV", _accepts, _open)


def _batches(table: TextTable) -> Iterator[Batch]:
    for part in read_batches(table):
        faults = part.faults.copy()
        shapes = points(part.cells["longitude"], part.cells["latitude"], table.decimal, faults)
        columns = pd.DataFrame(_detections(part, faults), columns=list(_NAMES))
        yield Batch(part.numbers, columns, shapes, faults, part.done)


def _detections(part: TextBatch, faults: ObjectArray) -> dict[str, object]:
    cells = part.cells
    times = _times(cells["acq_date"], cells["acq_time"])
    satellite = cells["satellite"].map(lambda name: _SATELLITES.get(name, name)).astype("str")
    instrument = (
        cells["instrument"] if "instrument" in cells else pd.Series("", index=cells.index, dtype="str")
    )
    scan_m, track_m = (_numbers(cells[name], faults) * 1000 for name in ("scan", "track"))
    lon, lat = (pd.to_numeric(cells[name], errors="coerce").round(5) for name in ("longitude", "latitude"))
    for name in ("acq_date", "acq_time", "satellite"):
        note_where(faults, missing(cells[name]).to_numpy(), f"{name} is missing")
    return {
        "detected_at": times,
        "subject": "forest_fire",
        "class_name": "hotspot",
        "confidence": _confidence(cells["confidence"], faults),
        "status": "suspected",
        "steward_agency": SUBJECTS["forest_fire"].steward,
        "frp_mw": _numbers(cells["frp"], faults) if "frp" in cells else np.nan,
        "cov_xx_m2": scan_m**2 / 12,
        "cov_xy_m2": 0.0,
        "cov_yy_m2": track_m**2 / 12,
        "origin": ("FIRMS " + satellite + " " + instrument).str.strip(),
        "origin_key": lat.astype("str") + "," + lon.astype("str") + "," + times + "," + satellite,
    }


def _times(date: pd.Series, time: pd.Series) -> pd.Series:
    """UTC instants as ISO text; ``18``, ``0018`` and ``00:18`` are all eighteen minutes past midnight."""
    digits = time.str.strip().str.replace(":", "", regex=False).str.zfill(4)
    return (
        date.str.strip().str.slice(0, 10) + "T" + digits.str.slice(0, -2) + ":" + digits.str.slice(-2) + "Z"
    )


def _confidence(values: pd.Series, faults: ObjectArray) -> FloatArray:
    texts = values.str.strip().str.casefold()
    named = texts.map(_CONFIDENCE)
    percent, reasons = parse_numbers(texts.where(named.isna(), ""))
    wrong = is_bad(reasons) | (percent < 0) | (percent > 100)
    for row in np.flatnonzero(wrong):
        faults[row] = (
            faults[row] or f"confidence {shown(values.iloc[row])} is neither low, nominal, high nor 0-100"
        )
    return np.where(named.isna(), percent / 100, named.to_numpy(dtype=float))


def _numbers(values: pd.Series, faults: ObjectArray) -> FloatArray:
    parsed, reasons = parse_numbers(values)
    note(faults, reasons, f"{values.name} ")
    return parsed
