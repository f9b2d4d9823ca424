"""One writer for each format: features and what is said of them go into one file."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from sqlalchemy import ARRAY

from gis_core.crs import STORAGE_SRID
from gis_core.files import replacing
from layers.base import Layer
from layers.exporting.metadata import Metadata
from layers.exporting.sidecars import csv_on_the_web, iso_19139

METADATA = "metadata"
"""Under this name a file holds what it says of itself, as JSON."""

_SHAPEFILE_TEXT_BYTES = 254
_SHAPEFILE_NAME_LENGTH = 10

Writer = Callable[[gpd.GeoDataFrame, Path, Metadata], tuple[str, ...]]
"""Writes features to a path, and gives sentences on what the format could not hold."""


def beside(target: Path) -> Path | None:
    """The second file that a format needs for what it says of itself, if it needs one."""
    return target.with_name(f"{target.name}-metadata.json") if target.suffix.lower() == ".csv" else None


def _geopackage(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    layer = metadata.layer
    _ogr(
        features,
        path,
        layer,
        layer_options={"IDENTIFIER": layer.title.both, "DESCRIPTION": layer.description.both},
        layer_metadata={METADATA: json.dumps(metadata.as_dict(), ensure_ascii=False)},
    )
    return ()


def _flatgeobuf(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    layer = metadata.layer
    _ogr(
        features,
        path,
        layer,
        layer_options={"TITLE": layer.title.both, "DESCRIPTION": layer.description.both},
        layer_metadata={METADATA: json.dumps(metadata.as_dict(), ensure_ascii=False)},
    )
    return ()


def _geojson(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    # What the collection had before it came here, GDAL keeps: foreign members, in RFC 7946.
    collection = {"type": "FeatureCollection", METADATA: metadata.as_dict()}
    _ogr(
        features,
        path,
        metadata.layer,
        layer_options={
            "NATIVE_DATA": json.dumps(collection, ensure_ascii=False),
            "NATIVE_MEDIA_TYPE": "application/vnd.geo+json",
        },
    )
    if features.crs != STORAGE_SRID:
        return ("GeoJSON (RFC 7946) knows WGS 84 only; the CRS is in the older 'crs' member.",)
    return ()


def _parquet(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    # These go into the file's own key-value metadata, and come back as the attributes of the frame.
    features.attrs = {METADATA: metadata.as_dict()}
    features.to_parquet(path, index=False, compression="zstd")
    return ()


def _csv(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    plain = _with_json_lists(metadata.layer, _with_iso_times(features))
    table = pd.DataFrame(plain.drop(columns=plain.geometry.name))
    if metadata.layer.geometry_type == "POINT":
        first, second = ("lon", "lat") if features.crs.is_geographic else ("x", "y")
        table = table.assign(**{first: features.geometry.x, second: features.geometry.y})
    else:
        table = table.assign(wkt=features.geometry.to_wkt())
    table.to_csv(path, index=False)
    return ()


def write_beside(target: Path, metadata: Metadata) -> tuple[str, ...]:
    """Write the second file of a CSV, and say where it is."""
    second = beside(target)
    if second is None:
        return ()
    header = tuple(str(name) for name in pd.read_csv(target, nrows=0).columns)
    with replacing(second) as written:
        written.write_text(csv_on_the_web(metadata, target.name, header), encoding="utf-8")
    return (f"{second.name} says what its columns mean; the coordinates are in {metadata.crs_code}.",)


def _shapefile(features: gpd.GeoDataFrame, path: Path, metadata: Metadata) -> tuple[str, ...]:
    layer = metadata.layer
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
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{layer.name}.shp.xml", iso_19139(metadata, short))
    return tuple(notes)


def _ogr(features: gpd.GeoDataFrame, path: Path, layer: Layer, **options: Any) -> None:
    pyogrio.write_dataframe(
        _with_json_lists(layer, features),
        path,
        layer=layer.name,
        geometry_type=_OGR_TYPES[layer.geometry_type],
        **options,
    )


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

WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        ".gpkg": _geopackage,
        ".geojson": _geojson,
        ".fgb": _flatgeobuf,
        ".parquet": _parquet,
        ".csv": _csv,
        ".shp.zip": _shapefile,
    }
)
"""Every format by the ending of its files."""
