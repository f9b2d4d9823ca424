"""The formats that files may have. A new one is one file beside this and one line in ``READERS``."""

from __future__ import annotations

from pathlib import Path

from gis_core.errors import IngestError
from layers.ingest import delimited, firms, geojson, ogr, osm, series
from layers.ingest.at_stations import at_stations
from layers.ingest.source import Reader, Request, Source

READERS: tuple[Reader, ...] = (
    osm.READER,
    ogr.GEOPACKAGE,
    ogr.FLATGEOBUF,
    ogr.SHAPEFILE,
    geojson.READER,
    firms.READER,
    series.READER,
    delimited.READER,
)
"""Every format, the more particular before the more general."""

_HEAD_BYTES = 65_536


def open_source(path: Path, request: Request) -> Source:
    """Open a file with the reader of its format.

    Raises:
        IngestError: it is not there, cannot be read, is empty, or has no known format.
        CRSMismatchError: nobody knows what its coordinates refer to.
    """
    head = _head(path)
    for reader in READERS:
        if reader.accepts(path, head, request):
            if request.series.is_said and reader is not series.READER:
                raise IngestError(
                    str(path),
                    None,
                    f"this is {reader.name}; what was said of time series is for CSV into "
                    "the layer observations.",
                )
            return at_stations(reader.open(path, request), request)
    known = ", ".join(dict.fromkeys(reader.name for reader in READERS))
    raise IngestError(str(path), None, f"the file has no known format; known are {known}.")


def _head(path: Path) -> bytes:
    if not path.exists():
        raise IngestError(str(path), None, "there is no such file.")
    if not path.is_file():
        raise IngestError(str(path), None, "this is not a file.")
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise IngestError(str(path), None, f"the file cannot be read ({error.strerror}).") from error
    if not head.strip():
        raise IngestError(str(path), None, "the file is empty.")
    return head
