"""The one door for collected rows: good ones into their layer, bad ones into the quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
from sqlalchemy import Connection

from layers.base import Layer
from layers.collect import quarantine
from layers.collect.originals import Originals, to_json
from layers.collect.rows import AS_THEY_ARE, Rules, rows_source
from layers.collect.stations import StationPositions
from layers.collect.status import record_success
from layers.ingest.fit import Fault, Fitter
from layers.ingest.source import Batch, Request, Source
from layers.partitions import closed_to
from layers.store import LoadReport, put

NO_REPEATS: Mapping[int, Sequence[int]] = MappingProxyType({})
NO_FAULTS: Mapping[int, str] = MappingProxyType({})

SHOWN = 100
"""Errors that a receipt lists; all of them are in the quarantine."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rows of a delivery; each is in exactly one of the three counts.

    ``accepted`` are new or changed, ``known_already`` were there as they are, ``quarantined``
    could not go in. ``errors`` are the numbers of the first of those, from 1, with their
    reasons. ``latest_at`` is the time of the latest event among the good rows.
    """

    accepted: int = 0
    known_already: int = 0
    quarantined: int = 0
    errors: tuple[Fault, ...] = ()
    latest_at: datetime | None = None

    def __add__(self, other: Receipt) -> Receipt:
        moments = [moment for moment in (self.latest_at, other.latest_at) if moment is not None]
        return Receipt(
            self.accepted + other.accepted,
            self.known_already + other.known_already,
            self.quarantined + other.quarantined,
            (*self.errors, *other.errors)[:SHOWN],
            max(moments, default=None),
        )

    @property
    def offered(self) -> int:
        """All rows that were looked at."""
        return self.accepted + self.known_already + self.quarantined

    @property
    def rows(self) -> LoadReport:
        """The good rows as the journal of loads counts them."""
        return LoadReport(self.accepted, 0, self.known_already)


def take_in(
    connection: Connection,
    name: str,
    source: Source,
    request: Request,
    *,
    document: str | None = None,
    repeats: Mapping[int, Sequence[int]] = NO_REPEATS,
) -> Receipt:
    """Put a source's rows where they belong and note it in the status, in the caller's transaction.

    Args:
        connection: an open transaction; nothing is committed here.
        name: who brings them, and their ``origin`` where they name none.
        source: the rows.
        request: the layer that they are for, and how they are meant.
        document: the file that holds them; None for rows of JSON.
        repeats: numbers of rows left out of the source, by that of the row that they repeat word
            for word; such a row is known already, or as bad as the first.

    Raises:
        IngestError: the source as a whole is no good.
    """
    originals = Originals(source)
    closed = closed_to(connection, request.layer)
    fitter = Fitter(replace(source, path=Path(name)), request, closed)
    total = LoadReport(0, 0, 0)
    faults: list[Fault] = []
    bad, bad_repeats, latest_at = 0, 0, None
    for batch in source.batches:
        rows, found = fitter.fit(batch)
        total += put(connection, request.layer, rows)
        quarantine.add(connection, name, request.layer.name, originals.bad_rows(batch, found), document)
        bad_rows = len(found)
        found += [(again, reason) for number, reason in found for again in repeats.get(number, ())]
        bad += len(found)
        faults += sorted(found)[: SHOWN - len(faults)]
        bad_repeats += len(found) - bad_rows
        latest_at = _later(latest_at, request.layer, rows)
    known = total.unchanged + sum(map(len, repeats.values())) - bad_repeats
    receipt = Receipt(total.inserted + total.updated, known, bad, tuple(faults), latest_at)
    record_success(connection, name, rows_in=receipt.accepted, rows_refused=bad, latest_at=receipt.latest_at)
    return receipt


def take_in_rows(
    connection: Connection,
    name: str,
    rows: Sequence[Any],
    request: Request,
    crs: str | None = None,
    *,
    rules: Rules = AS_THEY_ARE,
    faults: Mapping[int, str] = NO_FAULTS,
) -> Receipt:
    """Take in rows of JSON; the same row twice among them is one row, and the second is known already.

    Args:
        connection: an open transaction; nothing is committed here.
        name: who brings them.
        rows: objects or Features.
        request: the layer that they are for.
        crs: what their coordinates refer to; WGS 84 where None.
        rules: how they are meant.
        faults: reasons why rows are bad that are known already, by their numbers from 1.

    Raises:
        IngestError: the rows as a whole are no good.
        CRSMismatchError: ``crs`` is not known.
    """
    first: dict[str, int] = {}
    repeats: dict[int, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        leader = first.setdefault(to_json(row), number)
        if leader != number:
            repeats.setdefault(leader, []).append(number)
    numbers = list(first.values())
    different = [rows[number - 1] for number in numbers]
    positions = StationPositions(connection)
    source = rows_source(name, different, request, positions, crs=crs, numbers=numbers, rules=rules)
    source = replace(source, batches=_with_faults(source.batches, faults))
    return take_in(connection, name, source, request, repeats=repeats)


def _with_faults(batches: Iterator[Batch], faults: Mapping[int, str]) -> Iterator[Batch]:
    for batch in batches:
        for row, number in enumerate(batch.numbers):
            batch.faults[row] = faults.get(int(number), batch.faults[row])
        yield batch


def _later(latest_at: datetime | None, layer: Layer, rows: gpd.GeoDataFrame) -> datetime | None:
    if layer.time_column is None or rows.empty:
        return latest_at
    newest: datetime = rows[layer.time_column].max().to_pydatetime()
    return newest if latest_at is None else max(latest_at, newest)
