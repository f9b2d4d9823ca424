"""OGC Features and Geometries JSON (JSON-FG 1.0, OGC 21-045r1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from gis_core.crs import OutputCRS
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Text
from layers.base import Layer
from layers.downloads.texts import feature_pieces
from layers.feature_sql import Form
from layers.query import FeatureQuery
from ogc_api.features.formats.base import Format, Members, collection_pieces

CONFORMANCE = (
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
)
PROFILES: dict[str, Form] = {"rfc7946": "geojson", "jsonfg": "jsonfg", "jsonfg-plus": "jsonfg-plus"}
"""The profiles of GeoJSON, which say how much of JSON-FG stands in it."""

_DIMENSIONS = {"POINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1, "POLYGON": 2, "MULTIPOLYGON": 2}


def form_of(wanted: Format, profile: str | None) -> Form:
    """How features are written in a format and, where one is asked for, by a profile.

    Raises:
        InvalidParameterError: there is no such profile, or the format has none, or not that one.
    """
    if profile is None:
        return "jsonfg" if wanted is FORMAT else "geojson"
    if profile not in PROFILES:
        raise InvalidParameterError("profile", f"{quoted(profile)} is not one of: {', '.join(PROFILES)}.")
    if not wanted.is_object:
        raise InvalidParameterError("profile", "only f=json and f=jsonfg have profiles.")
    if wanted is FORMAT and profile == "rfc7946":
        raise InvalidParameterError("profile", "f=jsonfg is more than rfc7946; ask for f=json.")
    return PROFILES[profile]


def members_of(base: str, layer: Layer, crs: OutputCRS, form: Form) -> dict[str, Any]:
    """What JSON-FG says once for all features, or of the only one; nothing in plain GeoJSON."""
    if form == "geojson":
        return {}
    return {
        "conformsTo": list(CONFORMANCE),
        "featureType": layer.name,
        "featureSchema": f"{base}/collections/{layer.name}/schema",
        "coordRefSys": crs.uri,
    }


def collection_members_of(base: str, layer: Layer, crs: OutputCRS, form: Form) -> dict[str, Any]:
    """``members_of``, and the dimension that all geometries have."""
    if form == "geojson":
        return {}
    return {**members_of(base, layer, crs, form), "geometryDimension": _DIMENSIONS[layer.geometry_type]}


def _pieces(connection: Connection, query: FeatureQuery, members: Members) -> Iterator[bytes]:
    return collection_pieces(members, feature_pieces(connection, query, b",\n"))


FORMAT = Format(
    name="jsonfg",
    media_type="application/vnd.ogc.fg+json",
    title=Text("JSON-FG", "JSON-FG"),
    ending=".fg.json",
    pieces=_pieces,
    is_object=True,
)
