"""What the map of fires says besides the hotspots: events, danger of the zones, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, and_

from gis_core.config import Settings
from gis_core.time import Window
from gis_core.types import Text
from layers import fire_danger, fire_events
from layers.fire_calibration import read_calibration
from layers.read import read
from maps import texts
from maps.page import Entry, Legend, Table
from maps.style import Popup, draw, path_of_style, popup_of_layer
from maps.words import Language, amount, fill, moment, number, pick, same

MOST_EVENTS = 1_000
_EVENT = fire_events.LAYER.table.c
_DANGER = fire_danger.LAYER.table.c

_SINCE = Text("Phát hiện lần đầu", "First seen")
_LAST_SEEN = Text("Phát hiện gần nhất", "Last seen")
_DETECTIONS = Text("Số phát hiện", "Detections")
_SOURCES = Text("Nguồn", "Sources")
_AREA = Text("Diện tích", "Area")
_GROWTH = Text("Tốc độ lan", "Growth")
_PROBABILITY = Text("Xác suất là cháy rừng", "Probability of a forest fire")
_REASONS = Text("Lý do", "Reasons")
_SPLIT_FROM = Text("Tách từ đám cháy", "Split from")
_SAID = Text("Xác suất đã nói", "Probability said")
_CAME_TRUE = Text("Tỷ lệ cháy thật", "Share of real fires")
_RELIABILITY = Text("Độ tin cậy của xác suất", "Reliability of the probability")
_NOT_KNOWN = Text("Không có số liệu", "No data")
_NOT_CALIBRATED = Text(
    "Chưa đủ đám cháy đã xác minh và đã bác bỏ để hiệu chỉnh, nên chưa nêu xác suất là cháy rừng.",
    "Too few events were verified and refuted to calibrate it, so no probability of a forest fire is given.",
)
_OF_SIMULATED = Text(
    "Xác suất được hiệu chỉnh trên dữ liệu mô phỏng, không phải quan trắc thật.",
    "The probability is calibrated on simulated data, not on observed fires.",
)


@dataclass(frozen=True)
class Events:
    """Events and danger of the time that a map shows, and the calibration of their probability."""

    events: gpd.GeoDataFrame
    danger: gpd.GeoDataFrame
    calibration: Mapping[str, Any] | None


def read_fire_events(connection: Connection, settings: Settings, window: Window | None) -> Events:
    """The latest events seen in a window, and the danger of the zones if it is of that time."""
    if window is None:
        return Events(gpd.GeoDataFrame(), gpd.GeoDataFrame(), None)
    events = read(
        connection,
        fire_events.LAYER,
        _EVENT.merged_into.is_(None),
        and_(_EVENT.last_seen_at >= window.start, _EVENT.last_seen_at < window.end),
        limit=MOST_EVENTS,
    )
    # Weather may come hours after the last fire; another day's danger would belie the rest.
    danger = read(connection, fire_danger.LAYER, _DANGER.valid_at >= window.start)
    return Events(events, danger, read_calibration(settings))


def draw_danger(of: Events, language: Language, canvas: folium.Map) -> None:
    """The forest zones by their level of danger."""
    if not of.danger.empty:
        layer = fire_danger.LAYER
        draw(
            pick(layer.title, language), of.danger, path_of_style(layer.style, "MULTIPOLYGON"), language,
            popup_of_layer(layer), tolerance_m=40,
        ).add_to(canvas)  # fmt: skip


def draw_events(of: Events, language: Language, canvas: folium.Map) -> None:
    """The extents of the events by their status."""
    if not of.events.empty:
        layer = fire_events.LAYER
        draw(
            pick(layer.title, language), of.events, path_of_style(layer.style, "MULTIPOLYGON"), language,
            _popup, tolerance_m=20,
        ).add_to(canvas)  # fmt: skip


def _popup(row: Any) -> Popup:
    label = next(one.label for one in fire_events.LAYER.style.classes if one.value == row.status)
    known = isinstance(row.reasons_vi, str)
    return Popup(
        fill(Text("Đám cháy {code}", "Fire event {code}"), code=row.code),
        (
            (texts.STATUS, label),
            (_PROBABILITY, _share(row.fire_probability)),
            (_REASONS, Text(row.reasons_vi, row.reasons_en) if known else None),
            (_SINCE, moment(row.started_at)),
            (_LAST_SEEN, moment(row.last_seen_at)),
            (_DETECTIONS, number(row.detection_count)),
            (_SOURCES, ", ".join(row.sources)),
            (_AREA, amount(row.area_ha, "ha", 1)),
            (_GROWTH, amount(_maybe(row.growth_ha_per_h), "ha/h", 2)),
            (_SPLIT_FROM, row.split_from),
        ),
        simulated=row.simulated,
    )


def _maybe(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _share(value: float | None) -> Text | None:
    known = _maybe(value)
    return None if known is None else amount(100 * known, "%")


def legends(of: Events) -> tuple[Legend, ...]:
    """What the colours of events and of danger mean; none for what is not drawn."""
    drawn = []
    if not of.events.empty:
        drawn.append(_legend(fire_events.LAYER.title, fire_events.LAYER.style.classes, 0.4))
    if not of.danger.empty:
        drawn.append(_legend(fire_danger.LAYER.title, fire_danger.LAYER.style.classes, 0.6))
    return tuple(drawn)


def _legend(title: Text, classes: Any, opacity: float) -> Legend:
    return Legend(title, tuple(Entry(one.label, one.color, "area", opacity=opacity) for one in classes))


def tables(of: Events) -> tuple[Table, ...]:
    """Events by status, zones by level, and how often what was said came true."""
    made = []
    if not of.events.empty:
        counts = of.events["status"].value_counts()
        rows = tuple(
            (one.label, number(int(counts.get(one.value, 0)))) for one in fire_events.LAYER.style.classes
        )
        made.append(Table(fire_events.LAYER.title, (texts.STATUS, texts.COUNT), rows))
    if not of.danger.empty:
        made.append(_danger_table(of.danger))
    if of.calibration is not None:
        curve = tuple(
            (number(100 * one["said"]), number(100 * one["came_true"]), number(one["events"]))
            for one in of.calibration["reliability"]
        )
        made.append(Table(_RELIABILITY, (_percent(_SAID), _percent(_CAME_TRUE), texts.COUNT), curve))
    return tuple(made)


def _percent(heading: Text) -> Text:
    return Text(f"{heading.vi} (%)", f"{heading.en} (%)")


def _danger_table(danger: gpd.GeoDataFrame) -> Table:
    """Each zone with its level, P and FWI, the most dangerous first."""
    ordered = danger.sort_values("nesterov_index", ascending=False)
    rows = tuple(
        (
            same(row.name),
            row.level if isinstance(row.level, str) else _NOT_KNOWN,
            amount(row.nesterov_index, "") or same("–"),
            amount(row.fwi, "", 1) or same("–"),
        )
        for row in ordered.itertuples(index=False)
    )
    headings = (Text("Khu rừng", "Forest zone"), Text("Cấp", "Level"), same("P"), same("FWI"))
    return Table(fire_danger.LAYER.title, headings, rows)


def remarks(of: Events) -> tuple[Text, ...]:
    """How far the probabilities can be trusted, and for which moment the danger is."""
    said: list[Text] = []
    if not of.events.empty:
        if of.calibration is None:
            said.append(_NOT_CALIBRATED)
        else:
            said.append(_guarantee(of.calibration))
            if of.calibration["simulated"]:
                said.append(_OF_SIMULATED)
    if not of.danger.empty:
        at = moment(of.danger["valid_at"].max())
        said.append(fill(Text("Cấp nguy cơ cháy rừng lúc {at}.", "Fire danger at {at}."), at=at))
    return tuple(said)


def _guarantee(calibration: Mapping[str, Any]) -> Text:
    guarantee = Text(calibration["guarantee_vi"], calibration["guarantee_en"])
    return fill(
        Text("Ngưỡng xác suất {threshold} %: {guarantee}", "Threshold {threshold} %: {guarantee}"),
        threshold=number(100 * calibration["threshold"], 1),
        guarantee=guarantee,
    )
