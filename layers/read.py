"""Rows out of the tables as GeoDataFrames, for analysis, maps and export."""

from __future__ import annotations

import geopandas as gpd
import shapely
from sqlalchemy import ColumnElement, Connection, func, select

from gis_core.crs import STORAGE_SRID
from gis_core.time import Window
from gis_core.types import Bounds
from layers.base import Layer
from layers.frames import read_frame


def read(
    connection: Connection,
    layer: Layer,
    *conditions: ColumnElement[bool],
    bounds: Bounds | None = None,
    window: Window | None = None,
    columns: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """The features of a layer in EPSG:4326.

    Args:
        connection: where to read.
        layer: what to read.
        conditions: further SQLAlchemy conditions on ``layer.table``.
        bounds: only features that meet this box, EPSG:4326.
        window: only features whose time lies in it; the layer must have a time column.
        columns: names of properties to read, all of them by default; the identifier always comes.
        limit: at most so many.

    Returns:
        One row per feature; times are aware UTC.
    """
    shown = [column for column in layer.properties if columns is None or column.name in columns]
    wkb = func.ST_AsBinary(layer.shown_geometry, type_=None).label("_wkb")
    query = select(layer.id_column, *shown, wkb).where(*layer.membership, *conditions)
    if bounds is not None:
        box = func.ST_MakeEnvelope(*bounds, STORAGE_SRID)
        query = query.where(layer.meets(box))
    if window is not None:
        query = query.where(layer.event_time >= window.start, layer.event_time < window.end)
    query = query.order_by(layer.id_column).limit(limit)
    frame = read_frame(connection, query)
    shapes = shapely.from_wkb(frame.pop("_wkb").map(bytes).to_numpy()) if len(frame) else []
    frame = frame.drop(columns="_wkb", errors="ignore")
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=STORAGE_SRID))
