"""Features of a query in one piece of memory: a page, or one feature."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection

from layers.query import FeatureQuery
from ogc_api.features.formats.base import Format


def whole(connection: Connection, wanted: Format, query: FeatureQuery, found: int) -> bytes:
    """So many features in a format that is no JSON object, read inside ``lasting``."""
    if wanted.pieces is not None:
        return b"".join(wanted.pieces(connection, query, {}))
    with tempfile.TemporaryDirectory(prefix="huegis-") as folder:
        path = Path(folder) / f"{query.layer.name}{wanted.ending}"
        write_file(connection, wanted, query, path, found)
        return path.read_bytes()


def write_file(connection: Connection, wanted: Format, query: FeatureQuery, path: Path, found: int) -> None:
    """The features in a format that is a file."""
    if wanted.write is None:
        raise ValueError(f"{wanted.name} is no file")
    wanted.write(connection, query, path, found)


def attachment(name: str) -> dict[str, str]:
    """The header by which a browser saves the answer under a name."""
    return {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}
