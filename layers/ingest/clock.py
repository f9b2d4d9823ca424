"""The times of a table of series: in a column, in parts, or counted from the first line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from gis_core.errors import InvalidParameterError, quoted
from gis_core.time import LOCAL_ZONE, parse_duration
from layers.ingest.source import ObjectArray, SeriesForm, no_faults, note_where, shown
from layers.ingest.values import missing, parse_numbers

PARTS = {"year": ("year", "nam"), "month": ("month", "thang"), "day": ("day", "ngay")}
"""What a column that holds a part of the date may be called, by the name that ``--column`` uses for it."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WITH_OFFSET = r".*[T ].*(?:Z|[+-]\d{2}(?::?\d{2})?)"


@dataclass
class LineClock:
    """Reads the time of each line of a table, whose batches must be given in their order.

    ``columns`` are those of the time by ``observed_at``, or by the parts of a date; none where
    the times are counted from ``form.start``. With ``one_time_a_line`` the lines ascend in
    time, so that of an hour which a change of clocks repeats, the order tells first from second.
    """

    form: SeriesForm
    columns: dict[str, str]
    one_time_a_line: bool
    _lines: int = field(default=0, init=False)
    _latest: np.datetime64 = field(default=np.datetime64("NaT", "ms"), init=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where clocks show the times that name no zone.

        Raises:
            InvalidParameterError: the IANA database knows no such zone.
        """
        if self.form.zone is None:
            return LOCAL_ZONE
        try:
            return ZoneInfo(self.form.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidParameterError(
                "zone", f"{quoted(self.form.zone)} is no time zone; write for example Europe/Amsterdam."
            ) from error

    @cached_property
    def start(self) -> np.datetime64:
        """The time of the first line, UTC.

        Raises:
            InvalidParameterError: it is no time.
        """
        try:
            at = datetime.fromisoformat(self.form.start or "")
        except ValueError as error:
            raise InvalidParameterError(
                "start", f"{quoted(self.form.start or '')} is not a time; write for example 2019-11-01T00:00."
            ) from error
        aware = at if at.tzinfo is not None else at.replace(tzinfo=self.zone)
        return np.datetime64(pd.Timestamp(aware).tz_convert("UTC").tz_localize(None), "ms")

    @cached_property
    def step(self) -> timedelta:
        """The time between two lines."""
        return parse_duration(self.form.step or "", "step")

    @property
    def is_plain(self) -> bool:
        """Whether the column of time can be read as that of any other file."""
        return "observed_at" in self.columns and self.form.zone is None and self.form.time_format is None

    def read(self, cells: pd.DataFrame) -> tuple[pd.Series, ObjectArray]:
        """The time of each line as UTC text, None where there is none, and the faults."""
        if not self.columns:
            return self._counted(len(cells)), no_faults(len(cells))
        if "observed_at" in self.columns:
            return self._written(cells[self.columns["observed_at"]])
        return self._in_parts(cells)

    def _counted(self, lines: int) -> pd.Series:
        numbers = np.arange(self._lines, self._lines + lines)
        self._lines += lines
        return _as_text(
            self.start + numbers * np.timedelta64(round(self.step / timedelta(milliseconds=1)), "ms")
        )

    def _written(self, texts: pd.Series) -> tuple[pd.Series, ObjectArray]:
        texts = texts.where(~missing(texts), None).astype("str").str.strip()
        if self.is_plain:
            return texts, no_faults(len(texts))
        form = self.form.time_format or "ISO8601"
        offset = texts.str.fullmatch(_WITH_OFFSET).fillna(False).to_numpy(dtype=bool)
        if self.form.time_format is not None:
            offset = np.full(len(texts), "%z" in form)
        result = np.full(len(texts), np.datetime64("NaT", "ms"))
        faults = no_faults(len(texts))
        aware = _parsed(texts[offset], form, utc=True)
        result[offset] = aware.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
        clock = _parsed(texts[~offset], form, utc=False).to_numpy().astype("datetime64[ms]")
        utc, impossible = self._to_utc(clock)
        result[~offset] = utc
        for row in np.flatnonzero(~offset)[impossible]:
            faults[row] = self._impossible(texts.iloc[row])
        for row in np.flatnonzero(np.isnat(result) & texts.notna().to_numpy()):
            said = f"of the form {quoted(form)}" if self.form.time_format else "a time"
            faults[row] = faults[row] or f"observed_at {shown(texts.iloc[row])} is not {said}"
        return _as_text(result), faults

    def _in_parts(self, cells: pd.DataFrame) -> tuple[pd.Series, ObjectArray]:
        """Midnight of the day, or of the first of the month, on the clocks of the zone."""
        faults = no_faults(len(cells))
        numbers = {"day": np.ones(len(cells))}
        for part, name in self.columns.items():
            texts = cells[name] if part != "month" else cells[name].map(_month_number, na_action="ignore")
            numbers[part], _ = parse_numbers(texts)
            note_where(faults, missing(cells[name]).to_numpy(), f"{name} is missing")
        clock = pd.to_datetime(pd.DataFrame(numbers), errors="coerce").to_numpy().astype("datetime64[ms]")
        utc, impossible = self._to_utc(clock)
        for row in np.flatnonzero(np.isnat(clock)):
            said = "-".join(str(cells[name].iloc[row]) for name in self.columns.values())
            faults[row] = faults[row] or f"{shown(said)} is no date"
        for row in impossible:
            faults[row] = self._impossible(str(clock[row]))
        return _as_text(utc), faults

    def _to_utc(self, clock: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Readings of the clocks as UTC, and the numbers of those that happen twice or never."""
        earlier = np.fmax.accumulate(np.concatenate([[self._latest], clock]))
        self._latest = earlier[-1]
        naive = pd.Series(clock)
        first = ~(earlier[:-1] >= clock) if self.one_time_a_line else "NaT"
        aware = naive.dt.tz_localize(self.zone, ambiguous=first, nonexistent="NaT")
        utc = aware.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
        return utc, np.flatnonzero(np.isnat(utc) & ~np.isnat(clock))

    def _impossible(self, text: str) -> str:
        return (
            f"observed_at {shown(text)} happens twice or never in {self.zone.key}, where the clocks change "
            "then; write it with its offset from UTC"
        )


def _parsed(texts: pd.Series, form: str, *, utc: bool) -> pd.Series:
    parsed = pd.to_datetime(texts, format=form, errors="coerce", utc=utc)
    return (
        parsed
        if len(parsed)
        else pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ms, UTC]" if utc else "datetime64[ms]")
    )


def _month_number(text: str) -> str:
    """A month as its number: 11, 'November', 'Nov' or 'Tháng 11'."""
    letters = text.strip().casefold()[:3]
    if letters in _MONTHS:
        return str(_MONTHS.index(letters) + 1)
    found = re.fullmatch(r"(?:tháng|thang|t)?\s*(\d{1,2})", text.strip().casefold())
    return found[1] if found else text


def _as_text(times: np.ndarray) -> pd.Series:
    texts = np.datetime_as_string(times.astype("datetime64[ms]")).astype(object) + "Z"
    texts[np.isnat(times)] = None
    return pd.Series(texts, dtype=object)
