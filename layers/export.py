"""A layer into a file that others read, written beside its place and moved there when whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import geopandas as gpd
from pandas.api.types import is_bool_dtype
from pyproj import CRS
from sqlalchemy import Boolean, Integer, SmallInteger

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, read_crs
from gis_core.db import writing
from gis_core.errors import CRSMismatchError, GisError, InvalidParameterError
from gis_core.files import replacing
from gis_core.time import Window, parse_instant
from gis_core.types import Bounds, Text
from layers import observations
from layers.base import Layer
from layers.exporting import sensor_things
from layers.exporting.formats import WRITERS, Writer, beside, write_beside
from layers.exporting.metadata import BEGINNING, END, Metadata, simulated_in
from layers.read import read


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
    """Write the features of a layer, and what they mean, to a file whose ending names the format.

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
    _refuse_if_there(target, overwrite=overwrite)
    wanted = read_crs(crs, "--crs") if crs is not None else CRS.from_epsg(STORAGE_SRID)
    if not (wanted.is_geographic or wanted.is_projected):
        raise CRSMismatchError(f"--crs: '{wanted.name}' is no reference system of positions on the Earth.")
    if window is not None and layer.time_column is None:
        raise InvalidParameterError("datetime", f"layer {layer.name} has no time.")
    at = datetime.now(UTC)
    # The engine of work, since a client's statement timeout would cut a large layer short.
    with writing() as connection:
        features = read(connection, layer, bounds=bounds, window=window)
    metadata = Metadata(
        layer, _terms(), wanted, at, bounds, window, rows=len(features), simulated=simulated_in(features)
    )
    features = _plain(layer, features).to_crs(wanted)
    try:
        with replacing(target) as written:
            notes = write(features, written, metadata)
        notes += write_beside(target, metadata)
    except OSError as error:
        raise _unwritable(target, error) from error
    return Exported(len(features), notes)


def export_sensor_things(
    layer: Layer,
    target: Path,
    *,
    bounds: Bounds | None = None,
    window: Window | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write observations as JSON under the names of OGC SensorThings, however many they are.

    Args:
        layer: must be that of the observations.
        target: ends in .json.
        bounds: only observations in this box, EPSG:4326.
        window: only observations of this time.
        overwrite: replace a file that is there.

    Raises:
        ExportError: another layer or ending, a file that is there, or a folder that cannot be written.
    """
    if layer is not observations.LAYER:
        raise ExportError(f"SensorThings is for layer {observations.LAYER.name}, and not for {layer.name}.")
    if target.suffix.lower() != ".json":
        raise ExportError(f"SensorThings is JSON; '{target.name}' should end in .json.")
    _refuse_if_there(target, overwrite=overwrite)
    at = datetime.now(UTC)
    try:
        with (
            replacing(target) as written,
            written.open("w", encoding="utf-8") as file,
            writing() as connection,
        ):
            # The counts at the head of the file are of the very rows that follow.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            rows, simulated = sensor_things.count(connection, bounds, window)
            storage = CRS.from_epsg(STORAGE_SRID)
            metadata = Metadata(layer, _terms(), storage, at, bounds, window, rows, simulated)
            features = sensor_things.write(connection, file, metadata, bounds, window)
    except OSError as error:
        raise _unwritable(target, error) from error
    return Exported(features, ())


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
        BEGINNING if start in ("", "..") else parse_instant(start, "datetime"),
        END if end in ("", "..") else parse_instant(end, "datetime"),
    )
    if window.start >= window.end:
        raise InvalidParameterError("datetime", f"'{text}' ends before it starts.")
    return window


def _writer(target: Path) -> Writer:
    name = target.name.lower()
    for ending, write in WRITERS.items():
        if name.endswith(ending) and len(name) > len(ending):
            return write
    if name.endswith(".shp"):
        raise ExportError("A shapefile is several files; name it .shp.zip to have them in one.")
    raise ExportError(f"'{target.name}' names no known format; end it in one of {', '.join(WRITERS)}.")


def _refuse_if_there(target: Path, *, overwrite: bool) -> None:
    for file in (target, beside(target)):
        if file is not None and file.exists() and not overwrite:
            raise ExportError(f"{file} exists already; --overwrite replaces it.")


def _unwritable(target: Path, error: OSError) -> ExportError:
    return ExportError(f"{target} cannot be written ({error.strerror or error}).")


def _terms() -> Text:
    exports = get_settings().exports
    return Text(exports.terms_vi, exports.terms_en)


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
