"""The map of fires: hotspots by status and age, over the forests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from sqlalchemy import ColumnElement, Connection, func, select

from gis_core.config import Settings
from gis_core.crs import to_metric
from gis_core.georeference import ellipse_polygons
from gis_core.time import Window
from gis_core.types import Text
from layers import detections, forest_zones
from layers.read import read
from maps import fire_events, texts
from maps.base import Ground, new_map, read_ground
from maps.page import Entry, Legend, MapPage, Table
from maps.request import Ask, ending, ending_after_latest
from maps.style import (
    Path,
    Popup,
    dot,
    draw,
    path_of_style,
    popup_of_layer,
    position_error_m,
    simulated_in,
    solution_titles,
)
from maps.words import Language, amount, moment, number, pick

DEFAULT_WINDOW = timedelta(days=7)
MOST_HOTSPOTS = 3_000
MOST_ELLIPSES = 400
"""Of the newest; more would hide what they lie on."""
_ELLIPSE: Path = {
    "color": "#5f5f5f",
    "weight": 1,
    "opacity": 0.8,
    "fillColor": "#9aa0a6",
    "fillOpacity": 0.12,
}

_SEEN = detections.LAYER.table.c
_SUBJECTS = ("forest_fire", "straw_burning")
_COLUMNS = (
    "detected_at", "camera_code", "subject", "class_name", "confidence", "status", "steward_agency",
    "solutions", "frp_mw", "cov_xx_m2", "cov_xy_m2", "cov_yy_m2", "origin", "simulated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A group of hotspots that is drawn alike."""

    name: str
    title: Text
    color: str


KINDS = (
    Kind("refuted", Text("Đã bác bỏ: không phải cháy", "Refuted: no fire"), "#757575"),
    Kind("straw_burning", Text("Đốt rơm rạ", "Straw burning"), "#c79a00"),
    Kind("observed", Text("Điểm nhiệt chưa xử lý", "Hotspot, not yet assessed"), "#7b3fa0"),
    Kind("resolved", Text("Cháy rừng đã xử lý xong", "Forest fire dealt with"), "#8d6e63"),
    Kind("suspected", Text("Nghi cháy rừng, chưa xác minh", "Suspected forest fire"), "#ef6c00"),
    Kind("verified", Text("Cháy rừng đã xác minh", "Verified forest fire"), "#c62828"),
)
"""From the least to the most urgent, so that the most urgent is drawn last, on top."""


@dataclass(frozen=True, slots=True)
class Age:
    """A class of age: up to this many hours, drawn so large and so strong."""

    up_to_h: float
    radius_px: float
    opacity: float
    label: Text


AGES = (
    Age(6, 9, 1.0, Text("dưới 6 giờ", "under 6 hours")),
    Age(24, 7.5, 0.85, Text("6–24 giờ", "6–24 hours")),
    Age(72, 6, 0.65, Text("1–3 ngày", "1–3 days")),
    Age(float("inf"), 4.5, 0.45, Text("trên 3 ngày", "over 3 days")),
)


@dataclass(frozen=True)
class FireData:
    """What the map of fires shows; ``total`` counts the hotspots of the window, drawn or not."""

    ground: Ground
    window: Window | None
    hotspots: gpd.GeoDataFrame
    total: int
    zones: gpd.GeoDataFrame
    events: fire_events.Events


def read_fire(connection: Connection, settings: Settings, ask: Ask) -> FireData:
    """The hotspots of the window asked for, by default the week before the latest one."""
    window = fire_window(connection, ask)
    wanted = _SEEN.subject.in_(_SUBJECTS)
    total, hotspots = 0, gpd.GeoDataFrame()
    if window is not None:
        inside: tuple[ColumnElement[bool], ...] = (
            wanted,
            _SEEN.detected_at >= window.start,
            _SEEN.detected_at < window.end,
        )
        total = connection.execute(
            select(func.count()).select_from(detections.LAYER.table).where(*inside)
        ).scalar_one()
        if total > MOST_HOTSPOTS:
            # Identifiers sort by time, so the last ones are the latest.
            newest = select(_SEEN.id).where(*inside).order_by(_SEEN.detected_at.desc()).limit(MOST_HOTSPOTS)
            inside = (*inside, _SEEN.id.in_(newest))
        hotspots = read(connection, detections.LAYER, *inside, columns=_COLUMNS)
    return FireData(
        read_ground(connection, settings),
        window,
        hotspots,
        total,
        read(connection, forest_zones.LAYER),
        fire_events.read_fire_events(connection, settings, window),
    )


def fire_window(connection: Connection, ask: Ask) -> Window | None:
    """The window asked for, None where no fire has ever been seen and no time was named."""
    duration = ask.window or DEFAULT_WINDOW
    if ask.at is not None:
        return ending(ask.at, duration)
    latest = latest_of(connection, _SUBJECTS)
    return None if latest is None else ending_after_latest(latest, duration)


def latest_of(connection: Connection, subjects: tuple[str, ...]) -> datetime | None:
    """The latest detection of these subjects, each looked up by its own index."""
    moments = [
        connection.execute(select(func.max(_SEEN.detected_at)).where(_SEEN.subject == subject)).scalar()
        for subject in subjects
    ]
    return max((instant for instant in moments if instant is not None), default=None)


def draw_fire(data: FireData, settings: Settings, language: Language) -> MapPage:
    """The map of fires."""
    canvas = new_map(data.ground, settings, language)
    draw(
        pick(forest_zones.LAYER.title, language),
        data.zones,
        path_of_style(forest_zones.LAYER.style, "MULTIPOLYGON"),
        language,
        popup_of_layer(forest_zones.LAYER),
        tolerance_m=40,
        # Where the danger of the day is known, its colours stand on the zones.
        show=data.events.danger.empty,
    ).add_to(canvas)
    fire_events.draw_danger(data.events, language, canvas)
    fire_events.draw_events(data.events, language, canvas)
    kinds = kinds_of(data.hotspots)
    if not data.hotspots.empty:
        draw(
            pick(texts.POSITION_ELLIPSE, language),
            ellipses_of(data.hotspots),
            lambda row: _ELLIPSE,
            language,
            tolerance_m=5,
        ).add_to(canvas)
    for kind in KINDS:
        here = data.hotspots[kinds == kind.name]
        if data.window is not None and not here.empty:
            draw(
                pick(kind.title, language),
                here,
                _path_of(kind, data.window.end),
                language,
                _popup_of(kind, data.window.end),
            ).add_to(canvas)
    folium.LayerControl().add_to(canvas)
    return MapPage(
        "fire",
        texts.FIRE,
        texts.FIRE_LEAD,
        data.window,
        canvas,
        (*_legends(), *fire_events.legends(data.events)),
        (_table(kinds), *fire_events.tables(data.events)),
        (*_remarks(data), *fire_events.remarks(data.events)),
        simulated_in(data.hotspots, data.zones, data.events.events, data.events.danger),
    )


def kinds_of(hotspots: gpd.GeoDataFrame) -> pd.Series:
    """The name of the ``Kind`` that each hotspot is drawn as."""
    if hotspots.empty:
        return pd.Series(dtype=object, index=hotspots.index)
    straw = (hotspots["subject"] == "straw_burning") & (hotspots["status"] != "refuted")
    return hotspots["status"].mask(straw, "straw_burning")


def ellipses_of(hotspots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The 95 % ellipses of the newest hotspots that have one, in EPSG:4326."""
    terms = ["cov_xx_m2", "cov_xy_m2", "cov_yy_m2"]
    newest = hotspots.dropna(subset=terms).nlargest(MOST_ELLIPSES, "detected_at")
    covariance = newest[terms].to_numpy(float)[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
    place = to_metric(newest.geometry)
    shapes = ellipse_polygons(place.x.to_numpy(), place.y.to_numpy(), covariance)
    ellipses = gpd.GeoSeries(shapes, index=newest.index, crs=place.crs).to_crs(newest.crs)
    return newest.set_geometry(ellipses)


def _age_of(detected_at: datetime, now: datetime) -> Age:
    hours = (now - detected_at).total_seconds() / 3600
    return next(age for age in AGES if hours <= age.up_to_h)


def _path_of(kind: Kind, now: datetime) -> Any:
    def path(row: Any) -> Path:
        age = _age_of(row.detected_at, now)
        strong = kind.name == "verified"
        return dot(
            kind.color,
            age.radius_px,
            opacity=age.opacity,
            ring="#1a1a1a" if strong else "#ffffff",
            ring_px=1.5 if strong else 1,
        )

    return path


def _popup_of(kind: Kind, now: datetime) -> Any:
    def popup(row: Any) -> Popup:
        return Popup(
            kind.title,
            (
                (texts.DETECTED_AT, moment(row.detected_at)),
                (texts.AGE, _age_of(row.detected_at, now).label),
                (texts.CLASS_NAME, texts.code(row.class_name)),
                (texts.CONFIDENCE, amount(_percent(row.confidence), "%")),
                (texts.RADIATIVE_POWER, amount(row.frp_mw, "MW", 1)),
                (texts.POSITION_ERROR, amount(position_error_m(row), "m")),
                (texts.SOLUTIONS, solution_titles(row.solutions)),
                (texts.CAMERA, row.camera_code),
                (texts.STEWARD, row.steward_agency),
                (texts.ORIGIN, row.origin),
            ),
            simulated=row.simulated,
        )

    return popup


def _percent(share: float | None) -> float | None:
    return None if share is None or pd.isna(share) else 100 * share


def _legends() -> tuple[Legend, ...]:
    zones = forest_zones.LAYER.style
    return (
        Legend(texts.STATUS, tuple(Entry(kind.title, kind.color) for kind in reversed(KINDS))),
        Legend(
            texts.AGE,
            tuple(Entry(age.label, "#5f5f5f", size_px=age.radius_px, opacity=age.opacity) for age in AGES),
        ),
        Legend(
            texts.POSITION_ERROR,
            (Entry(texts.POSITION_ELLIPSE, str(_ELLIPSE["color"]), "area", opacity=0.25),),
        ),
        Legend(
            forest_zones.LAYER.title,
            tuple(Entry(entry.label, entry.color, "area", opacity=0.6) for entry in zones.classes),
        ),
    )


def _table(kinds: pd.Series) -> Table:
    counts = kinds.value_counts()
    rows = tuple((kind.title, number(int(counts.get(kind.name, 0)))) for kind in reversed(KINDS))
    return Table(texts.HOTSPOTS, (texts.STATUS, texts.COUNT), rows)


def _remarks(data: FireData) -> tuple[Text, ...]:
    if data.total == 0:
        return (texts.NO_HOTSPOTS,)
    if data.total > len(data.hotspots):
        return (texts.limited(texts.HOTSPOTS, len(data.hotspots), data.total),)
    return ()
