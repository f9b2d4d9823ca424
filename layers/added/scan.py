"""What a file holds, looked at once from end to end: the type of its geometries and of every column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gis_core.errors import IngestError
from layers.added.declaration import AddedColumn, ColumnKind, Declaration, Words, added_layer
from layers.base import GeometryType, Layer
from layers.ingest.readers import open_source
from layers.ingest.source import Batch, ObjectArray, Request, Source
from layers.ingest.values import missing, parse_numbers

_MOST_COLUMNS = 200
_WHOLE_BELOW = 2.0**53
"""Beyond it a number that was read as floating point is no longer exact."""

_FAMILIES = {
    "Point": ("Point", "MultiPoint"),
    "LineString": ("LineString", "MultiLineString", "LinearRing"),
    "Polygon": ("Polygon", "MultiPolygon"),
}
_TYPES: dict[str, GeometryType] = {
    "Point": "POINT",
    "LineString": "LINESTRING",
    "MultiLineString": "MULTILINESTRING",
    "Polygon": "POLYGON",
    "MultiPolygon": "MULTIPOLYGON",
}


_GROUPS = (shapely.GeometryType.GEOMETRYCOLLECTION, shapely.GeometryType.MULTIPOINT)


@dataclass(frozen=True)
class Asked:
    """What a user says of a file: its CRS, and which table of several."""

    crs: str | None = None
    table: str | None = None


@dataclass(frozen=True)
class Found:
    """What is in a file: its type of geometry, the kind of each column by the file's name, its rows."""

    geometry_type: GeometryType
    kinds: Mapping[str, ColumnKind]
    rows: int


@dataclass
class _Seen:
    """What the values of a column have been so far."""

    any: bool = False
    boolean: bool = True
    number: bool = True
    whole: bool = True

    def look(self, values: pd.Series, decimal: str) -> None:
        present = values[~missing(values)]
        if present.empty:
            return
        self.any = True
        if _are_truths(present):
            self.number = False
            return
        self.boolean = False
        if self.number:
            self._look_at_numbers(present, decimal)

    def _look_at_numbers(self, values: pd.Series, decimal: str) -> None:
        numbers, reasons = parse_numbers(values, decimal)
        texts = values[[isinstance(value, str) for value in values]].str.strip()
        # 0123 and +84 are codes and telephones, however much they look like numbers.
        codes = texts.str.match(r"^(?:[-+]?0\d|\+)").any() or (texts.str.len() > 20).any()
        if codes or pd.notna(reasons).any() or not np.isfinite(numbers).all():
            self.number = False
            return
        self.whole = self.whole and bool((numbers == np.floor(numbers)).all())
        self.whole = self.whole and bool((np.abs(numbers) < _WHOLE_BELOW).all())
        # 12.0 was written by somebody who counts in parts.
        self.whole = self.whole and not texts.str.contains(r"[.,eE]", regex=True).any()

    @property
    def kind(self) -> ColumnKind:
        if not self.any:
            return "text"
        if self.boolean:
            return "boolean"
        if self.number:
            return "integer" if self.whole else "number"
        return "text"


def _are_truths(values: pd.Series) -> bool:
    """Whether values are true and false, as such or as words."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return True
    return all(
        isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in ("true", "false"))
        for value in values
    )


@dataclass
class _Scan:
    shapes: set[str] = field(default_factory=set)
    columns: dict[str, _Seen] = field(default_factory=dict)
    rows: int = 0

    def look(self, batch: Batch, decimal: str) -> None:
        self.rows += len(batch.numbers)
        self.shapes |= _kinds_of(batch.shapes)
        for name, seen in self.columns.items():
            seen.look(batch.columns[name], decimal)


def scan(path: Path, asked: Asked) -> Found:
    """Look through a file.

    Raises:
        IngestError: it cannot be read, holds nothing, or geometries that are not of one kind.
        CRSMismatchError: nobody knows what its coordinates refer to.
    """
    source = open_source(path, Request(_UNKNOWN, asked.crs, asked.table))
    if len(source.names) > _MOST_COLUMNS:
        raise IngestError(
            str(path), None, f"it has {len(source.names)} columns; a layer has at most {_MOST_COLUMNS}."
        )
    if len(set(source.names)) != len(source.names):
        raise IngestError(str(path), None, "two of its columns have one name.")
    seen = _Scan(columns={name: _Seen() for name in source.names})
    for batch in source.batches:
        seen.look(batch, source.decimal)
    if not seen.rows:
        raise IngestError(str(path), None, "the file holds no features.")
    kinds = {name: column.kind for name, column in seen.columns.items()}
    return Found(_geometry_type(path, seen.shapes), kinds, seen.rows)


def open_for(
    path: Path, layer: Layer, asked: Asked, columns: tuple[AddedColumn, ...], code: str | None
) -> tuple[Source, Request]:
    """The file opened for its own layer; with ``code``, rows are numbered into that column."""
    mapped = {column.theirs: column.name for column in columns}
    source = open_source(path, Request(layer, asked.crs, asked.table))
    if code is None:
        return source, Request(layer, asked.crs, asked.table, mapped)
    numbered = _unused_name(source.names)
    source = replace(source, names=(*source.names, numbered), batches=_numbered(source.batches, numbered))
    return source, Request(layer, asked.crs, asked.table, {**mapped, numbered: code})


def _numbered(batches: Iterator[Batch], name: str) -> Iterator[Batch]:
    """The batches with a column that counts the features of the file from 1."""
    before = 0
    for batch in batches:
        numbers = np.arange(before + 1, before + len(batch.numbers) + 1)
        before += len(batch.numbers)
        yield replace(batch, columns=batch.columns.assign(**{name: numbers.astype(str).astype(object)}))


def _unused_name(names: tuple[str, ...]) -> str:
    name = "row"
    while name in names:
        name += "_"
    return name


def _geometry_type(path: Path, kinds: set[str]) -> GeometryType:
    for single, family in _FAMILIES.items():
        if kinds and kinds <= set(family):
            if "MultiPoint" in kinds:
                raise IngestError(
                    str(path), None, "it holds groups of points (MultiPoint); split them into single points."
                )
            return _TYPES[single if kinds == {single} else f"Multi{single}"]
    if not kinds:
        raise IngestError(str(path), None, "none of its features has a geometry.")
    raise IngestError(
        str(path),
        None,
        f"it holds geometries of different kinds ({', '.join(sorted(kinds))}); a layer has one: "
        "points, lines or polygons.",
    )


def _kinds_of(shapes: ObjectArray) -> set[str]:
    """The types of geometries; one look at each different type, but for groups, which are looked into."""
    types = shapely.get_type_id(shapes)
    first = np.unique(types, return_index=True)[1]
    plain = {str(shapes[at].geom_type) for at in first if shapes[at] is not None}
    looked_into = {_kind_of(shape) for shape in shapes[np.isin(types, _GROUPS)]}
    return plain - {"GeometryCollection", "MultiPoint"} | looked_into


def _kind_of(shape: Any) -> str:
    """The type of a geometry; a group of one counts as what it holds."""
    while shape.geom_type in ("GeometryCollection", "MultiPoint") and shapely.get_num_geometries(shape) == 1:
        shape = shape.geoms[0]
    return str(shape.geom_type)


_WORDS = Words(vi="–", en="–")
_UNKNOWN = added_layer(
    "unknown",
    "unknown",
    Declaration(
        title=_WORDS, description=_WORDS, steward=_WORDS, color="#000000", geometry_type="POINT", columns=()
    ),
)
"""What readers are told of a layer that is not known yet: points, where a table has both them and texts."""
