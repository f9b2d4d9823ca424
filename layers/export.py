"""A layer into a file that any GIS reads, written beside its place and moved there when whole."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import geopandas as gpd
import pandas as pd
import pyogrio
from pandas.api.types import is_bool_dtype
from pyproj import CRS
from sqlalchemy import ARRAY, Boolean, Integer, SmallInteger

from gis_core.crs import STORAGE_SRID, read_crs
from gis_core.db import writing
from gis_core.errors import CRSMismatchError, GisError, InvalidParameterError
from gis_core.files import replacing
from gis_core.time import Window, parse_instant
from gis_core.types import Bounds
from layers.base import Layer
from layers.read import read

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)
_SHAPEFILE_TEXT_BYTES = 254
_SHAPEFILE_NAME_LENGTH = 10


class ExportError(GisError):
    """The layer cannot be written as was asked."""


class Exported(NamedTuple):
    """What was written; ``notes`` are sentences on what the format could not hold."""

    features: int
    notes: tuple[str, ...]


def export(
    layer: Layer,
    target: Path,
    *,
    crs: str | None = None,
    bounds: Bounds | None = None,
    window: Window | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write the features of a layer to a file whose ending names the format.

    Args:
        layer: what to write.
        target: ends in .gpkg, .geojson, .fgb, .parquet, .csv or .shp.zip.
        crs: the reference system to write in, EPSG:4326 by default.
        bounds: only features that meet this box, EPSG:4326.
        window: only events whose time lies in it.
        overwrite: replace a file that is there.

    Raises:
        ExportError: unknown format, a file that is there already, or a folder that cannot be written.
        CRSMismatchError: PROJ does not know the CRS, or it is not one of positions.
    """
    write = _writer(target)
    if target.exists() and not overwrite:
        raise ExportError(f"{target} exists already; --overwrite replaces it.")
    wanted = read_crs(crs, "--crs") if crs is not None else CRS.from_epsg(STORAGE_SRID)
    if not (wanted.is_geographic or wanted.is_projected):
        raise CRSMismatchError(f"--crs: '{wanted.name}' is no reference system of positions on the Earth.")
    if window is not None and layer.time_column is None:
        raise InvalidParameterError("datetime", f"layer {layer.name} has no time.")
    # The engine of work, since a client's statement timeout would cut a large layer short.
    with writing() as connection:
        features = read(connection, layer, bounds=bounds, window=window)
    features = _plain(layer, features).to_crs(wanted)
    try:
        with replacing(target) as written:
            notes = write(layer, features, written)
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror or error}).") from error
    return Exported(len(features), notes)


def parse_bbox(text: str) -> Bounds:
    """``west,south,east,north`` in degrees.

    Raises:
        InvalidParameterError: these are not four numbers that make a box.
    """
    try:
        bounds = Bounds(*map(float, text.split(",")))
    except (ValueError, TypeError) as error:
        raise InvalidParameterError("bbox", f"'{text}' is not west,south,east,north in degrees.") from error
    if not (-180 <= bounds.west < bounds.east <= 180 and -90 <= bounds.south < bounds.north <= 90):
        raise InvalidParameterError(
            "bbox", f"'{text}' is no box of degrees with west < east and south < north."
        )
    return bounds


def parse_interval(text: str) -> Window:
    """``start/end``, each a time or ``..`` for an open end.

    Raises:
        InvalidParameterError: it has another form, or ends before it starts.
    """
    start, slash, end = text.partition("/")
    if not slash:
        raise InvalidParameterError("datetime", f"'{text}' is not start/end; '..' leaves an end open.")
    window = Window(
        _BEGINNING if start in ("", "..") else parse_instant(start, "datetime"),
        _END if end in ("", "..") else parse_instant(end, "datetime"),
    )
    if window.start >= window.end:
        raise InvalidParameterError("datetime", f"'{text}' ends before it starts.")
    return window


def _writer(target: Path) -> Callable[[Layer, gpd.GeoDataFrame, Path], tuple[str, ...]]:
    name = target.name.lower()
    for ending, write in _WRITERS.items():
        if name.endswith(ending) and len(name) > len(ending):
            return write
    if name.endswith(".shp"):
        raise ExportError("A shapefile is several files; name it .shp.zip to have them in one.")
    raise ExportError(f"'{target.name}' names no known format; end it in one of {', '.join(_WRITERS)}.")


def _plain(layer: Layer, features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Types that every writer knows, also where a column has gaps or no rows at all."""
    columns: dict[str, Any] = {}
    for name in features.columns.drop(features.geometry.name):
        kind = layer.table.columns[name].type
        values = features[name]
        if isinstance(kind, Integer | SmallInteger):
            columns[name] = values.astype("Int32")
        elif isinstance(kind, Boolean) and not is_bool_dtype(values):
            columns[name] = values.astype("boolean")
        elif values.map(lambda value: isinstance(value, UUID)).any():
            columns[name] = values.map(str)
    return features.assign(**columns)


def _with_json_lists(layer: Layer, features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    lists = [
        name
        for name in features
        if name in layer.table.columns and isinstance(layer.table.columns[name].type, ARRAY)
    ]
    return features.assign(
        **{
            name: features[name].map(lambda items: json.dumps(items, ensure_ascii=False), na_action="ignore")
            for name in lists
        }
    )


def _with_iso_times(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    times = features.select_dtypes(include=["datetimetz"]).columns
    return features.assign(
        **{name: features[name].map(lambda at: at.isoformat(), na_action="ignore") for name in times}
    )


def _ogr(layer: Layer, features: gpd.GeoDataFrame, path: Path) -> tuple[str, ...]:
    geometry_type = _OGR_TYPES[layer.geometry_type]
    pyogrio.write_dataframe(
        _with_json_lists(layer, features), path, layer=layer.name, geometry_type=geometry_type
    )
    return ()


def _geojson(layer: Layer, features: gpd.GeoDataFrame, path: Path) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if features.crs != STORAGE_SRID:
        notes = ("GeoJSON (RFC 7946) knows WGS 84 only; the CRS is in the older 'crs' member.",)
    return _ogr(layer, features, path) + notes


def _parquet(layer: Layer, features: gpd.GeoDataFrame, path: Path) -> tuple[str, ...]:
    features.to_parquet(path, index=False, compression="zstd")
    return ()


def _csv(layer: Layer, features: gpd.GeoDataFrame, path: Path) -> tuple[str, ...]:
    plain = _with_json_lists(layer, _with_iso_times(features))
    table = pd.DataFrame(plain.drop(columns=plain.geometry.name))
    if layer.geometry_type == "POINT":
        first, second = ("lon", "lat") if features.crs.is_geographic else ("x", "y")
        table = table.assign(**{first: features.geometry.x, second: features.geometry.y})
    else:
        table = table.assign(wkt=features.geometry.to_wkt())
    table.to_csv(path, index=False)
    code = features.crs.to_string()
    return (
        ()
        if code == f"EPSG:{STORAGE_SRID}"
        else (f"The coordinates are in {code}; a CSV cannot say so itself.",)
    )


def _shapefile(layer: Layer, features: gpd.GeoDataFrame, path: Path) -> tuple[str, ...]:
    notes = []
    plain = _with_json_lists(layer, _with_iso_times(features))
    short = _short_names([str(name) for name in plain.columns if name != plain.geometry.name])
    texts = plain.select_dtypes(include=["object", "str"])
    if any(texts[name].map(_too_long).any() for name in texts):
        notes.append(f"Texts were cut to the {_SHAPEFILE_TEXT_BYTES} bytes that a shapefile holds.")
    if any(long != name for long, name in short.items()):
        notes.append(f"Names were cut to {_SHAPEFILE_NAME_LENGTH} letters: {', '.join(short.values())}.")
    with warnings.catch_warnings():
        # What GDAL says of texts that are too long is in the notes.
        warnings.simplefilter("ignore", RuntimeWarning)
        pyogrio.write_dataframe(
            plain.rename(columns=short),
            path,
            driver="ESRI Shapefile",
            layer=layer.name,
            encoding="UTF-8",
            geometry_type=_OGR_TYPES[layer.geometry_type],
        )
    return tuple(notes)


def _too_long(value: object) -> bool:
    return isinstance(value, str) and len(value.encode()) > _SHAPEFILE_TEXT_BYTES


def _short_names(names: list[str]) -> dict[str, str]:
    """Different names of at most ten letters."""
    short: dict[str, str] = {}
    for name in names:
        candidate, number = name[:_SHAPEFILE_NAME_LENGTH], 1
        while candidate in short.values():
            number += 1
            candidate = f"{name[: _SHAPEFILE_NAME_LENGTH - len(str(number))]}{number}"
        short[name] = candidate
    return short


_OGR_TYPES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "MULTILINESTRING": "MultiLineString",
    "POLYGON": "Polygon",
    "MULTIPOLYGON": "MultiPolygon",
}

_WRITERS: dict[str, Callable[[Layer, gpd.GeoDataFrame, Path], tuple[str, ...]]] = {
    ".gpkg": _ogr,
    ".geojson": _geojson,
    ".fgb": _ogr,
    ".parquet": _parquet,
    ".csv": _csv,
    ".shp.zip": _shapefile,
}
