"""A day's file written anew with other values in some columns, so that it is the old or the new one.

The new file is written beside the old and read back; one transaction puts the change of the
digest into the catalogue; then the file takes its place. Whoever is killed between these two
leaves both files, and the catalogue says which of them counts (``settle``). One day at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, update

from layers.archive.catalogue import MONTHS, ArchivedMonth
from layers.archive.columns import columns_in, parquet_schema, to_rows
from layers.archive.digest import Digest, digest_of_rows
from layers.archive.errors import ArchiveError
from layers.archive.files import (
    ROW_GROUP_ROWS,
    DayFile,
    DayWriter,
    clear_parts,
    days_of,
    digest_of_day,
    part_path,
    sync,
    writable,
)
from layers.archive.month import entry_of, first_day
from layers.base import Layer


class Rewritten(NamedTuple):
    """A file that stands beside the one it is to replace, with the digests of both."""

    path: Path
    before: Digest
    after: Digest


def rewrite_day(
    path: Path,
    layer: Layer,
    names: Sequence[str],
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
) -> Rewritten | None:
    """Write a day's file anew beside its place, row group by row group.

    Args:
        path: the file.
        layer: whose rows it holds.
        names: the columns that get other values; a file that lacks one gets it.
        change: gives these columns to rows, in their order.

    Returns:
        None where every value is as it was; then nothing is left beside the file.

    Raises:
        ArchiveError: a file cannot be read or written, or does not hold what it should.
    """
    with writable(path.parent):
        return _rewrite(path, layer, names, change)


def note_rewritten(connection: Connection, layer: Layer, month: pd.Period, done: Rewritten) -> None:
    """Have the catalogue count with the new file, in the caller's transaction."""
    entry = entry_of(connection, layer, month)
    if entry is None:
        raise ArchiveError(f"{month:%Y-%m} of {layer.name} is not archived.")
    size = part_path(done.path).stat().st_size - done.path.stat().st_size
    connection.execute(
        update(ArchivedMonth)
        .where(MONTHS.layer == layer.name, MONTHS.month == first_day(month))
        .values(
            digest=Digest(0, int(entry.digest, 16)).minus(done.before).plus(done.after).hex,
            bytes=MONTHS.bytes + size,
        )
    )


def put_in_place(path: Path) -> None:
    """Have the file that stands beside ``path`` take its place, and be there after a crash."""
    os.replace(part_path(path), path)
    sync(path.parent)


def settle(connection: Connection, layer: Layer, month: pd.Period, folder: Path) -> None:
    """Put in its place a file that the catalogue counts with already, and remove all others beside."""
    files = days_of(folder, layer.name, month)
    beside = [file for file in files if part_path(file.path).exists()]
    entry = entry_of(connection, layer, month)
    if not beside or entry is None:
        return
    digests = {file: digest_of_day(file.path, layer) for file in files}
    whole = reduce(Digest.plus, digests.values(), Digest())
    for file in beside:
        if whole.hex != entry.digest and _would_count(whole.minus(digests[file]), file, layer, entry.digest):
            put_in_place(file.path)
            break
    clear_parts(layer.name, month, folder)


def _would_count(rest: Digest, file: DayFile, layer: Layer, digest: str) -> bool:
    try:
        return rest.plus(digest_of_day(part_path(file.path), layer)).hex == digest
    except ArchiveError:
        # It was not written to its end, so the catalogue cannot know it.
        return False


def _rewrite(
    path: Path,
    layer: Layer,
    names: Sequence[str],
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame],
) -> Rewritten | None:
    before = after = Digest()
    with pq.ParquetFile(path) as old:
        held = columns_in(old.schema_arrow, layer.table)
        kept = {column.name for column in held}.union(names)
        columns = [column for column in layer.table.columns if column.name in kept]
        schema = parquet_schema(columns).with_metadata({b"geo": old.schema_arrow.metadata[b"geo"]})
        writer = DayWriter(part_path(path), schema)
        try:
            for batch in old.iter_batches(ROW_GROUP_ROWS):
                rows = to_rows(batch, held, layer.geometry_name)
                fresh = change(rows)
                before = before.plus(digest_of_rows(held, rows))
                after = after.plus(digest_of_rows(columns, fresh))
                writer.add(_with_values(batch, schema, names, fresh))
            writer.finish()
        finally:
            writer.abandon()
    if after == before:
        part_path(path).unlink()
        return None
    if digest_of_day(part_path(path), layer) != after:
        raise ArchiveError(f"{path} cannot be written anew: what was read back differs.")
    return Rewritten(path, before, after)


def _with_values(
    batch: pa.RecordBatch, schema: pa.Schema, names: Sequence[str], fresh: gpd.GeoDataFrame
) -> pa.Table:
    arrays = [
        pa.array(fresh[field.name], field.type, from_pandas=True)
        if field.name in names
        else batch.column(field.name)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
