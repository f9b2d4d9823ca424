"""What every reader gives: batches of raw rows, each with its number in the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from gis_core.types import BoolArray, IntArray
from layers.base import Layer

BATCH_ROWS = 50_000
"""Rows that are in memory together, whatever the size of the file."""

ObjectArray = NDArray[np.object_]


@dataclass(frozen=True)
class SeriesForm:
    """What the user says of a table of time series, as far as it does not say it itself.

    ``observed_property`` is that of every value; columns that are nothing else are then the
    stations they are named after. ``labels`` is a file with the names of the columns of a
    table without a header. ``zone`` is that of times without one, as the IANA database names
    it, and ``time_format`` their form as ``strptime`` reads it. ``start`` (such as
    2019-11-01T00:00) and ``step`` (such as 15min) give the times of a table without any.
    ``stations`` maps the file's names of stations to our codes.
    """

    observed_property: str | None = None
    labels: Path | None = None
    zone: str | None = None
    time_format: str | None = None
    start: str | None = None
    step: str | None = None
    stations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_said(self) -> bool:
        """Whether the user said anything at all."""
        return self != SeriesForm()


@dataclass(frozen=True)
class Request:
    """What a file is to be loaded into, and what its user says of it.

    ``crs`` is the reference system of the coordinates where the file does not say or is
    wrong; ``table`` chooses one of several in a file; ``columns`` maps the file's names
    to ours; ``series`` says how a table of time series is laid out.
    """

    layer: Layer
    crs: str | None = None
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    series: SeriesForm = SeriesForm()


@dataclass(frozen=True)
class Batch:
    """Some rows of a file, as the file has them.

    ``numbers`` counts features or lines from 1, ``columns`` holds the attributes by the
    file's names, ``shapes`` the geometries in the file's CRS (None where there is none),
    ``faults`` a reason for every row that the reader already knows to be bad, else None.
    All have one entry per row. ``done`` is the part of the file read so far, 0 to 1. ``given``
    holds the rows themselves, where the rest does not hold all that they say. ``placed`` are the
    shapes with those that follow from what a row names, and does not say itself.
    """

    numbers: IntArray
    columns: pd.DataFrame
    shapes: ObjectArray
    faults: ObjectArray
    done: float
    given: Sequence[Any] | None = None
    placed: ObjectArray | None = None


@dataclass(frozen=True)
class Source:
    """An open file.

    ``names`` are its attributes; ``name_limit`` the length that its format cuts them to;
    ``decimal`` the sign before the decimals of its numbers. ``notes`` are sentences for
    the report, and may grow while the batches are read. ``position`` are the kinds of
    columns, such as coordinates, that the reader has used up.
    """

    path: Path
    unit: Literal["feature", "line", "way", "row"]
    crs: CRS
    names: tuple[str, ...]
    batches: Iterator[Batch]
    notes: list[str] = field(default_factory=list)
    name_limit: int | None = None
    decimal: str = "."
    position: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """One format: ``accepts`` looks at the name and the first bytes, ``open`` gives the source.

    ``open`` raises IngestError or CRSMismatchError where the file as a whole is no good.
    """

    name: str
    accepts: Callable[[Path, bytes, Request], bool]
    open: Callable[[Path, Request], Source]


def no_faults(rows: int) -> ObjectArray:
    """Room for the faults of so many rows, none of them bad yet."""
    return np.full(rows, None, dtype=object)


def is_bad(faults: ObjectArray) -> BoolArray:
    """Which rows have a fault."""
    return np.asarray(pd.notna(faults), dtype=bool)


def note(faults: ObjectArray, reasons: ObjectArray, prefix: str = "") -> None:
    """Add reasons to faults, in place; the first reason of a row stays."""
    for row in np.flatnonzero(is_bad(reasons)):
        faults[row] = faults[row] or f"{prefix}{reasons[row]}"


def note_where(faults: ObjectArray, wrong: BoolArray, reason: str) -> None:
    """Give one reason to all rows that are wrong, in place; the first reason of a row stays."""
    for row in np.flatnonzero(wrong):
        faults[row] = faults[row] or reason


def plain_name(path: Path) -> str:
    """A file's name as text that can be stored, whatever bytes it is made of."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def shown(value: Any, limit: int = 40) -> str:
    """A value as a message may show it: short, quoted, and without control characters."""
    text = str(value)
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "'" + "".join(sign if sign.isprintable() else "�" for sign in cut) + "'"
