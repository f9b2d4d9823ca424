"""Which column of a layer a file means by its own names."""

from __future__ import annotations

import re
import unicodedata

from geoalchemy2 import Geometry
from sqlalchemy import Column

from gis_core.errors import IngestError
from layers.base import Layer
from layers.ingest.source import Request, Source

FILLED = ("origin", "origin_key", "simulated")
"""Columns that ingestion fills by itself where the file does not."""


def fold(name: str) -> str:
    """A name without case, Vietnamese marks and signs: ``Tên trạm`` is ``ten_tram``."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D")).casefold()
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def columns_of(layer: Layer) -> dict[str, Column[object]]:
    """The columns that a file may fill: no geometries, identifiers of events, or what enrichment sets."""
    return {
        column.name: column
        for column in layer.table.columns
        if not isinstance(column.type, Geometry)
        and column.name not in layer.enriched
        and not (layer.time_column is not None and column is layer.id_column)
    }


def required_of(layer: Layer) -> list[str]:
    """The columns that a file must have, in declared order."""
    return [
        name
        for name, column in columns_of(layer).items()
        if not column.nullable
        and column.server_default is None
        and name not in layer.derived
        and name not in FILLED
    ]


def match_columns(source: Source, request: Request) -> dict[str, str]:
    """Our column names with the file's name for each, as far as the file has them.

    A name that the user gave wins over the column's own name, and that over its aliases.

    Raises:
        IngestError: ``--column`` names what is not there, or a required column is missing.
    """
    ours = columns_of(request.layer)
    _check_asked(source, request, frozenset(ours) | frozenset(source.position))
    matched = {our: their for their, our in request.columns.items() if our in ours}
    free = [name for name in source.names if name not in request.columns]
    for wanted in (_by_own_name, _by_alias):
        for name, column in ours.items():
            if name not in matched:
                fitting = [
                    their for their in free if their not in matched.values() and wanted(their, column, source)
                ]
                if fitting:
                    matched[name] = fitting[0]
    if request.layer.time_column is not None and "origin_key" not in matched:
        matched |= _source_identifier(free, matched)
    missing = [ours[name] for name in required_of(request.layer) if name not in matched]
    if missing:
        raise IngestError(str(source.path), None, _missing(missing, source))
    return matched


def _check_asked(source: Source, request: Request, known: frozenset[str]) -> None:
    asked = list(request.columns.values())
    for their, our in request.columns.items():
        if our not in known:
            raise IngestError(
                str(source.path),
                None,
                f"layer {request.layer.name} has no column '{our}'; see 'huegis layers describe'.",
            )
        if our in columns_of(request.layer) and their not in source.names:
            raise IngestError(
                str(source.path), None, f"the file has no column '{their}'; it has {_listed(source.names)}."
            )
        if asked.count(our) > 1:
            raise IngestError(str(source.path), None, f"--column gives '{our}' more than once.")


def _by_own_name(their: str, column: Column[object], source: Source) -> bool:
    folded = fold(their)
    cut = source.name_limit is not None and len(their) == source.name_limit
    return folded == column.name or (cut and column.name.startswith(folded))


def _by_alias(their: str, column: Column[object], source: Source) -> bool:
    return fold(their) in {fold(alias) for alias in column.info.get("aliases", ())}


def _source_identifier(free: list[str], matched: dict[str, str]) -> dict[str, str]:
    identifiers = [
        name for name in free if fold(name) in ("id", "fid", "event_id") and name not in matched.values()
    ]
    return {"origin_key": identifiers[0]} if identifiers else {}


def _missing(columns: list[Column[object]], source: Source) -> str:
    named = ", ".join(f"'{column.name}'{_also(column)}" for column in columns)
    what = f"the column {named} is missing" if len(columns) == 1 else f"the columns {named} are missing"
    return (
        f"{what}; the file has {_listed(source.names)}. "
        f"Say which of them is meant with --column theirs={columns[0].name}."
    )


def _also(column: Column[object]) -> str:
    aliases = column.info.get("aliases", ())
    return f" (or {', '.join(aliases)})" if aliases else ""


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name[:40]}'" for name in names[:20]) or "no columns"
