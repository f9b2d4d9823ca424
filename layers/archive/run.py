"""Which months are to be archived, and whether the archive still is what was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Connection

from gis_core.db import writing
from gis_core.errors import InvalidParameterError, quoted
from layers.archive.catalogue import entries
from layers.archive.digest import Digest
from layers.archive.errors import ArchiveError
from layers.archive.files import days_of, digest_of_day
from layers.archive.month import entry_of
from layers.archive.restore import has_changed
from layers.archive.rewrite import settle
from layers.base import Layer
from layers.partitions import standing_months
from layers.registry import LAYERS

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_AGE = re.compile(r"([1-9]\d{0,3})mo")


class Checked(NamedTuple):
    """A month of the catalogue, and what is wrong with its files, if anything."""

    layer: str
    month: pd.Period
    rows: int
    fault: str | None


def archivable(name: str) -> Layer:
    """The layer of that name, whose months can be archived.

    Raises:
        LayerNotFoundError: there is no such layer.
        ArchiveError: it is not kept by month.
    """
    layer = LAYERS[name]
    if layer not in archivable_layers():
        names = ", ".join(one.name for one in archivable_layers())
        raise ArchiveError(f"Layer {name} is not kept by month; these are: {names}.")
    return layer


def archivable_layers() -> list[Layer]:
    """The layers that are kept by month; what only shows the rows of another goes with those."""
    return [layer for layer in LAYERS.values() if layer.partitioned and layer.shape is None]


def parse_month(text: str, parameter: str) -> pd.Period:
    """A month such as ``2024-01``.

    Raises:
        InvalidParameterError: the text has another form.
    """
    if not _MONTH.fullmatch(text):
        raise InvalidParameterError(parameter, f"{quoted(text)} is not a month; write for example 2024-01.")
    return pd.Period(text, "M")


def parse_age(text: str, parameter: str) -> int:
    """A number of months such as ``24mo``.

    Raises:
        InvalidParameterError: the text has another form.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise InvalidParameterError(parameter, f"{quoted(text)} is not an age; write for example 24mo.")
    return int(found[1])


def months_to_archive(connection: Connection, layer: Layer, before: pd.Period) -> list[pd.Period]:
    """The months of a layer before ``before``, and any that an interrupted run left detached.

    A restored month is left alone as long as nothing was added to it.
    """
    chosen = []
    for month, standing in sorted(standing_months(connection, layer.table).items()):
        entry = entry_of(connection, layer, month)
        is_kept = standing.attached and entry is not None and not has_changed(connection, layer, month, entry)
        if not standing.attached or (month < before and not is_kept):
            chosen.append(month)
    return chosen


def verify(folder: Path) -> Iterator[Checked]:
    """Read every file of the archive, and compare it with the catalogue.

    The caller holds ``layers.archive.month.alone``.
    """
    with writing() as connection:
        on_record = entries(connection)
        for entry in on_record:
            settle(connection, archivable(entry.layer), pd.Period(entry.month, "M"), folder)
    for entry in on_record:
        layer, month = archivable(entry.layer), pd.Period(entry.month, "M")
        yield Checked(entry.layer, month, entry.rows, _fault(folder, layer, month, entry.rows, entry.digest))


def _fault(folder: Path, layer: Layer, month: pd.Period, rows: int, digest: str) -> str | None:
    files = days_of(folder, layer.name, month)
    try:
        found = reduce(Digest.plus, (digest_of_day(file.path, layer) for file in files), Digest())
    except ArchiveError as error:
        return str(error)
    if found.rows != rows:
        return f"its files hold {found.rows:,} rows, not {rows:,}."
    return None if found.hex == digest else "its files hold other values than were archived."
