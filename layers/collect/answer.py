"""The body of an answer becomes rows: JSON, NDJSON, GeoJSON, or CSV as ``layers load`` reads it.

A CSV without coordinates (telemetry that names its stations), or whose rows are to be shaped,
is read as records like JSON.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from gis_core.collect_settings import HttpSource
from gis_core.errors import CRSMismatchError, IngestError
from layers.base import Layer
from layers.collect.body import JSON_TYPES, NDJSON_TYPES, read_body
from layers.collect.fetch import Answer
from layers.collect.intake import Receipt, take_in, take_in_rows
from layers.collect.shape import rules_of, shaped
from layers.ingest.delimited import COORDINATES
from layers.ingest.names import fold
from layers.ingest.readers import open_source
from layers.ingest.source import Request, shown
from layers.ingest.table_text import encoding_of, header_of

_PLAIN = ("text/plain", "application/octet-stream")
TYPES = {
    "json": (*JSON_TYPES, "text/json", *_PLAIN),
    "geojson": ("application/geo+json", *JSON_TYPES, "application/vnd.geo+json", "text/json", *_PLAIN),
    "ndjson": (*NDJSON_TYPES, *JSON_TYPES, *_PLAIN),
    "csv": (
        "text/csv",
        "application/csv",
        "text/comma-separated-values",
        "application/vnd.ms-excel",
        *_PLAIN,
    ),
}
"""The media types that an answer of a format may have, the usual one first."""

_HEAD_BYTES = 65_536
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def is_cut_off(answer: Answer, format_: str) -> bool:
    """Whether an answer may lack its end: its last line has none, and its length was never said."""
    by_lines = format_ in ("csv", "ndjson")
    return by_lines and not answer.ends_itself and not answer.content.endswith(b"\n")


def take_answer(
    connection: Connection, source: HttpSource, layer: Layer, content: bytes, title: str
) -> Receipt:
    """Put the rows of an answer where they belong, in the caller's transaction.

    Raises:
        IngestError: it is no good as a whole.
        CRSMismatchError: nobody knows what its coordinates refer to.
    """
    if source.format == "csv" and _is_file_for_readers(content, source):
        return _take_file(connection, source, layer, content, title)
    crs = source.crs
    if source.format == "csv":
        records = _csv_records(content)
    else:
        records, said = read_body(content, lines=source.format == "ndjson", records=source.records)
        crs = crs or said
    rows = shaped(records, source)
    return take_in_rows(connection, source.name, rows, Request(layer), crs, rules=rules_of(source))


def _is_file_for_readers(content: bytes, source: HttpSource) -> bool:
    """Whether the readers of files can find the places of its rows, and nothing else is asked for."""
    if source.constants or source.measures or source.key or source.times != "local":
        return False
    found = header_of(content[:_HEAD_BYTES])
    if found is None:
        # They say best what is wrong with it.
        return True
    names = {source.columns.get(name, fold(name)) for name in found[1]}
    has = {kind: not names.isdisjoint((kind, *aliases)) for kind, aliases in COORDINATES.items()}
    return (has["lon"] and has["lat"]) or (has["x"] and has["y"]) or has["wkt"]


def _take_file(
    connection: Connection, source: HttpSource, layer: Layer, content: bytes, title: str
) -> Receipt:
    request = Request(layer, source.crs, None, source.columns)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{source.name}.csv"
        path.write_bytes(content)
        try:
            return take_in(connection, source.name, open_source(path, request), request, document=title)
        except IngestError as error:
            # Whoever reads it knows the address, and nothing of a passing file.
            raise IngestError(error.source.replace(str(path), title), error.row, error.reason) from error
        except CRSMismatchError as error:
            raise CRSMismatchError(str(error).replace(str(path), title)) from error


def _csv_records(content: bytes) -> list[Any]:
    """A record for each line, by the names of the header; a line with other than its cells is none."""
    found = header_of(content[:_HEAD_BYTES])
    if found is None:
        raise IngestError(
            "The body", 1, "there is no header line with names of columns between commas, semicolons or tabs."
        )
    delimiter, header = found
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise IngestError("The body", 1, f"the header names {shown(twice[0])} more than once.")
    try:
        text = content.decode(encoding_of(content[:_HEAD_BYTES]))
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))[1:]
    except UnicodeDecodeError as error:
        raise IngestError("The body", None, "it is not UTF-8 text.") from error
    except csv.Error as error:
        raise IngestError("The body", None, f"it is no valid CSV ({error}).") from error
    return [
        dict(zip(header, (_cell(cell, delimiter) for cell in line), strict=True))
        if len(line) == len(header)
        else delimiter.join(line)
        for line in lines
        if line
    ]


def _cell(cell: str, delimiter: str) -> str | None:
    text = cell.strip()
    # Where semicolons stand between cells, the comma stands before decimals.
    if delimiter == ";" and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    return text or None
