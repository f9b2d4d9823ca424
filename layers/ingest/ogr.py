"""GeoPackage, FlatGeobuf and shapefile (also zipped), read by GDAL."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gis_core.errors import IngestError
from layers.ingest.reference import settle_crs
from layers.ingest.source import BATCH_ROWS, Batch, Reader, Request, Source, no_faults

_SQLITE = b"SQLite format 3\x00"
_FLATGEOBUF = b"fgb\x03"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_ZIP = b"PK\x03\x04"
_SHAPEFILE_NAME_LIMIT = 10
_FAILURES = (DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError, UnicodeDecodeError)


class _Place(NamedTuple):
    """Where GDAL finds the rows, and how their texts are encoded (None: as the file says)."""

    location: str
    table: str
    encoding: str | None


def _is_geopackage(path: Path, head: bytes, request: Request) -> bool:
    return head.startswith(_SQLITE) or path.suffix.lower() == ".gpkg"


def _is_flatgeobuf(path: Path, head: bytes, request: Request) -> bool:
    return head.startswith(_FLATGEOBUF)


def _is_shapefile(path: Path, head: bytes, request: Request) -> bool:
    return head.startswith((_SHAPEFILE, _ZIP)) or path.suffix.lower() in (
        ".shp",
        ".zip",
        ".shx",
        ".dbf",
        ".prj",
    )


def _open_geopackage(path: Path, request: Request) -> Source:
    with path.open("rb") as file:
        if not file.read(len(_SQLITE)) == _SQLITE:
            raise IngestError(str(path), None, "the file is named .gpkg, but is no GeoPackage.")
    return _open(path, str(path), request)


def _open_flatgeobuf(path: Path, request: Request) -> Source:
    return _open(path, str(path), request)


def _open_shapefile(path: Path, request: Request) -> Source:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == _ZIP:
        return _open_zipped(path, request)
    if path.suffix.lower() in (".shx", ".dbf", ".prj"):
        raise IngestError(str(path), None, "this is a part of a shapefile; give the one that ends in .shp.")
    if magic != _SHAPEFILE:
        raise IngestError(str(path), None, "the file is named like a shapefile, but is none.")
    encoding = None if path.with_suffix(".cpg").exists() else "UTF-8"
    return _open(path, str(path), request, encoding=encoding, name_limit=_SHAPEFILE_NAME_LIMIT)


GEOPACKAGE = Reader("GeoPackage", _is_geopackage, _open_geopackage)
FLATGEOBUF = Reader("FlatGeobuf", _is_flatgeobuf, _open_flatgeobuf)
SHAPEFILE = Reader("shapefile", _is_shapefile, _open_shapefile)


def _open_zipped(path: Path, request: Request) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.lower().endswith(".shp")]
            stems = {name: Path(name).stem for name in members}
            chosen = [name for name in members if request.table in (None, stems[name])]
            described = ", ".join(sorted(stems.values())) or "none"
            if len(chosen) != 1:
                raise IngestError(
                    str(path),
                    None,
                    f"one shapefile must be chosen with --layer-name; the archive holds {described}.",
                )
            if archive.open(chosen[0]).read(4) != _SHAPEFILE:
                raise IngestError(str(path), None, f"'{chosen[0]}' in the archive is no shapefile.")
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise IngestError(str(path), None, f"the zip archive cannot be read ({error}).") from error
    inside = f"/vsizip/{{{path.absolute()}}}/{chosen[0]}"
    encoding = None if f"{chosen[0][:-4]}.cpg" in names else "UTF-8"
    within = Request(request.layer, request.crs, None, request.columns)
    return _open(path, inside, within, encoding=encoding, name_limit=_SHAPEFILE_NAME_LIMIT)


def _open(
    path: Path, location: str, request: Request, *, encoding: str | None = None, name_limit: int | None = None
) -> Source:
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            # What GDAL mutters on opening shows again, by row, in what it gives.
            warnings.simplefilter("ignore", RuntimeWarning)
            table = _table(path, location, request)
            info = pyogrio.read_info(location, layer=table, encoding=encoding, force_feature_count=True)
    except _FAILURES as error:
        raise _unreadable(path, error) from error
    crs = settle_crs(path, _crs(info["crs"]), request, notes)
    names = tuple(str(name) for name in info["fields"])
    batches = _batches(path, _Place(location, table, encoding), int(info["features"]), names)
    return Source(path, "feature", crs, names, batches, notes, name_limit)


def _crs(said: str | None) -> str | None:
    """What the file says, None where it holds GeoPackage's entry for 'not known'."""
    return None if not said or "Undefined " in said else said


def _table(path: Path, location: str, request: Request) -> str:
    tables = {str(name): kind for name, kind in pyogrio.list_layers(location)}
    spatial = [name for name, kind in tables.items() if kind is not None]
    if request.table is not None:
        if request.table not in spatial:
            raise IngestError(
                str(path),
                None,
                f"it has no layer '{request.table}' with geometry; it has {', '.join(spatial) or 'none'}.",
            )
        return request.table
    if len(spatial) != 1:
        which = (
            f"it holds {', '.join(spatial)}; choose one with --layer-name."
            if spatial
            else "it holds no layer with geometry."
        )
        raise IngestError(str(path), None, which)
    return spatial[0]


def _batches(path: Path, place: _Place, features: int, names: tuple[str, ...]) -> Iterator[Batch]:
    for start in range(0, features, BATCH_ROWS):
        meta, wkb, values = _read(path, place, start)
        rows = len(wkb)
        columns = {str(name): _series(value) for name, value in zip(meta["fields"], values, strict=True)}
        shapes = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
        faults = no_faults(rows)
        for row in np.flatnonzero(shapely.is_missing(shapes)):
            if wkb[row] is not None:
                faults[row] = "its geometry cannot be read"
        numbers = np.arange(start + 1, start + rows + 1)
        frame = pd.DataFrame(columns, columns=list(names), index=range(rows))
        yield Batch(numbers, frame, shapes, faults, (start + rows) / features)
        if rows < min(BATCH_ROWS, features - start):
            raise IngestError(
                str(path), None, f"the file is cut off: it ends at feature {start + rows} of {features}."
            )


def _read(path: Path, place: _Place, start: int) -> tuple[Any, Any, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            meta, _, wkb, values = pyogrio.raw.read(
                place.location,
                layer=place.table,
                encoding=place.encoding,
                skip_features=start,
                max_features=BATCH_ROWS,
                datetime_as_string=True,
            )
    except _FAILURES as error:
        raise _unreadable(path, error) from error
    return meta, wkb, values


def _series(values: Any) -> pd.Series:
    if values.dtype.kind == "M":
        texts = np.datetime_as_string(values).astype(object)
        texts[np.isnat(values)] = None
        return pd.Series(texts, dtype=object)
    return pd.Series(values)


def _unreadable(path: Path, error: Exception) -> IngestError:
    if isinstance(error, CRSError):
        return IngestError(
            str(path), None, "what it says of its CRS (a .prj file?) makes no sense; mend or remove it."
        )
    if isinstance(error, UnicodeDecodeError):
        return IngestError(str(path), None, "its texts are not UTF-8, and no .cpg file says what they are.")
    said = " ".join(str(error).split()).rstrip(".")
    return IngestError(str(path), None, f"the file is damaged or cut off ({said[:160]}).")
