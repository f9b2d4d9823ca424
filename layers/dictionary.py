"""The data dictionary: what every column of every layer is, from the declarations alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from geoalchemy2 import Geometry
from sqlalchemy import Column, Enum

from gis_core.errors import GisError
from gis_core.files import replacing
from layers import observations
from layers.base import Layer
from layers.observed_properties import OBSERVED_PROPERTIES
from layers.registry import LAYERS, SURFACES
from layers.summary import type_name


class DictionaryError(GisError):
    """The data dictionary cannot be written as was asked."""


class Term(NamedTuple):
    """One column of a layer, observed property, or band of a surface; empty where there is nothing to say.

    ``minimum`` and ``maximum`` are inclusive, ``values`` the only ones allowed.
    """

    layer: str
    column: str
    type: str
    unit: str
    minimum: str
    maximum: str
    values: str
    meaning_vi: str
    meaning_en: str


def terms() -> Iterator[Term]:
    """Every column of the layers, then every band of the surfaces, in declared order."""
    for layer in LAYERS.values():
        yield from terms_of(layer)
    for surface in SURFACES.values():
        for band in surface.bands:
            yield Term(
                surface.name, band.name, "raster band", band.unit, "", "", "", band.title.vi, band.title.en
            )


def terms_of(layer: Layer) -> Iterator[Term]:
    """Every column of one layer; behind those of the observations, every property with its unit."""
    for column in layer.table.columns:
        if not isinstance(column.type, Geometry) or column is layer.geometry_column:
            yield _term(layer, column)
    if layer is observations.LAYER:
        for one in OBSERVED_PROPERTIES.values():
            yield Term(
                layer.name, one.name, "observed property", one.unit.symbol, f"{one.minimum:g}",
                f"{one.maximum:g}", "", one.title.vi, one.title.en,
            )  # fmt: skip


def to_csv() -> str:
    """The dictionary as CSV with a heading."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(Term._fields)
    table.writerows(terms())
    return written.getvalue()


def to_json() -> str:
    """The dictionary as a JSON array of objects."""
    return json.dumps([term._asdict() for term in terms()], ensure_ascii=False, indent=1) + "\n"


def to_markdown() -> str:
    """The dictionary as one Markdown table."""
    lines = [Term._fields, ("---",) * len(Term._fields), *terms()]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def write_dictionary(target: Path, *, overwrite: bool = False) -> int:
    """Write the dictionary to a file whose ending names the format; return how many columns it tells of.

    Raises:
        DictionaryError: an unknown format, a file that is there already, or one that cannot be written.
    """
    make = _WRITERS.get(target.suffix.lower())
    if make is None:
        raise DictionaryError(f"'{target.name}' names no known format; end it in {', '.join(_WRITERS)}.")
    if target.exists() and not overwrite:
        raise DictionaryError(f"{target} exists already; --overwrite replaces it.")
    try:
        with replacing(target) as written:
            written.write_text(make(), encoding="utf-8")
    except OSError as error:
        raise DictionaryError(f"{target} cannot be written ({error.strerror or error}).") from error
    return sum(1 for _ in terms())


def _term(layer: Layer, column: Column[object]) -> Term:
    return Term(
        layer.name,
        column.name,
        layer.geometry_type.lower() if column is layer.geometry_column else type_name(column),
        column.info.get("unit") or "",
        _limit(column, "minimum"),
        _limit(column, "maximum"),
        ", ".join(column.type.enums) if isinstance(column.type, Enum) else "",
        column.info.get("vi", ""),
        column.comment or "",
    )


def _limit(column: Column[object], name: str) -> str:
    limit = column.info.get(name)
    return "" if limit is None else str(limit)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_WRITERS: dict[str, Callable[[], str]] = {".csv": to_csv, ".json": to_json, ".md": to_markdown}
