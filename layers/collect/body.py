"""The body of a push becomes rows: JSON, GeoJSON or NDJSON, as it is or packed with gzip."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from gis_core.errors import IngestError
from layers.ingest.geojson import crs_name

JSON_TYPES = ("application/json", "application/geo+json")
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")

_WHAT = "The body"


class Body(NamedTuple):
    """The rows of a push, and what its coordinates refer to where it says so."""

    rows: list[Any]
    crs: str | None


def unpack(content: bytes, limit: int) -> bytes | None:
    """The content of a gzip body, or None where it is longer than ``limit`` bytes.

    Raises:
        IngestError: it is no gzip, or is cut off.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            plain = packed.read(limit + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise IngestError(_WHAT, None, "it is said to be gzip and is not, or is cut off.") from error
    return plain if len(plain) <= limit else None


def read_body(content: bytes, *, lines: bool, records: str = "") -> Body:
    """Rows of a JSON array, of ``{"rows": […]}``, of a FeatureCollection, or of NDJSON ``lines``.

    With ``records``, the rows are what stands at this dotted path of a JSON document, such as
    ``data.stations``: a list, or one row alone; ``.`` is the document itself as one row.

    Raises:
        IngestError: it is none of these.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise IngestError(_WHAT, None, f"it is not UTF-8 (at byte {error.start:,}).") from error
    if lines:
        # Only these end a line: JSON texts may hold the other separators of Unicode as they are.
        numbered = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
        return Body([_parse(line, number) for number, line in numbered if line.strip()], None)
    document = _parse(text)
    if records:
        return Body(_at(document, records), None)
    if isinstance(document, list):
        return Body(document, None)
    if isinstance(document, dict) and isinstance(document.get("rows"), list):
        return Body(document["rows"], None)
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        if isinstance(features, list):
            return Body(features, crs_name(Path(_WHAT), document["crs"]) if "crs" in document else None)
    raise IngestError(
        _WHAT, None, 'it is neither a JSON array, nor {"rows": […]}, nor a GeoJSON FeatureCollection.'
    )


def _at(document: Any, path: str) -> list[Any]:
    found = document
    for name in filter(None, path.split(".")):
        if not isinstance(found, dict) or name not in found:
            raise IngestError(_WHAT, None, f"it has nothing at '{path}'.")
        found = found[name]
    if not isinstance(found, list | dict):
        raise IngestError(_WHAT, None, f"at '{path}' it has neither a list nor an object.")
    return found if isinstance(found, list) else [found]


def _parse(text: str, line: int | None = None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {line or error.lineno}, column {error.colno}"
        raise IngestError(_WHAT, None, f"it is no valid JSON ({error.msg}, at {where}).") from error
    except RecursionError as error:
        raise IngestError(_WHAT, line, "it is nested too deeply.") from error
    except ValueError as error:
        raise IngestError(_WHAT, line, "it holds a number of more digits than any number has.") from error
