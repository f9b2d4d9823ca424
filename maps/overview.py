"""The map of everything: every declared layer in its own style, in one layer control."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, select

from gis_core.config import Settings
from gis_core.time import Window
from gis_core.types import Text
from layers.base import Layer
from layers.read import read
from layers.registry import LAYERS, SURFACES
from layers.store import latest
from maps import texts
from maps.base import Ground, SurfacePicture, new_map, read_ground, read_surface
from maps.page import Entry, Legend, MapPage, Shape, surface_legend, surface_remark
from maps.request import Ask, ending, ending_after_latest
from maps.style import Pictured, draw, path_of_style, popup_of_layer, simulated_in
from maps.words import Language, pick

DEFAULT_WINDOW = timedelta(hours=24)
MOST_FEATURES = 1_200
"""Of one layer, so that the page stays light."""


@dataclass(frozen=True)
class LayerRows:
    """The rows of a layer that the map carries, and how many there are in all."""

    layer: Layer
    rows: gpd.GeoDataFrame
    total: int


@dataclass(frozen=True)
class OverviewData:
    """What the map of everything shows; the window is that of the things that happened."""

    ground: Ground
    window: Window | None
    layers: tuple[LayerRows, ...]
    surfaces: tuple[SurfacePicture, ...]


def read_overview(connection: Connection, settings: Settings, ask: Ask) -> OverviewData:
    """Every layer, and of things that happened the last day before the instant asked for."""
    window = _window(connection, ask)
    ground = read_ground(connection, settings)
    surfaces = [read_surface(surface, settings) for surface in SURFACES.values()]
    return OverviewData(
        ground,
        window,
        tuple(_read_layer(connection, layer, window) for layer in LAYERS.values()),
        tuple(surface for surface in surfaces if surface is not None),
    )


def draw_overview(data: OverviewData, settings: Settings, language: Language) -> MapPage:
    """The map of everything."""
    canvas = new_map(data.ground, settings, language, bare=True)
    for surface in data.surfaces:
        band = surface.layer.bands[0]
        Pictured(pick(band.title, language), surface.pictures[0], opacity=0.65, show=False).add_to(canvas)
    for shown in data.layers:
        layer = shown.layer
        draw(
            pick(layer.title, language),
            shown.rows,
            path_of_style(layer.style, layer.geometry_type),
            language,
            popup_of_layer(layer),
            tolerance_m=40,
            show=layer.loadable and layer.time_column is None,
        ).add_to(canvas)
    folium.LayerControl().add_to(canvas)
    return MapPage(
        "all",
        texts.ALL,
        texts.ALL_LEAD,
        data.window,
        canvas,
        (
            *(_legend(shown) for shown in data.layers),
            *(surface_legend(surface.layer.bands[0]) for surface in data.surfaces),
        ),
        remarks=_remarks(data),
        simulated=simulated_in(*(shown.rows for shown in data.layers))
        or any(surface.record.simulated for surface in data.surfaces),
    )


def _window(connection: Connection, ask: Ask) -> Window | None:
    duration = ask.window or DEFAULT_WINDOW
    if ask.at is not None:
        return ending(ask.at, duration)
    # What people decide about old events is no newer data: only what sources bring sets the clock.
    moments = [
        latest(connection, layer)
        for layer in LAYERS.values()
        if layer.time_column is not None and layer.loadable
    ]
    newest = max((instant for instant in moments if instant is not None), default=None)
    return None if newest is None else ending_after_latest(newest, duration)


def _read_layer(connection: Connection, layer: Layer, window: Window | None) -> LayerRows:
    table = layer.table
    if layer.time_column is None:
        counted = select(func.count()).select_from(table).where(*layer.membership)
        total = connection.execute(counted).scalar_one()
        return LayerRows(layer, read(connection, layer, limit=MOST_FEATURES), total)
    if window is None:
        return LayerRows(layer, read(connection, layer, limit=0), 0)
    at = table.c[layer.time_column]
    inside = (*layer.membership, at >= window.start, at < window.end)
    total = connection.execute(select(func.count()).select_from(table).where(*inside)).scalar_one()
    parts = [_newest(connection, layer, condition, inside) for condition in _classes(layer)]
    rows = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    return LayerRows(layer, rows, total)


def _newest(
    connection: Connection,
    layer: Layer,
    condition: ColumnElement[bool],
    inside: tuple[ColumnElement[bool], ...],
) -> gpd.GeoDataFrame:
    """The newest things of a class, and of several at one place the last."""
    at = layer.table.c[str(layer.time_column)]
    share = MOST_FEATURES // max(1, len(layer.style.classes))
    newest = select(layer.id_column).where(condition, *inside).order_by(at.desc()).limit(share)
    rows = read(connection, layer, *inside, layer.id_column.in_(newest))
    return rows.sort_values(layer.time_column).drop_duplicates("geometry", keep="last")


def _classes(layer: Layer) -> list[ColumnElement[bool]]:
    """One condition for each class of the layer's style, so that the frequent do not crowd out the rare."""
    if layer.style.column is None:
        return [layer.id_column.is_not(None)]
    column = layer.table.c[layer.style.column]
    return [column == entry.value for entry in layer.style.classes]


def _legend(shown: LayerRows) -> Legend:
    layer, style = shown.layer, shown.layer.style
    shape = _shape_of(layer)
    opacity = max(style.fill_opacity, 0.25) if shape == "area" else 1.0
    entries = [Entry(entry.label, entry.color, shape, style.size_px, opacity) for entry in style.classes]
    if not entries:
        entries = [Entry(layer.title, style.color, shape, style.size_px, opacity)]
    elif _has_others(shown):
        entries.append(Entry(texts.OTHERS, style.color, shape, style.size_px, opacity))
    return Legend(layer.title, tuple(entries))


def _has_others(shown: LayerRows) -> bool:
    named = {entry.value for entry in shown.layer.style.classes}
    return bool(len(shown.rows)) and not set(shown.rows[shown.layer.style.column]) <= named


def _shape_of(layer: Layer) -> Shape:
    if layer.geometry_type == "POINT":
        return "dot"
    return "line" if layer.geometry_type.endswith("LINESTRING") else "area"


def _remarks(data: OverviewData) -> tuple[Text, ...]:
    built: dict[str, Any] = {surface.layer.name: surface.record for surface in data.surfaces}
    remarks = [texts.EMPTY] if not any(shown.total for shown in data.layers) else []
    remarks += [
        texts.limited(shown.layer.title, len(shown.rows), shown.total)
        for shown in data.layers
        if len(shown.rows) < shown.total
    ]
    remarks += [
        surface_remark(surface.title, built.get(surface.name), data.window) for surface in SURFACES.values()
    ]
    return tuple(remarks)
