"""Tables of time series for the layer ``observations``, as agencies keep them.

Three layouts are read. Long: a line is one value, with its station, time and property (or
``--property`` for all). By property: a line is a station at a time, and each of the columns
that ``--column theirs=property`` names holds one property. By station: with ``--property``
and no column of stations, a line is a time, and every column is the station it is named after.
An empty cell is a value that was not observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from gis_core.errors import IngestError, quoted
from layers.ingest.clock import PARTS, LineClock
from layers.ingest.delimited import COORDINATES, points
from layers.ingest.names import columns_of, fold
from layers.ingest.reference import WGS84, settle_crs
from layers.ingest.source import BATCH_ROWS, Batch, ObjectArray, Reader, Request, Source, no_faults
from layers.ingest.table_text import TextBatch, TextTable, encoding_of, header_of, open_table, read_batches
from layers.ingest.values import missing
from layers.observed_properties import OBSERVED_PROPERTIES


@dataclass(frozen=True)
class _Layout:
    """What the columns of a table are.

    ``values`` gives the property of each column of values by property, ``stations`` are the columns
    named after stations; in a long table both are empty. ``station`` is the column of stations,
    ``position`` the two of longitude and latitude, if there are any; ``rest`` goes on as it is.
    """

    clock: LineClock
    values: dict[str, str]
    stations: tuple[str, ...]
    station: str | None
    position: tuple[str, str] | None
    rest: tuple[str, ...]

    @property
    def is_long(self) -> bool:
        return not self.values and not self.stations


def _accepts(path: Path, head: bytes, request: Request) -> bool:
    if request.layer.name != "observations":
        return False
    found = header_of(head)
    if found is None:
        return request.series.is_said and path.suffix.lower() in (".csv", ".tsv", ".txt")
    names = _Names(found[1], request)
    # Coordinates of a grid and geometries as text are for the reader of any CSV.
    return request.series.is_said or not (names.find("x") or names.find("wkt")) or bool(names.find("lon"))


def _open(path: Path, request: Request) -> Source:
    table = _table(path, request)
    layout = _layout(table, request)
    notes: list[str] = []
    crs = WGS84
    if layout.position is not None:
        crs = settle_crs(path, None if request.crs else WGS84, request, notes)
    elif request.crs is not None:
        raise IngestError(str(path), None, "it holds no coordinates; leave out --crs.")
    names = tuple(_frame(_no_lines(table), layout, request).columns)
    used = (*COORDINATES, *PARTS, *OBSERVED_PROPERTIES)
    batches = _batches(table, layout, request)
    return Source(path, "line", crs, names, batches, notes, decimal=table.decimal, position=used)


READER = Reader("CSV of time series", _accepts, _open)


class _Names:
    """Finds the column of a header that means one of ours: as the user said, else by its name."""

    def __init__(self, header: tuple[str, ...], request: Request) -> None:
        self._header = header
        self._asked = request.columns
        columns = columns_of(request.layer)
        self._words = {
            ours: {ours, *(fold(alias) for alias in column.info.get("aliases", ()))}
            for ours, column in columns.items()
        }
        self._words |= {kind: set(aliases) for kind, aliases in (COORDINATES | PARTS).items()}
        self._words |= {name: {name} for name in OBSERVED_PROPERTIES}

    def find(self, ours: str) -> str | None:
        asked = [name for name in self._header if self._asked.get(name) == ours]
        free = [name for name in self._header if name not in self._asked and fold(name) in self._words[ours]]
        return next(iter(asked + free), None)

    def meaning(self, name: str) -> bool:
        """Whether a column means anything of ours by its name or by what the user said."""
        return name in self._asked or any(fold(name) in words for words in self._words.values())


def _table(path: Path, request: Request) -> TextTable:
    labels = request.series.labels
    if labels is None:
        return open_table(path)
    with path.open("rb") as file:
        head = file.read(65_536)
    found = header_of(head)
    if found is None:
        raise IngestError(str(path), 1, "its cells are not set apart by commas, semicolons, tabs or blanks.")
    delimiter, first = found
    names = _labels(labels)
    # A file of labels often leaves out the first column, since that is no station.
    header = names if len(names) == len(first) else ("observed_at", *names)
    if len(header) != len(first):
        raise IngestError(
            str(path), 1, f"its first line has {len(first)} cells, and {labels} names {len(names)} columns."
        )
    return TextTable(path, encoding_of(head), delimiter, header, headed=False)


def _labels(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise IngestError(str(path), None, "the labels cannot be read as UTF-8 text.") from error
    names = tuple(name.strip() for name in re.split(r"[;,\t\n]", text) if name.strip())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        what = f"it names '{twice[0]}' more than once" if twice else "it names no columns"
        raise IngestError(str(path), None, f"{what}; it must hold one name for each column.")
    return names


def _layout(table: TextTable, request: Request) -> _Layout:
    names = _Names(table.header, request)
    of_all = request.series.observed_property
    if of_all is not None and of_all not in OBSERVED_PROPERTIES:
        raise IngestError(
            str(table.path),
            None,
            f"{quoted(of_all)} is no observed property; there are {', '.join(OBSERVED_PROPERTIES)}.",
        )
    unknown = [their for their in request.columns if their not in table.header]
    if unknown:
        raise IngestError(str(table.path), None, f"the file has no column {quoted(unknown[0])}.")
    time = _time_columns(table, names, request)
    station = names.find("station_code")
    lon, lat = names.find("lon"), names.find("lat")
    position = None if lon is None or lat is None else (lon, lat)
    values = {name: of for of in OBSERVED_PROPERTIES if (name := names.find(of)) is not None}
    by_station = of_all is not None and names.find("value") is None and not values
    free = [name for name in table.header if name not in time.values() and name not in (position or ())]
    stations = tuple(name for name in free if not names.meaning(name)) if by_station else ()
    if by_station and (station is not None or not stations):
        raise IngestError(
            str(table.path), None, "it is not clear which column holds the values; say --column theirs=value."
        )
    if values and station is None:
        raise IngestError(
            str(table.path), None, "no column names the station; say --column theirs=station_code."
        )
    rest = tuple(name for name in free if name not in values and name not in stations)
    clock = LineClock(request.series, time, one_time_a_line=by_station)
    return _Layout(clock, values, stations, station, position, rest)


def _time_columns(table: TextTable, names: _Names, request: Request) -> dict[str, str]:
    """The columns of time by what they hold; none where the times are counted."""
    whole = names.find("observed_at")
    parts = {part: name for part in PARTS if (name := names.find(part)) is not None}
    form = request.series
    if form.start is not None or form.step is not None:
        if whole is None and not parts and form.start is not None and form.step is not None:
            return {}
        raise IngestError(
            str(table.path), None, "--start and --step go together, for a table that has no times."
        )
    if whole is not None:
        return {"observed_at": whole}
    if {"year", "month"} <= parts.keys():
        return parts
    raise IngestError(
        str(table.path),
        None,
        "no column holds the time; say --column theirs=observed_at, have columns year and month, "
        "or count the times with --start and --step.",
    )


def _no_lines(table: TextTable) -> TextBatch:
    cells = pd.DataFrame({name: pd.Series([], dtype="str") for name in table.header})
    return TextBatch(np.zeros(0, dtype=np.int64), cells, no_faults(0), 0.0)


def _batches(table: TextTable, layout: _Layout, request: Request) -> Iterator[Batch]:
    lines = max(1, BATCH_ROWS // max(1, len(layout.values) + len(layout.stations)))
    for part in read_batches(table):
        for start in range(0, len(part.numbers), lines):
            some = slice(start, start + lines)
            cells = part.cells.iloc[some].reset_index(drop=True)
            yield _batch(
                table, layout, request, TextBatch(part.numbers[some], cells, part.faults[some], part.done)
            )


def _batch(table: TextTable, layout: _Layout, request: Request, part: TextBatch) -> Batch:
    faults = part.faults.copy()
    shapes: ObjectArray = np.full(len(faults), None, dtype=object)
    if layout.position is not None:
        lon, lat = (part.cells[name] for name in layout.position)
        given = ~(missing(lon) & missing(lat)).to_numpy()
        own = faults[given]
        shapes[given] = points(lon[given], lat[given], table.decimal, own)
        faults[given] = own
    frame = _frame(replace(part, faults=faults), layout, request)
    rows = frame.index.to_numpy()
    return Batch(part.numbers[rows], frame.reset_index(drop=True), shapes[rows], faults[rows], part.done)


def _frame(part: TextBatch, layout: _Layout, request: Request) -> pd.DataFrame:
    """The lines as long rows by our names, indexed by their line; faults of times go into ``part``."""
    times, late = layout.clock.read(part.cells)
    for row, reason in enumerate(late):
        part.faults[row] = part.faults[row] or reason
    time_name = "observed_at"
    if layout.clock.columns.keys() == {"observed_at"}:
        time_name = layout.clock.columns["observed_at"]
    frame = part.cells[list(layout.rest)].assign(**{time_name: times.to_numpy()})
    if layout.station is not None:
        frame[layout.station] = _our_codes(part.cells[layout.station], request)
    if layout.is_long:
        of_all = request.series.observed_property
        return frame if of_all is None else frame.assign(observed_property=of_all)
    return _melted(part, layout, request, frame, time_name)


def _melted(
    part: TextBatch, layout: _Layout, request: Request, frame: pd.DataFrame, time_name: str
) -> pd.DataFrame:
    columns = [*layout.values, *layout.stations]
    values = part.cells[columns]
    there = ~np.column_stack([missing(values[name]) for name in columns])
    # A line that is bad as a whole has no cells, and is still one row that did not go in.
    there[:, 0] |= np.array([fault is not None for fault in part.faults], dtype=bool)
    line, column = np.nonzero(there)
    long = frame.iloc[line].assign(value=values.to_numpy(dtype=object)[line, column])
    if layout.stations:
        codes = _our_codes(pd.Series(columns, dtype=object), request).to_numpy(dtype=object)
        long = long.assign(station_code=codes[column], observed_property=request.series.observed_property)
        station = "station_code"
    else:
        of = np.array([layout.values[name] for name in columns], dtype=object)
        long, station = long.assign(observed_property=of[column]), str(layout.station)
    told = (long[name].astype(object).map(str) for name in (station, "observed_property", time_name))
    keys = ["/".join(names) for names in zip(*told, strict=True)]
    return long.assign(origin_key=keys)


def _our_codes(said: pd.Series, request: Request) -> pd.Series:
    ours = request.series.stations
    return said.map(lambda name: ours.get(name.strip(), name.strip()), na_action="ignore") if ours else said
