"""Geometries that are invalid by OGC Simple Features, and features outside the province."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, func, not_, or_

from gis_core.crs import STORAGE_SRID
from gis_core.types import Bounds, Text
from layers.base import Layer
from layers.quality.base import Check, Finding, Scope, said
from layers.quality.suspects import Suspects, read_suspects

_AT = re.compile(r"^(.*?)\s*\[(\S+) (\S+)\]$")
_EMPTY = Text("không có tọa độ nào", "it has no coordinates")
_REASONS = {
    "Self-intersection": Text("tự cắt chính nó", "it crosses itself"),
    "Ring Self-intersection": Text("đường biên tự chạm", "its boundary touches itself"),
    "Hole lies outside shell": Text("lỗ nằm ngoài đường biên", "a hole lies outside its boundary"),
    "Nested shells": Text("các phần chồng lên nhau", "its parts overlap"),
    "Interior is disconnected": Text("phần trong bị chia cắt", "its interior is cut apart"),
    "Too few points in geometry component": Text("quá ít đỉnh", "it has too few vertices"),
    "Invalid Coordinate": Text("tọa độ không phải số hữu hạn", "a coordinate is not a finite number"),
}


def read_invalid(connection: Connection, scope: Scope) -> Suspects:
    """Features whose geometry is invalid or empty."""
    return read_suspects(connection, scope, _is_invalid)


def find_invalid(suspects: Suspects, scope: Scope) -> Iterator[Finding]:
    """One finding for each geometry that is invalid or empty, at the place of the fault."""
    for layer, row in _rows(suspects):
        shape = row.geometry
        if shape.is_empty:
            yield _finding(layer, row, _invalid(_EMPTY), None)
        elif not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            located = _AT.match(reason)
            kind = located[1] if located else reason
            place = shapely.Point(float(located[2]), float(located[3])) if located else None
            yield _finding(layer, row, _invalid(_REASONS.get(kind, Text(kind, kind))), place)


def read_outside(connection: Connection, scope: Scope) -> Suspects:
    """Features whose box does not meet that of the province."""
    box = func.ST_MakeEnvelope(*scope.bounds, STORAGE_SRID)
    return read_suspects(connection, scope, lambda layer: not_(layer.geometry_column.intersects(box)))


def find_outside(suspects: Suspects, scope: Scope) -> Iterator[Finding]:
    """One finding for each feature that lies wholly outside the province, simulated or not."""
    for layer, row in _rows(suspects):
        limits = np.asarray(row.geometry.bounds)
        if not np.isfinite(limits).all() or limits.size == 0 or _meet(limits, scope.bounds):
            continue
        swapped = _meet(limits[[1, 0, 3, 2]], scope.bounds)
        west, south = float(limits[0]), float(limits[1])
        sentence = said(
            "Nằm ngoài tỉnh, tại {lon}, {lat}{hint}.",
            "It lies outside the province, at {lon}, {lat}{hint}.",
            lon=f"{west:.5f}",
            lat=f"{south:.5f}",
            hint=_SWAPPED if swapped else Text("", ""),
        )
        yield _finding(layer, row, sentence, shapely.Point(west, south))


_SWAPPED = Text("; kinh độ và vĩ độ có lẽ bị đổi chỗ", "; longitude and latitude seem to have changed places")


def _is_invalid(layer: Layer) -> ColumnElement[bool]:
    shape = layer.geometry_column
    empty = func.ST_IsEmpty(shape)
    # A point that is not empty is valid, and the largest layers are of points.
    return empty if layer.geometry_type == "POINT" else or_(empty, not_(func.ST_IsValid(shape)))


def _invalid(reason: Text) -> Text:
    return said("Hình học không hợp lệ: {reason}.", "The geometry is invalid: {reason}.", reason=reason)


def _meet(limits: Any, bounds: Bounds) -> bool:
    west, south, east, north = limits
    return bool(
        west <= bounds.east and east >= bounds.west and south <= bounds.north and north >= bounds.south
    )


def _rows(suspects: Suspects) -> Iterator[tuple[str, Any]]:
    for layer, features in suspects.items():
        for row in features.itertuples(index=False):
            yield layer, row


def _finding(layer: str, row: Any, sentence: Text, place: BaseGeometry | None) -> Finding:
    return Finding(layer, row.feature_id, sentence, place, bool(row.simulated))


INVALID = Check("invalid_geometry", "error", None, read_invalid, find_invalid)
OUTSIDE = Check("outside_province", "error", None, read_outside, find_outside)
