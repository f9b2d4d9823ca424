"""A GeoJSON Feature of an editor becomes a row of a layer, or every reason why it cannot.

The rules are those of files (``layers.ingest``): types, limits, choices, validity of geometries.
Stricter than there, a value must have the JSON type of the layer's schema, and every name a
place in it: whoever edits one feature is told of it, and has no file to mend.
"""

from __future__ import annotations

import json
import secrets
from base64 import b32encode
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from sqlalchemy import ARRAY, Boolean, Column, Enum, Float, Integer
from sqlalchemy.types import TypeEngine

from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, OutputCRS
from gis_core.errors import FeatureFault, InvalidFeatureError
from layers.base import Layer
from layers.ingest.geojson import read_shapes
from layers.ingest.names import columns_of, required_of
from layers.ingest.shapes import count_outside, fit_shapes
from layers.ingest.source import no_faults, shown
from layers.ingest.values import convert
from layers.store import complete

KEPT = ("origin", "simulated")
"""What the service says of a row, and nobody else."""

_LONGEST_ID = 200
_SAME_PLACE_DEG = 1e-7
"""Answers give degrees to seven decimals: what comes back so near was not moved."""

_JSON_TYPES: tuple[tuple[type[TypeEngine[Any]], tuple[type, ...], str], ...] = (
    (Boolean, (bool,), "true or false"),
    (Integer, (int, float), "a number"),
    (Float, (int, float), "a number"),
    (ARRAY, (list,), "a list of texts"),
)


@dataclass(frozen=True)
class Given:
    """What an editor says of a feature, read but not yet judged by the layer.

    ``shape`` is in EPSG:4326, and None where nothing is said of the geometry.
    """

    feature_id: str | None
    properties: dict[str, Any]
    shape: shapely.Geometry | None


def new_feature_id() -> str:
    """An identifier for a feature that was brought without one: short enough to be read out."""
    return f"N-{b32encode(secrets.token_bytes(5)).decode()}"


def read_feature_document(layer: Layer, document: Any, crs: OutputCRS, *, partly: bool) -> Given:
    """Read a GeoJSON Feature whose coordinates are in ``crs``, in the order of that CRS's axes.

    With ``partly`` it is a merge patch (RFC 7396): what it does not name stays as it is.

    Raises:
        InvalidFeatureError: says every member that is wrong in itself.
    """
    if not isinstance(document, dict):
        raise InvalidFeatureError([FeatureFault("feature", f"{shown(document)} is not a GeoJSON Feature")])
    faults = []
    if document.get("type", "Feature" if partly else None) != "Feature":
        faults.append(FeatureFault("type", "it must be 'Feature'"))
    if document.get("crs") is not None:
        faults.append(FeatureFault("crs", "say it in the header Content-Crs"))
    properties = document.get("properties") or {}
    if not isinstance(properties, dict):
        faults.append(FeatureFault("properties", f"{shown(properties)} is not an object"))
        properties = {}
    known = {column.name for column in layer.properties} | {layer.id_column.name}
    faults += [
        FeatureFault(shown(name).strip("'"), f"layer {layer.name} has no such property")
        for name in properties
        if name not in known
    ]
    feature_id = _identifier(layer, document.get("id"), properties, faults)
    shape = None
    if not partly or "geometry" in document:
        shape = _shape(layer, document.get("geometry"), crs, faults)
    if faults:
        raise InvalidFeatureError(faults)
    own = {name: value for name, value in properties.items() if name != layer.id_column.name}
    return Given(feature_id, own, shape)


def new_row(layer: Layer, feature_id: str, given: Given, origin: str) -> gpd.GeoDataFrame:
    """The complete row of a new feature; what it says of its origin is not taken over.

    Raises:
        InvalidFeatureError: says every property that breaks a rule of the layer.
    """
    kept = {layer.id_column.name: feature_id, "origin": origin, "simulated": False}
    return _row(layer, kept, given, None)


def changed_row(layer: Layer, stored: gpd.GeoDataFrame, given: Given, *, partly: bool) -> gpd.GeoDataFrame:
    """The complete row of a stored feature after a change; ``partly`` leaves what is not named.

    Values that follow from the rest, and those that only the service sets, may come back as
    they were read.

    Raises:
        InvalidFeatureError: says every property that breaks a rule of the layer.
    """
    before = {name: stored[name].iloc[0] for name in stored.columns if name != stored.geometry.name}
    faults = [
        FeatureFault(name, "it is set by the service and cannot be changed")
        for name in KEPT
        if given.properties.get(name) is not None and given.properties[name] != before[name]
    ]
    if faults:
        raise InvalidFeatureError(faults)
    own = {layer.id_column.name, *KEPT}
    kept = {
        name: value
        for name, value in before.items()
        if name in own or (partly and name not in given.properties)
    }
    return _row(layer, kept, given, stored)


def _row(
    layer: Layer, kept: dict[str, Any], given: Given, stored: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    faults: list[FeatureFault] = []
    series = {name: pd.Series([value], dtype=object) for name, value in kept.items()}
    for name, column in columns_of(layer).items():
        if name not in kept:
            fitted = _fitted(layer, column, given.properties.get(name), faults)
            if fitted is not None:
                series[name] = fitted
    place = _place(given, stored, faults)
    if faults:
        raise InvalidFeatureError(faults)
    shapes = gpd.GeoSeries([place], crs=STORAGE_SRID)
    rows = complete(layer, gpd.GeoDataFrame(pd.DataFrame(series), geometry=shapes))
    _check_derived(layer, rows, given, stored)
    return rows


def _fitted(layer: Layer, column: Column[Any], value: Any, faults: list[FeatureFault]) -> pd.Series | None:
    """A value as its column holds it; None where the column is left out because of a fault or ``derive``."""
    if value is None:
        return _absent(layer, column, faults)
    wrong = _type_fault(column, value)
    if wrong is None:
        converted = convert(layer, column, pd.Series([value], dtype=object))
        wrong = converted.faults[0]
        if wrong is None and not column.nullable and converted.values.isna().iloc[0]:
            return _absent(layer, column, faults)
    if wrong is not None:
        faults.append(FeatureFault(column.name, str(wrong).removeprefix(f"{column.name} ")))
        return None
    return converted.values


def _absent(layer: Layer, column: Column[Any], faults: list[FeatureFault]) -> pd.Series | None:
    """What stands for a value that is not given: the column's default, or null where that is allowed."""
    if column.name in layer.derived:
        return None
    if column.server_default is not None:
        default = str(getattr(column.server_default, "arg", ""))
        return convert(layer, column, pd.Series([default], dtype=object)).values
    if column.name in required_of(layer):
        faults.append(FeatureFault(column.name, "it is missing"))
        return None
    return pd.Series([None], dtype=object)


def _type_fault(column: Column[Any], value: Any) -> str | None:
    wanted, said = next(
        ((types, said) for kind, types, said in _JSON_TYPES if isinstance(column.type, kind)),
        ((str,), "a text"),
    )
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        return f"{shown(json.dumps(value, ensure_ascii=False))} is not {said}"
    if isinstance(column.type, Enum) and value not in column.type.enums:
        return f"{shown(value)} is not one of {', '.join(column.type.enums)}"
    return None


def _place(given: Given, stored: gpd.GeoDataFrame | None, faults: list[FeatureFault]) -> shapely.Geometry:
    """Where the feature is: where it was, unless it was moved; then it must meet the province."""
    before = None if stored is None else stored.geometry.iloc[0]
    if before is not None and (given.shape is None or _is_same_place(given.shape, before)):
        return before
    area = get_settings().province.bounds
    if count_outside(gpd.GeoSeries([given.shape], crs=STORAGE_SRID), area):
        limits = f"{area.west:g} to {area.east:g} E, {area.south:g} to {area.north:g} N"
        faults.append(FeatureFault("geometry", f"it lies outside the province, {limits}"))
    return given.shape


def _is_same_place(shape: shapely.Geometry, before: shapely.Geometry) -> bool:
    # Rings of an answer run the other way round where RFC 7946 asks for it.
    return bool(shapely.equals_exact(shape.normalize(), before.normalize(), _SAME_PLACE_DEG))


def _check_derived(
    layer: Layer, rows: gpd.GeoDataFrame, given: Given, stored: gpd.GeoDataFrame | None
) -> None:
    """Fit what was derived to its column, and refuse a value that is given and does not follow."""
    faults: list[FeatureFault] = []
    columns = columns_of(layer)
    for name in layer.derived:
        if name not in columns:
            continue
        converted = convert(layer, columns[name], rows[name])
        if converted.faults[0] is not None:
            faults.append(FeatureFault(name, str(converted.faults[0]).removeprefix(f"{name} ")))
        elif converted.values.isna().iloc[0] and not columns[name].nullable:
            faults.append(FeatureFault(name, "it is missing and does not follow from the rest"))
        elif not _may_stand(given.properties.get(name), converted.values.iloc[0], name, stored):
            faults.append(FeatureFault(name, f"it follows from the rest, as {converted.values.iloc[0]}"))
        rows[name] = converted.values
    if layer.judge is not None:
        judged = layer.judge(rows)[0]
        if judged is not None:
            faults.append(FeatureFault("properties", judged))
    if faults:
        raise InvalidFeatureError(faults)


def _may_stand(said: Any, result: Any, name: str, stored: gpd.GeoDataFrame | None) -> bool:
    """Whether what is said of a derived value is nothing, what follows, or what was read before."""
    return said is None or said == result or stored is None or said == stored[name].iloc[0]


def _identifier(
    layer: Layer, member: Any, properties: dict[str, Any], faults: list[FeatureFault]
) -> str | None:
    """What the feature calls itself, as member ``id``, as a property or both; None where it does not."""
    name = layer.id_column.name
    said = [value for value in (member, properties.get(name)) if value is not None]
    if not said:
        return None
    if any(not isinstance(value, str) for value in said):
        faults.append(FeatureFault(name, "the identifier is not a text"))
        return None
    text: str = said[0]
    if any(value != text for value in said):
        faults.append(FeatureFault(name, f"it is {shown(said[1])}, and the member 'id' is {shown(text)}"))
    elif not text or text != text.strip() or len(text) > _LONGEST_ID or not text.isprintable():
        reason = f"an identifier has 1 to {_LONGEST_ID} printable characters, and no space at its ends"
        faults.append(FeatureFault(name, reason))
    return text


def _shape(
    layer: Layer, geometry: Any, crs: OutputCRS, faults: list[FeatureFault]
) -> shapely.Geometry | None:
    """A geometry as the layer stores it, None after a fault."""
    reasons = no_faults(1)
    text = None if geometry is None else json.dumps(geometry)
    shapes: np.ndarray[Any, Any] = read_shapes([text], reasons)
    if crs.y_first:
        shapes = np.asarray(shapely.transform(shapes, lambda coordinates: coordinates[:, ::-1]), dtype=object)
    if reasons[0] is None:
        reference = CRS.from_epsg(crs.srid)
        fitted = fit_shapes(shapes, reasons, reference, layer.geometry_type, get_settings().province.bounds)
        if fitted.faults[0] is None and len(fitted.shapes) == 1:
            return fitted.shapes[0]
        reasons[0] = fitted.faults[0] or f"it is in {len(fitted.shapes)} pieces"
    faults.append(FeatureFault("geometry", str(reasons[0])))
    return None
