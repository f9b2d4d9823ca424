"""The map of traffic: density on the segments that cameras see, and as a surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, case, func, select

from gis_core.analysis.traffic import LEVELS, level_of_service, passenger_car_units, segment_density
from gis_core.config import Settings
from gis_core.time import Window, parse_duration
from gis_core.types import Bounds, FloatArray, Text
from layers import cameras, road_segments
from layers.camera_counts import read_counts, read_views
from layers.read import read
from layers.registry import SURFACES
from maps import texts
from maps.base import Ground, SurfacePicture, new_map, read_ground, read_surface
from maps.fire import latest_of
from maps.page import Entry, Legend, MapPage, Table, is_of_time, surface_legend, surface_remark
from maps.request import Ask, ending, ending_after_latest
from maps.style import Path, Pictured, Popup, draw, simulated_in
from maps.words import Language, amount, fill, number, pick

MOST_SEGMENTS = 4_000
SURFACE = "vehicle-density"
NOT_OBSERVED = "#9aa0a6"
_MOST_IN_TABLE = 8
_VIEW_SHARE = 0.12
"""Of the observed segments, left out of the first view on each side."""

_SEGMENT = road_segments.LAYER.table.c


@dataclass(frozen=True, slots=True)
class DensityClass:
    """A class of the legend: from so many vehicles per km upwards."""

    from_veh_km: float
    color: str
    width_px: float
    label: Text


CLASSES = (
    DensityClass(0, "#1a9850", 3.5, Text("dưới 5", "under 5")),
    DensityClass(5, "#91cf60", 4.0, Text("5–10", "5–10")),
    DensityClass(10, "#f2c230", 4.5, Text("10–20", "10–20")),
    DensityClass(20, "#fc8d59", 5.0, Text("20–40", "20–40")),
    DensityClass(40, "#d73027", 5.5, Text("40–80", "40–80")),
    DensityClass(80, "#7f0000", 6.0, Text("từ 80", "80 and more")),
)


@dataclass(frozen=True)
class TrafficData:
    """What the map of traffic shows; ``total`` counts all segments, drawn or not."""

    ground: Ground
    window: Window | None
    segments: gpd.GeoDataFrame
    total: int
    surface: SurfacePicture | None


def read_traffic(connection: Connection, settings: Settings, ask: Ask) -> TrafficData:
    """Segments with their density in the window, by default the settings' one up to the latest vehicle."""
    window = traffic_window(connection, settings, ask)
    segments = _read_segments(connection)
    total = connection.execute(select(func.count()).select_from(road_segments.LAYER.table)).scalar_one()
    counts = read_counts(connection, window) if window else pd.DataFrame()
    if window is not None and not counts.empty:
        # Where no camera at all reported, silence is a failure and not an empty road.
        segments = with_density(segments, read_views(connection, window), counts)
    return TrafficData(
        read_ground(connection, settings), window, segments, total, read_surface(SURFACES[SURFACE], settings)
    )


def traffic_window(connection: Connection, settings: Settings, ask: Ask) -> Window | None:
    """The window asked for, None where no vehicle has ever been seen and no time was named."""
    duration: timedelta = ask.window or parse_duration(settings.surfaces.vehicle_density.window)
    if ask.at is not None:
        return ending(ask.at, duration)
    latest = latest_of(connection, ("vehicle",))
    return None if latest is None else ending_after_latest(latest, duration)


def with_density(segments: gpd.GeoDataFrame, views: pd.DataFrame, counts: pd.DataFrame) -> gpd.GeoDataFrame:
    """Segments with what their cameras say of them.

    Args:
        segments: the layer's rows, with ``code`` and ``lanes``.
        views: see ``layers.camera_counts.read_views``.
        counts: see ``layers.camera_counts.read_counts``.

    Returns:
        The same rows with ``veh_km`` and ``pc_km_ln`` (NaN where not observed), ``level``
        (index into ``LEVELS``, -1 where unknown), ``vehicles``, ``frames``,
        ``seen_length_m``, ``seen_part`` (of the segment's length, at most all of it),
        ``veh_km_sigma`` (see ``layers.corridors.hourly_density``) and ``camera_count``.
    """
    weighted = counts.assign(cars=counts["vehicles"] * counts["class_name"].map(passenger_car_units))
    by_camera = weighted.groupby("camera_code")[["vehicles", "cars"]].sum()
    rows = views.assign(
        segment=pd.Index(segments["code"]).get_indexer(views["segment_code"]),
        vehicles=views["camera_code"].map(by_camera["vehicles"]).fillna(0.0),
        cars=views["camera_code"].map(by_camera["cars"]).fillna(0.0),
    )
    rows = rows[(rows["segment"] >= 0) & (rows["seen_length_m"] > 0)]
    rows = rows.assign(sampled_km=rows["frames"] * rows["seen_length_m"] / 1000)
    veh_km = _density(rows, "vehicles", len(segments))
    lanes = segments["lanes"].astype(float).to_numpy()
    pc_km_ln = _density(rows, "cars", len(segments)) / lanes
    seen = rows.groupby("segment").agg(
        vehicles=("vehicles", "sum"),
        frames=("frames", "sum"),
        seen_length_m=("seen_length_m", "sum"),
        sampled_km=("sampled_km", "sum"),
        camera_count=("camera_code", "count"),
    )
    told = seen.reindex(range(len(segments)), fill_value=0).set_index(segments.index)
    sampled_km = told.pop("sampled_km").astype(float)
    return segments.assign(
        veh_km=veh_km,
        pc_km_ln=pc_km_ln,
        level=level_of_service(pc_km_ln),
        seen_part=(told["seen_length_m"] / segments["length_m"]).clip(upper=1.0),
        veh_km_sigma=np.sqrt(np.maximum(told["vehicles"].astype(float), 1.0))
        / sampled_km.where(sampled_km > 0),
        **told,
    )


def draw_traffic(data: TrafficData, settings: Settings, language: Language) -> MapPage:
    """The map of traffic."""
    surface = SURFACES[SURFACE]
    seen = (
        data.segments[data.segments["veh_km"].notna()]
        if "veh_km" in data.segments
        else data.segments.iloc[:0]
    )
    unseen = data.segments.drop(seen.index)
    canvas = new_map(data.ground, settings, language, bounds=_view(seen))
    if data.surface is not None:
        now = is_of_time(data.surface.record, data.window)
        Pictured(pick(surface.title, language), data.surface.pictures[0], opacity=0.6, show=now).add_to(
            canvas
        )
    draw(
        pick(texts.NOT_OBSERVED, language), unseen, _unseen_path, language, _unseen_popup, tolerance_m=10
    ).add_to(canvas)
    draw(
        pick(texts.SEGMENT_DENSITY, language),
        seen,
        _seen_path,
        language,
        _seen_popup(data.window),
        tolerance_m=10,
    ).add_to(canvas)
    folium.LayerControl().add_to(canvas)
    return MapPage(
        "traffic",
        texts.TRAFFIC,
        texts.TRAFFIC_LEAD,
        data.window,
        canvas,
        (_legend(), surface_legend(surface.bands[0])),
        (_table(seen),),
        _remarks(data, seen),
        simulated_in(data.segments) or (data.surface is not None and data.surface.record.simulated),
    )


def _view(seen: gpd.GeoDataFrame) -> Bounds | None:
    """Where most of the observed segments are: the town, without the lone cameras far out."""
    if seen.empty:
        return None
    boxes = seen.geometry.bounds
    middle = pd.DataFrame({"x": (boxes.minx + boxes.maxx) / 2, "y": (boxes.miny + boxes.maxy) / 2})
    low, high = middle.quantile(_VIEW_SHARE), middle.quantile(1 - _VIEW_SHARE)
    return Bounds(low["x"], low["y"], high["x"], high["y"])


def _read_segments(connection: Connection) -> gpd.GeoDataFrame:
    """The segments that cameras watch first, then by class and length, as many as a page carries."""
    camera = cameras.LAYER.table.c
    watched = select(camera.road_segment_code).where(camera.road_segment_code.is_not(None))
    rank = case(
        {name: order for order, name in enumerate(road_segments.ROAD_CLASSES)}, value=_SEGMENT.road_class
    )
    chosen = (
        select(_SEGMENT.code)
        .order_by(_SEGMENT.code.in_(watched).desc(), rank, _SEGMENT.length_m.desc(), _SEGMENT.code)
        .limit(MOST_SEGMENTS)
    )
    return read(connection, road_segments.LAYER, _SEGMENT.code.in_(chosen))


def _density(rows: pd.DataFrame, counted: str, segment_count: int) -> FloatArray:
    return segment_density(
        rows["segment"].to_numpy(np.int64),
        rows[counted].to_numpy(float),
        rows["frames"].to_numpy(float),
        rows["seen_length_m"].to_numpy(float),
        segment_count,
    )


def class_of(veh_km: float) -> DensityClass:
    """The class of the legend that a density falls into."""
    return next(entry for entry in reversed(CLASSES) if veh_km >= entry.from_veh_km)


def _seen_path(row: Any) -> Path:
    entry = class_of(row.veh_km)
    return {"color": entry.color, "weight": entry.width_px, "opacity": 0.95, "fill": False}


def _seen_popup(window: Window | None) -> Callable[[Any], Popup]:
    return lambda row: _popup_of_seen(row, window)


def _popup_of_seen(row: Any, window: Window | None) -> Popup:
    level = Text(LEVELS[row.level], LEVELS[row.level]) if row.level >= 0 else None
    return Popup(
        _name(row),
        (
            (texts.DENSITY, texts.vehicles_per_km(number(row.veh_km, 1))),
            (texts.STANDARD_ERROR, texts.vehicles_per_km(number(row.veh_km_sigma, 1))),
            (texts.CARS_PER_LANE, amount(row.pc_km_ln, "pc/km/ln", 1)),
            (texts.LEVEL_OF_SERVICE, level),
            (texts.VEHICLES_COUNTED, number(row.vehicles)),
            (texts.FRAMES, number(row.frames)),
            (texts.SEEN_LENGTH, amount(row.seen_length_m, "m")),
            (texts.SEEN_PART, amount(100 * row.seen_part, "%", 1)),
            (texts.CAMERAS, number(row.camera_count)),
            *_road_rows(row),
        ),
        simulated=row.simulated,
        origin=_origin(row.code, window),
    )


def _origin(code: str, window: Window | None) -> str | None:
    """The query that tells what a segment's numbers are made of, in the very window that is shown."""
    if window is None:
        return None
    return urlencode(
        {"segment": code, "at": window.end.isoformat(), "window": f"{window.duration_s / 60:g}min"}
    )


def _unseen_path(row: Any) -> Path:
    return {"color": NOT_OBSERVED, "weight": 2, "opacity": 0.85, "fill": False, "dashArray": "4 4"}


def _unseen_popup(row: Any) -> Popup:
    return Popup(_name(row), ((texts.DENSITY, texts.NOT_OBSERVED), *_road_rows(row)), simulated=row.simulated)


def _road_rows(row: Any) -> tuple[tuple[Text, Text | str | None], ...]:
    classes = {entry.value: entry.label for entry in road_segments.LAYER.style.classes}
    return (
        (texts.ROAD_NUMBER, row.ref),
        (texts.ROAD_CLASS, classes.get(row.road_class, texts.code(row.road_class))),
        (texts.LANES, None if pd.isna(row.lanes) else number(row.lanes)),
        (texts.CORRIDOR, row.corridor),
        (texts.GATEWAY, texts.YES if row.gateway else None),
        (texts.SEGMENT, row.code),
    )


def _name(row: Any) -> Text | str:
    return row.name if isinstance(row.name, str) else texts.UNNAMED_ROAD


def _legend() -> Legend:
    entries = tuple(Entry(entry.label, entry.color, "line", entry.width_px) for entry in reversed(CLASSES))
    unseen = Entry(texts.NOT_OBSERVED_LONG, NOT_OBSERVED, "line", 2, dashed=True)
    return Legend(texts.DENSITY_UNIT, (*entries, unseen))


def _table(seen: gpd.GeoDataFrame) -> Table:
    densest = seen.sort_values("veh_km", ascending=False).head(_MOST_IN_TABLE) if len(seen) else seen
    rows = tuple(
        (_name(row), _with_error(row), LEVELS[row.level] if row.level >= 0 else "–")
        for row in densest.itertuples(index=False)
    )
    return Table(texts.DENSEST, (texts.SEGMENT, texts.VEH_KM, texts.LEVEL_OF_SERVICE_SHORT), rows)


def _with_error(row: Any) -> Text:
    return fill(
        Text("{density} ± {error}", "{density} ± {error}"),
        density=number(row.veh_km, 1),
        error=number(row.veh_km_sigma, 1),
    )


def _remarks(data: TrafficData, seen: gpd.GeoDataFrame) -> tuple[Text, ...]:
    record = data.surface.record if data.surface else None
    remarks = [surface_remark(SURFACES[SURFACE].title, record, data.window)]
    if "veh_km" not in data.segments:
        remarks.insert(0, texts.NO_VEHICLES)
    elif len(data.segments):
        remarks.insert(0, texts.segments_observed(len(seen), data.total))
    if data.total > len(data.segments):
        remarks.append(texts.limited(road_segments.LAYER.title, len(data.segments), data.total))
    return tuple(remarks)
