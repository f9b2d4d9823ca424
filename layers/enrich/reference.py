"""The roads, wards and forest zones that detections are put on, read once and kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import shapely
from sqlalchemy import URL, Connection, func, select

from gis_core.analysis.areas import Areas
from gis_core.analysis.snapping import Network
from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from layers import forest_zones, road_segments, wards
from layers.base import Layer
from layers.versions import versions


class Reference(NamedTuple):
    """The layers that detections are enriched from: segments in EPSG:9214, areas in EPSG:4326."""

    network: Network
    wards: Areas
    zones: Areas


class _Kept(NamedTuple):
    """What was made of a layer's rows, and of which version of them, in which database."""

    database: URL
    version: int
    made: Any


_kept: dict[str, _Kept] = {}


def reference(connection: Connection) -> Reference:
    """The layers as this transaction sees them; read only where they changed since the last time."""
    tables = (road_segments.LAYER, wards.LAYER, forest_zones.LAYER)
    # The versions first: rows that come in between are then read again, and never taken for older ones.
    found = versions(connection, [layer.table.name for layer in tables])
    return Reference(
        *(
            _of(connection, layer, found[layer.table.name], make)
            for layer, make in zip(tables, (_network, Areas, Areas), strict=True)
        )
    )


def _of(
    connection: Connection,
    layer: Layer,
    version: int,
    make: Callable[[Sequence[str], Sequence[shapely.Geometry]], Any],
) -> Any:
    name, database = layer.table.name, connection.engine.url
    kept = _kept.get(name)
    if kept is None or (kept.database, kept.version) != (database, version):
        rows = connection.execute(
            select(layer.id_column, func.ST_AsBinary(layer.geometry_column, type_=None))
        ).all()
        shapes = shapely.from_wkb([bytes(row[1]) for row in rows])
        kept = _kept[name] = _Kept(database, version, make([row[0] for row in rows], shapes))
    return kept.made


def _network(codes: Sequence[str], lines: Sequence[shapely.Geometry]) -> Network:
    to_metric = transformer(STORAGE_SRID, METRIC_SRID)
    return Network(codes, shapely.transform(lines, to_metric.transform, interleaved=False))
