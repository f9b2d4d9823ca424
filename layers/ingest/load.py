"""One file into one layer, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.errors import DataError, IntegrityError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gis_core.ahead import ahead
from gis_core.db import writing
from gis_core.errors import IngestError
from layers.fresh_months import FreshMonths
from layers.ingest.fit import Fitter
from layers.ingest.readers import open_source
from layers.ingest.report import FileReport, RefusedError, Rejections
from layers.ingest.source import Request, Source
from layers.journal import record_load
from layers.partitions import closed_to
from layers.store import LoadReport, forget_simulated, put, refresh_statistics


def load_file(
    path: Path,
    request: Request,
    rejections: Rejections,
    *,
    keep_good: bool = False,
    replace_simulated: bool = False,
    enrich: bool = True,
    on_progress: Callable[[float], None] = lambda done: None,
) -> FileReport:
    """Load a file: all of it, or nothing, or with ``keep_good`` all rows that can be.

    Args:
        path: the file.
        request: where it goes and how it is meant.
        rejections: gets every row that cannot be loaded.
        keep_good: load the good rows of a file that has bad ones.
        replace_simulated: remove the layer's simulated rows in the same transaction.
        enrich: set what the layer gains from others, and roll it up; see ``layers.store.put``.
        on_progress: told the part of the file that is done, 0 to 1.

    Raises:
        IngestError: the file as a whole is no good, or (RefusedError) rows of it are not.
        CRSMismatchError: nobody knows what its coordinates refer to.
    """
    layer = request.layer
    if not layer.loadable:
        raise IngestError(str(path), None, f"layer {layer.name} follows from another and cannot be loaded.")
    source = open_source(path, request)
    with refusals(str(path)), writing() as connection:
        return load_source(
            connection, source, request, rejections,
            keep_good=keep_good, replace_simulated=replace_simulated, enrich=enrich, on_progress=on_progress,
        )  # fmt: skip


def load_source(
    connection: Connection,
    source: Source,
    request: Request,
    rejections: Rejections,
    *,
    keep_good: bool = False,
    replace_simulated: bool = False,
    enrich: bool = True,
    on_progress: Callable[[float], None] = lambda done: None,
) -> FileReport:
    """Load an open source in the caller's transaction, as ``load_file`` does in one of its own.

    Raises:
        IngestError: the source as a whole is no good, or (RefusedError) rows of it are not.
    """
    layer, path = request.layer, source.path
    fitter = Fitter(source, request, closed_to(connection, layer))
    removed = forget_simulated(connection, layer) if replace_simulated else 0
    fresh = FreshMonths(connection, layer.table) if layer.partitioned else None
    rows, rejected = _put_batches(
        connection, fitter, rejections,
        keep_good=keep_good, enrich=enrich, fresh=fresh, on_progress=on_progress,
    )  # fmt: skip
    if fresh is not None:
        fresh.attach()
    refresh_statistics(connection, layer, rows)
    record_load(connection, str(path).encode("utf-8", "replace").decode(), layer.name, rows)
    return FileReport(path, rows, rejected, _notes(source, fitter, removed))


@contextmanager
def refusals(source: str) -> Iterator[None]:
    """Turn what the database itself refuses to hold into an IngestError of the source."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, DataError | IntegrityError):
            said = str(error.orig).splitlines()[0]
            raise IngestError(source, None, f"the database refused it: {said}") from error
        raise


def _put_batches(
    connection: Connection,
    fitter: Fitter,
    rejections: Rejections,
    *,
    keep_good: bool,
    enrich: bool,
    fresh: FreshMonths | None,
    on_progress: Callable[[float], None],
) -> tuple[LoadReport, int]:
    """Put the rows in as they are read; after the first bad one only read on, to report all."""
    source = fitter.source
    total, offered, rejected = LoadReport(0, 0, 0), 0, 0
    before = rejections.count
    first = None
    for batch, (rows, faults) in ahead((batch, fitter.fit(batch)) for batch in source.batches):
        rejections.add(source.path, source.unit, faults)
        first = first or next(iter(faults), None)
        rejected = rejections.count - before
        offered += len(batch.numbers)
        if keep_good or not rejected:
            total += put(connection, fitter.layer, rows, enrich=enrich, fresh=fresh)
        on_progress(batch.done)
    if first is not None and (not keep_good or rejected >= offered):
        raise RefusedError(source, rejected, offered, first, keep_good=keep_good)
    return total, rejected


def _notes(source: Source, fitter: Fitter, removed: int) -> tuple[str, ...]:
    notes = list(source.notes)
    if removed:
        notes.append(f"{removed:,} simulated rows were removed.")
    if fitter.unused:
        notes.append(f"Columns of the file that were not used: {', '.join(fitter.unused[:30])}.")
    if fitter.local_times:
        notes.append(
            f"{fitter.local_times:,} times without a zone were taken as local time (Asia/Ho_Chi_Minh)."
        )
    if fitter.repaired:
        notes.append(f"{fitter.repaired:,} invalid polygons were repaired; no area changed by 0.1 % or more.")
    if fitter.outside:
        notes.append(f"{fitter.outside:,} features lie outside the province.")
    return tuple(notes)
