"""Another try for quarantined rows, after whatever kept them out was mended.

Each is read as its source is set up now, so that a corrected setting counts. Rows of files go
through the reader of their format again, and come out as the same events as from the file.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from gis_core.collect_settings import HttpSource, MqttSource, WatchedFolder
from gis_core.config import Settings
from gis_core.db import writing
from gis_core.errors import CRSMismatchError, IngestError, LayerNotFoundError
from layers.collect import quarantine
from layers.collect.rows import AS_THEY_ARE, rows_source
from layers.collect.shape import rules_of
from layers.collect.stations import StationPositions
from layers.ingest.fit import Fitter
from layers.ingest.load import refusals
from layers.ingest.readers import open_source
from layers.ingest.source import Request
from layers.ingest.table_text import header_of
from layers.partitions import closed_to
from layers.registry import LAYERS
from layers.store import put

_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many rows went in, and how many stay with a reason."""

    replayed: int
    stay: int


class _Kind(NamedTuple):
    """What rows must share to be read together; ``header`` is that of a delimited text."""

    source: str
    layer: str
    from_file: bool
    crs: str | None
    header: str | None


def replay(settings: Settings, source: str | None = None) -> ReplayReport:
    """Try every waiting row again, or those of one source, some thousands in a transaction.

    Rows that were too long to be kept whole stay as they are.
    """
    replayed = stay = last = 0
    while True:
        with writing() as connection:
            rows = quarantine.next_to_replay(connection, source=source, after=last, limit=_ROWS_AT_ONCE)
            if not rows:
                return ReplayReport(replayed, stay)
            last = rows[-1].id
            reasons = _try_all(connection, settings, rows)
            quarantine.keep(connection, reasons.items())
            quarantine.mark_replayed(connection, [row.id for row in rows if row.id not in reasons])
        replayed += len(rows) - len(reasons)
        stay += len(reasons)


def _try_all(connection: Connection, settings: Settings, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """Put in what fits now, and give the reason of every other row by its id."""
    reasons: dict[int, str] = {}
    groups: dict[_Kind, list[Row[Any]]] = {}
    for row in rows:
        kind = _kind(row)
        if kind is None:
            reasons[row.id] = row.reason
        else:
            groups.setdefault(kind, []).append(row)
    for kind, group in groups.items():
        try:
            with refusals(kind.source), connection.begin_nested():
                reasons |= _try_group(connection, settings, kind, group)
        except (IngestError, CRSMismatchError, LayerNotFoundError) as error:
            reasons |= {row.id: str(error) for row in group}
    return reasons


def _kind(row: Row[Any]) -> _Kind | None:
    """How a row is to be read, or None where it cannot be: it was cut, or ends within a quote."""
    if len(row.content) != row.content_chars:
        return None
    from_file = row.document is not None
    value = json.loads(row.content)
    header = value["header"] if from_file and isinstance(value, dict) and "header" in value else None
    if header is not None and not _is_one_record(header, value["line"]):
        return None
    return _Kind(row.source, row.layer, from_file, row.crs, header)


def _try_group(
    connection: Connection, settings: Settings, kind: _Kind, group: Sequence[Row[Any]]
) -> dict[int, str]:
    meant = _settings_of(settings, kind)
    request = _request(kind, meant)
    values = [json.loads(row.content) for row in group]
    numbers = list(range(1, len(group) + 1))
    with tempfile.TemporaryDirectory() as folder:
        if not kind.from_file:
            rules = AS_THEY_ARE if meant is None else rules_of(meant)
            request = Request(request.layer)
            source = rows_source(
                kind.source, values, request, StationPositions(connection), crs=kind.crs, rules=rules
            )
        elif kind.header is None:
            source = open_source(_write_features(Path(folder), values, kind.crs), request)
        else:
            path, numbers = _write_lines(Path(folder), kind.header, [value["line"] for value in values])
            source = open_source(path, request)
        closed = closed_to(connection, request.layer)
        fitter = Fitter(replace(source, path=Path(kind.source)), request, closed)
        ids = {number: row.id for number, row in zip(numbers, group, strict=True)}
        reasons: dict[int, str] = {}
        for batch in source.batches:
            rows, faults = fitter.fit(batch)
            put(connection, request.layer, rows)
            reasons |= {ids[number]: reason for number, reason in faults}
    return reasons


def _settings_of(settings: Settings, kind: _Kind) -> WatchedFolder | HttpSource | MqttSource | None:
    """What the settings say now of the source of these rows, if they still name it."""
    for source in settings.collect.sources:
        if (source.name, source.layer) == (kind.source, kind.layer):
            return source
    return None


def _request(kind: _Kind, meant: WatchedFolder | HttpSource | MqttSource | None) -> Request:
    layer = LAYERS[kind.layer]
    match meant:
        case WatchedFolder():
            return Request(layer, meant.crs, meant.table, meant.columns)
        case HttpSource():
            return Request(layer, meant.crs, None, meant.columns)
        case _:
            return Request(layer)


def _write_features(folder: Path, features: list[Any], crs: str | None) -> Path:
    document: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        document["crs"] = {"type": "name", "properties": {"name": crs}}
    path = folder / "rows.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _write_lines(folder: Path, header: str, records: list[str]) -> tuple[Path, list[int]]:
    """A delimited text of these records, and the line that each begins at."""
    path = folder / "rows.csv"
    parts = [_ended(part) for part in (header, *records)]
    path.write_text("".join(parts), encoding="utf-8", newline="")
    ends = accumulate(sum(1 for _ in io.StringIO(part, newline="")) for part in parts)
    return path, [end + 1 for end in ends][:-1]


def _ended(line: str) -> str:
    return line if line.endswith(("\n", "\r")) else line + "\n"


def _is_one_record(header: str, record: str) -> bool:
    """Whether a record ends where its text ends: an open quote would swallow those after it."""
    found = header_of(header.encode())
    try:
        rows = csv.reader(io.StringIO(record, newline=""), delimiter=found[0] if found else ",", strict=True)
        return sum(1 for _ in rows) == 1
    except csv.Error:
        return False
