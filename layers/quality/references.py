"""Codes by which one layer names features of another: whether those exist, and lie where they must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
from sqlalchemy import Connection, select

from gis_core.crs import to_metric
from layers import cameras, flood_spots, road_segments
from layers.quality.base import Check, Finding, Scope, said
from layers.read import read

_CAMERA = cameras.LAYER.table.c
_SPOT = flood_spots.LAYER.table.c
_SEGMENT = road_segments.LAYER.table.c


@dataclass(frozen=True)
class Watching:
    """Features that name others by a code, and those of the others that exist."""

    watchers: gpd.GeoDataFrame
    watched: gpd.GeoDataFrame


def read_cameras(connection: Connection, scope: Scope) -> Watching:
    """Cameras that name a road segment, with the segments that they name."""
    named = select(_CAMERA.road_segment_code)
    return Watching(
        read(
            connection,
            cameras.LAYER,
            _CAMERA.road_segment_code.is_not(None),
            columns=("name", "road_segment_code", "range_m", "simulated"),
        ),
        read(connection, road_segments.LAYER, _SEGMENT.code.in_(named), columns=()),
    )


def find_unknown_segments(found: Watching, scope: Scope) -> Iterator[Finding]:
    """One finding for each camera whose segment is in no road network."""
    known = frozenset(found.watched["code"])
    for row in found.watchers.itertuples(index=False):
        if row.road_segment_code not in known:
            sentence = said(
                "Camera {name} quan sát đoạn đường {segment}, nhưng không có đoạn đường này.",
                "Camera {name} watches road segment {segment}, which does not exist.",
                name=row.name,
                segment=row.road_segment_code,
            )
            yield Finding("cameras", row.code, sentence, row.geometry, bool(row.simulated))


def find_distant_segments(found: Watching, scope: Scope) -> Iterator[Finding]:
    """One finding for each camera whose segment lies beyond its range, measured in EPSG:9214."""
    segments = found.watched.set_index("code").geometry
    near = found.watchers[found.watchers["road_segment_code"].isin(segments.index)]
    shapes = gpd.GeoSeries(
        segments.reindex(near["road_segment_code"]).to_numpy(), index=near.index, crs=found.watched.crs
    )
    distances_m = to_metric(near.geometry).distance(to_metric(shapes))
    for row, distance_m in zip(near.itertuples(index=False), distances_m, strict=True):
        if distance_m > row.range_m:
            sentence = said(
                "Camera {name} nhìn xa {range} m, nhưng đoạn đường {segment} cách {distance} m.",
                "Camera {name} sees {range} m far, but its road segment {segment} is {distance} m away.",
                name=row.name,
                range=float(row.range_m),
                segment=row.road_segment_code,
                distance=float(distance_m),
            )
            yield Finding("cameras", row.code, sentence, row.geometry, bool(row.simulated))


def read_flood_spots(connection: Connection, scope: Scope) -> Watching:
    """Flood spots that name a camera, with the cameras that they name."""
    named = select(_SPOT.camera_code)
    return Watching(
        read(
            connection,
            flood_spots.LAYER,
            _SPOT.camera_code.is_not(None),
            columns=("name", "camera_code", "simulated"),
        ),
        read(connection, cameras.LAYER, _CAMERA.code.in_(named), columns=()),
    )


def find_unknown_cameras(found: Watching, scope: Scope) -> Iterator[Finding]:
    """One finding for each flood spot whose camera is unknown."""
    known = frozenset(found.watched["code"])
    for row in found.watchers.itertuples(index=False):
        if row.camera_code not in known:
            sentence = said(
                "Điểm ngập {name} được theo dõi bởi camera {camera}, nhưng không có camera này.",
                "Flood spot {name} is watched by camera {camera}, which does not exist.",
                name=row.name,
                camera=row.camera_code,
            )
            yield Finding("flood_spots", row.code, sentence, row.geometry, bool(row.simulated))


_CAMERAS = frozenset({"cameras"})
UNKNOWN_SEGMENT = Check("unknown_segment", "error", _CAMERAS, read_cameras, find_unknown_segments)
DISTANT_SEGMENT = Check("distant_segment", "warning", _CAMERAS, read_cameras, find_distant_segments)
UNKNOWN_CAMERA = Check(
    "unknown_camera", "error", frozenset({"flood_spots"}), read_flood_spots, find_unknown_cameras
)
