"""GeoJSON (RFC 7946), with the ``crs`` member of its 2008 edition."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.errors import GEOSException

from gis_core.errors import IngestError
from layers.ingest.reference import WGS84, settle_crs
from layers.ingest.source import BATCH_ROWS, Batch, Reader, Request, Source, no_faults, shown

_GEOMETRIES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)


def _accepts(path: Path, head: bytes, request: Request) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def _open(path: Path, request: Request) -> Source:
    document = _parse(path)
    features = _features(path, document)
    if not features:
        raise IngestError(str(path), None, "the file holds no features.")
    notes: list[str] = []
    # In the 2008 edition a null crs says that nobody knows; without the member it is WGS 84.
    found = crs_name(path, document["crs"]) if "crs" in document else WGS84
    if "crs" not in document and request.crs is not None:
        notes.append(f"The CRS is {request.crs} as asked; GeoJSON without a word on it is in WGS 84.")
        found = None
    crs = settle_crs(path, found, request, notes)
    return Source(path, "feature", crs, _names(features), _batches(features), notes)


READER = Reader("GeoJSON", _accepts, _open)


def _parse(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise IngestError(
            str(path), None, f"the file is not UTF-8 text (at byte {error.start:,})."
        ) from error
    except json.JSONDecodeError as error:
        cut_off = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        what = "the file is cut off" if cut_off else f"the file is no valid JSON ({error.msg})"
        raise IngestError(
            str(path), None, f"{what}, at line {error.lineno}, column {error.colno}."
        ) from error
    except ValueError as error:
        raise IngestError(
            str(path), None, "the file holds a number of more digits than any number here can have."
        ) from error
    except RecursionError as error:
        raise IngestError(str(path), None, "the file is nested too deeply to be GeoJSON.") from error
    if not isinstance(document, dict):
        raise IngestError(str(path), None, "the file is JSON, but not a GeoJSON object.")
    return document


def _features(path: Path, document: dict[str, Any]) -> list[Any]:
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[Any] = document["features"]
        return features
    if kind == "Feature":
        return [document]
    if isinstance(kind, str) and kind in _GEOMETRIES:
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise IngestError(str(path), None, _what_else(document))


def _what_else(document: dict[str, Any]) -> str:
    if isinstance(document.get("elements"), list):
        return (
            "this is a raw answer of the Overpass API, not GeoJSON; convert it with osmtogeojson, "
            "or export GeoJSON from overpass turbo."
        )
    if document.get("type") == "Topology":
        return "this is TopoJSON; convert it to GeoJSON first, for example with ogr2ogr."
    if "geometryType" in document or "spatialReference" in document:
        return "this is Esri JSON; ask that server for f=geojson."
    return "the file is JSON, but has no 'type' of GeoJSON with 'features'."


def crs_name(path: Path, member: Any) -> str | None:
    """The reference system that a ``crs`` member of GeoJSON names, None where it is null."""
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise IngestError(
            str(path), None, "its 'crs' member names no reference system; give it with --crs EPSG:n."
        )
    return name


def _names(features: list[Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for feature in features:
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict):
            names |= dict.fromkeys(filter(_is_text, feature["properties"]))
    if "id" not in names and any(isinstance(feature, dict) and "id" in feature for feature in features):
        names["id"] = None
    return tuple(names)


def _is_text(name: str) -> bool:
    """Whether a name can be written at all; JSON allows half a pair of surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


def _batches(features: list[Any]) -> Iterator[Batch]:
    names = _names(features)
    for start in range(0, len(features), BATCH_ROWS):
        part = features[start : start + BATCH_ROWS]
        faults = no_faults(len(part))
        properties: list[dict[str, Any]] = []
        texts: list[str | None] = []
        for row, feature in enumerate(part):
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                faults[row] = "it is not a GeoJSON Feature"
                properties.append({})
                texts.append(None)
                continue
            own = feature.get("properties") or {}
            if not isinstance(own, dict):
                faults[row] = faults[row] or f"its properties are {shown(own)}, not an object"
                own = {}
            properties.append({"id": feature.get("id"), **own})
            geometry = feature.get("geometry")
            texts.append(None if geometry is None else json.dumps(geometry))
        columns = {name: pd.Series([own.get(name) for own in properties], dtype=object) for name in names}
        shapes = read_shapes(texts, faults)
        numbers = np.arange(start + 1, start + len(part) + 1)
        yield Batch(
            numbers,
            pd.DataFrame(columns, index=range(len(part))),
            shapes,
            faults,
            (start + len(part)) / len(features),
            given=part,
        )


def read_shapes(texts: list[str | None], faults: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Geometries written as GeoJSON; what cannot be read is None, and noted in ``faults``."""
    array = np.array(texts, dtype=object)
    with warnings.catch_warnings():
        # 1e400 overflows to infinity with a warning; it is refused later as not finite.
        warnings.simplefilter("ignore", RuntimeWarning)
        shapes = np.asarray(shapely.from_geojson(array, on_invalid="ignore"), dtype=object)
        for row in np.flatnonzero(shapely.is_missing(shapes)):
            if texts[row] is not None and faults[row] is None:
                faults[row] = f"its geometry cannot be read: {_why(texts[row])}"
    return shapes


def _why(text: str | None) -> str:
    try:
        shapely.from_geojson(text)
    except GEOSException as error:
        return shown(str(error).split(": ", 1)[-1], 80).strip("'")
    return "unknown reason"
