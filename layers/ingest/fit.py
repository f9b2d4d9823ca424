"""Batches of a file become rows of a layer; every row that cannot be one gets a reason."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from math import isnan
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Column, Text

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID
from gis_core.errors import IngestError
from gis_core.types import IntArray
from layers.identifiers import uuid_bytes
from layers.ingest.names import columns_of, match_columns
from layers.ingest.shapes import FittedShapes, count_outside, fit_shapes, flattened
from layers.ingest.source import (
    Batch,
    ObjectArray,
    Request,
    Source,
    is_bad,
    no_faults,
    note,
    note_where,
    plain_name,
)
from layers.ingest.values import convert
from layers.store import complete

Fault = tuple[int, str]
"""The number of a row in its file, and why it was rejected."""


class Fitter:
    """Fits the batches of one file to a layer, and remembers what the report must say.

    ``closed`` are the months that take no rows, each with its reason (``layers.partitions``).

    Raises:
        IngestError: the file lacks a required column (on making), or its coordinates are
            swapped throughout (on fitting).
    """

    def __init__(
        self, source: Source, request: Request, closed: Mapping[pd.Period, str] = MappingProxyType({})
    ) -> None:
        self.source = source
        self.layer = request.layer
        self.matched = match_columns(source, request)
        self.outside = 0
        self.repaired = 0
        self.local_times = 0
        self._closed = closed
        self._area = get_settings().province.bounds
        self._first_seen: dict[Any, int] = {}

    @property
    def unused(self) -> list[str]:
        """The file's columns that the layer has no place for."""
        return [name for name in self.source.names if name not in self.matched.values()]

    def fit(self, batch: Batch) -> tuple[gpd.GeoDataFrame, list[Fault]]:
        """The good rows, complete with all derived columns, and the faults of the others."""
        shapes = batch.shapes if batch.placed is None else batch.placed
        fitted = fit_shapes(shapes, batch.faults, self.source.crs, self.layer.geometry_type, self._area)
        self._refuse_if_swapped(batch, fitted)
        faults = fitted.faults
        columns = {ours: self._column(ours, batch, faults) for ours in self.matched}
        rows = self._rows(batch, fitted, columns)
        good = ~is_bad(faults)[fitted.rows]
        self.repaired += fitted.repaired
        numbers = batch.numbers[fitted.rows[good]]
        rows, late = self._completed(rows[good].reset_index(drop=True), numbers)
        self.outside += count_outside(rows.geometry, self._area)
        return rows, sorted(_listed(batch.numbers, faults) + late)

    def _refuse_if_swapped(self, batch: Batch, fitted: FittedShapes) -> None:
        with_shape = int((~shapely.is_missing(batch.shapes)).sum())
        if len(fitted.swapped) * 2 > with_shape:
            first = int(batch.numbers[fitted.swapped[0]])
            position = batch.shapes[fitted.swapped[0]].centroid
            raise IngestError(
                str(self.source.path),
                None,
                f"the coordinates seem to be swapped ({self.source.unit} {first} has x {position.x:g} and "
                f"y {position.y:g}); x is the longitude or easting, y the latitude or northing.",
            )

    def _column(self, ours: str, batch: Batch, faults: ObjectArray) -> pd.Series:
        column = columns_of(self.layer)[ours]
        raw = batch.columns[self.matched[ours]]
        if ours in self.layer.derived:
            return raw if isinstance(raw.dtype, pd.StringDtype) else raw.astype(object)
        converted = convert(self.layer, column, raw, self.source.decimal)
        self.local_times += converted.local_times
        values = _with_defaults(self.layer, column, converted.values)
        note(faults, converted.faults)
        if not column.nullable and ours not in ("origin", "origin_key"):
            note_where(faults, values.isna().to_numpy(), f"{ours} is missing")
        return values

    def _rows(self, batch: Batch, fitted: FittedShapes, columns: dict[str, pd.Series]) -> gpd.GeoDataFrame:
        frame = pd.DataFrame(columns, index=range(len(batch.numbers)))
        origin = pd.Series(plain_name(self.source.path), index=frame.index, dtype=object)
        frame["origin"] = frame["origin"].fillna(origin) if "origin" in frame else origin
        if "simulated" not in frame:
            frame["simulated"] = False
        if self.layer.time_column is not None:
            own = frame.get("origin_key", pd.Series(None, index=frame.index, dtype=object))
            frame["origin_key"] = own.where(own.notna(), _digests(batch)) if own.isna().any() else own
        frame = frame.iloc[fitted.rows].reset_index(drop=True)
        self._number_pieces(frame, fitted)
        return gpd.GeoDataFrame(
            frame, geometry=gpd.GeoSeries(fitted.shapes, index=frame.index, crs=STORAGE_SRID)
        )

    def _number_pieces(self, frame: pd.DataFrame, fitted: FittedShapes) -> None:
        """Give each piece of a line that came in several a code of its own: ``12/1``, ``12/2``."""
        key = self.layer.id_column
        piece = pd.Series(fitted.rows).groupby(fitted.rows).cumcount()
        several = pd.Series(fitted.rows).duplicated(keep=False)
        if several.any() and isinstance(key.type, Text) and key.name in frame:
            codes = frame[key.name].astype(object)
            frame[key.name] = codes.where(~several, codes.astype(str) + "/" + (piece + 1).astype(str))

    def _completed(self, rows: gpd.GeoDataFrame, numbers: IntArray) -> tuple[gpd.GeoDataFrame, list[Fault]]:
        if rows.empty:
            return rows, []
        rows = complete(self.layer, rows)
        faults = no_faults(len(rows))
        for name in self.layer.derived:
            self._check_derived(name, rows, faults)
        if self.layer.judge is not None:
            note(faults, np.array(self.layer.judge(rows), dtype=object))
        if self._closed:
            self._check_months(rows, faults)
        key = self.layer.id_column.name
        same = "it is the same event" if self.layer.time_column else f"it has the same {key}"
        self._note_repeated(rows[key], numbers, same, faults)
        good = ~is_bad(faults)
        return rows if good.all() else rows[good], _listed(numbers, faults)

    def _note_repeated(self, keys: pd.Series, numbers: IntArray, same: str, faults: ObjectArray) -> None:
        """Note the rows that are what an earlier good row of the file was."""
        known = uuid_bytes(keys).tolist() if self.layer.time_column else keys.tolist()
        if (
            not is_bad(faults).any()
            and len(set(known)) == len(known)
            and self._first_seen.keys().isdisjoint(known)
        ):
            self._first_seen.update(zip(known, numbers.tolist(), strict=True))
            return
        for row, (identifier, number) in enumerate(zip(known, numbers.tolist(), strict=True)):
            if faults[row] is None:
                first = self._first_seen.setdefault(identifier, number)
                faults[row] = None if first == number else f"{same} as {self.source.unit} {first}"

    def _check_months(self, rows: gpd.GeoDataFrame, faults: ObjectArray) -> None:
        months = rows[self.layer.time_column].dt.tz_localize(None).dt.to_period("M")
        for month in months[months.isin(list(self._closed))].unique():
            note_where(faults, (months == month).to_numpy(), self._closed[month])

    def _check_derived(self, name: str, rows: gpd.GeoDataFrame, faults: ObjectArray) -> None:
        column = self.layer.table.columns[name]
        if name in columns_of(self.layer):
            converted = convert(self.layer, column, rows[name])
            rows[name] = converted.values
            note(faults, converted.faults)
        if not column.nullable:
            note_where(
                faults, rows[name].isna().to_numpy(), f"{name} is missing and does not follow from the rest"
            )


def _listed(numbers: IntArray, faults: ObjectArray) -> list[Fault]:
    return [(int(numbers[row]), str(faults[row])) for row in np.flatnonzero(is_bad(faults))]


def _with_defaults(layer: Any, column: Column[Any], values: pd.Series) -> pd.Series:
    """Fill gaps of a column that has a default, as the database would were it left out."""
    if column.nullable or column.server_default is None or not values.isna().any():
        return values
    default = pd.Series([str(getattr(column.server_default, "arg", ""))], dtype=object)
    return values.fillna(convert(layer, column, default).values.iloc[0])


def _digests(batch: Batch) -> list[str]:
    """A digest of all that each row says, for events that their source gives no name to.

    What a row leaves unsaid is left out, so that its digest does not depend on the other rows.
    """
    shapes = shapely.to_wkb(flattened(batch.shapes))
    names = sorted(batch.columns)
    rows = zip(*(_said(name, batch.columns[name]) for name in names), strict=True)
    return [
        blake2b(_listed_bytes(row) + (shape or b""), digest_size=12).hexdigest()
        for row, shape in zip(rows if names else ((),) * len(shapes), shapes, strict=True)
    ]


def _said(name: str, values: pd.Series) -> ObjectArray:
    """What each row says in a column, as Python would show the pair of name and value, or None."""
    if isinstance(values.dtype, pd.StringDtype):
        # One look at each different value: many columns hold few of them.
        codes, different = pd.factorize(values)
        each = np.array([*(f"({name!r}, {text!r})" for text in different), None], dtype=object)
        return np.asarray(each[codes], dtype=object)
    said = [f"({name!r}, {str(value)!r})" if _is_there(value) else None for value in values.to_numpy(object)]
    return np.array(said, dtype=object)


def _listed_bytes(said: tuple[str | None, ...]) -> bytes:
    return f"[{', '.join(filter(None, said))}]".encode("utf-8", "surrogatepass")


def _is_there(value: Any) -> bool:
    return not (
        value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and isnan(value))
    )
