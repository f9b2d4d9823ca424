"""The portal: what the service is, its maps with a summary of now, and the ways in for GIS staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from gis_core.config import Settings
from gis_core.errors import SurfaceNotBuiltError
from gis_core.types import Text
from layers import cameras, detections
from layers.base import Layer
from layers.count import count_matches
from layers.raster import RasterLayer, SurfaceRecord, read_record
from layers.registry import LAYERS, SURFACES
from maps import texts
from maps.base import Ground, read_ground
from maps.fire import fire_window
from maps.flood import ALARM_COLORS
from maps.hydrometry import flood_window, read_gauges, read_rain, sentence_of
from maps.page import render
from maps.request import Ask
from maps.sketch import sketch
from maps.traffic import traffic_window
from maps.words import Language, amount, number

_SEEN = detections.LAYER.table.c


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a card, with what it counts; ``color`` marks one that calls for attention."""

    value: Text
    label: Text
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One map on the portal."""

    name: str
    title: Text
    lead: Text
    figures: tuple[Figure, ...]
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One layer in the list: its rows, counted or estimated, and whether any is simulated."""

    layer: Layer
    rows: int
    estimated: bool
    simulated: bool


@dataclass(frozen=True, slots=True)
class SurfaceLine:
    """One surface in the list; ``record`` is None where it has not been built."""

    surface: RasterLayer
    record: SurfaceRecord | None


@dataclass(frozen=True)
class Summary:
    """What the portal shows of now."""

    cards: tuple[Card, ...]
    layers: tuple[LayerLine, ...]
    surfaces: tuple[SurfaceLine, ...]
    alerts: tuple[tuple[Text, str], ...]
    ground: Ground

    @property
    def simulated(self) -> bool:
        """Whether anything shown is simulated."""
        return any(line.simulated for line in self.layers) or any(
            line.record is not None and line.record.simulated for line in self.surfaces
        )


def read_summary(connection: Connection, settings: Settings) -> Summary:
    """The state of the province at its latest data."""
    lines = tuple(_layer_line(connection, layer, settings) for layer in LAYERS.values())
    surfaces = tuple(_surface_line(surface, settings) for surface in SURFACES.values())
    gauges = read_gauges(connection, flood_window(connection, Ask()))
    raised = gauges[gauges["level"].fillna(0) > 0].sort_values("level", ascending=False)
    alerts = tuple((sentence_of(row), ALARM_COLORS[row.level]) for row in raised.itertuples(index=False))
    cards = (
        _fire_card(connection),
        _traffic_card(connection, settings),
        _flood_card(connection, len(raised), len(gauges), int(raised["level"].max()) if len(raised) else 0),
        _all_card(lines, len(surfaces)),
    )
    return Summary(cards, lines, surfaces, alerts, read_ground(connection, settings))


def render_portal(
    summary: Summary | None, problem: str | None, settings: Settings, language: Language
) -> str:
    """The portal's page; without a summary it says what is wrong and still shows the ways in."""
    return render(
        "portal.html",
        language,
        root="",
        standalone=False,
        summary=summary,
        problem=problem,
        cards=summary.cards if summary else _bare_cards(),
        surfaces=SURFACES.values(),
        sketch=sketch(summary.ground) if summary else None,
        base_url=settings.base_url,
    )


def _bare_cards() -> tuple[Card, ...]:
    leads = {
        "fire": texts.FIRE_LEAD,
        "traffic": texts.TRAFFIC_LEAD,
        "flood": texts.FLOOD_LEAD,
        "all": texts.ALL_LEAD,
    }
    return tuple(Card(name, title, leads[name], (), None) for name, title in texts.MAP_TITLES.items())


def _fire_card(connection: Connection) -> Card:
    window = fire_window(connection, Ask())
    counts: dict[str, int] = {}
    if window is not None:
        query = (
            select(_SEEN.status, func.count())
            .where(
                _SEEN.subject == "forest_fire",
                _SEEN.detected_at >= window.start,
                _SEEN.detected_at < window.end,
            )
            .group_by(_SEEN.status)
        )
        counts = dict(connection.execute(query).tuples().all())
    verified = counts.get("verified", 0) + counts.get("resolved", 0)
    return Card(
        "fire",
        texts.FIRE,
        texts.FIRE_LEAD,
        (
            Figure(number(verified), texts.VERIFIED_7_DAYS, "#c62828" if verified else None),
            Figure(number(counts.get("suspected", 0)), texts.SUSPECTED_7_DAYS),
        ),
        window.end if window else None,
    )


def _traffic_card(connection: Connection, settings: Settings) -> Card:
    window = traffic_window(connection, settings, Ask())
    vehicles = 0
    if window is not None:
        query = (
            select(func.count())
            .select_from(detections.LAYER.table)
            .where(
                _SEEN.subject == "vehicle", _SEEN.detected_at >= window.start, _SEEN.detected_at < window.end
            )
        )
        vehicles = connection.execute(query).scalar_one()
    camera = cameras.LAYER.table.c
    watching = connection.execute(
        select(func.count()).where(camera.status == "active", camera.road_segment_code.is_not(None))
    ).scalar_one()
    return Card(
        "traffic",
        texts.TRAFFIC,
        texts.TRAFFIC_LEAD,
        (
            Figure(number(vehicles), texts.vehicles_in(settings.surfaces.vehicle_density.window)),
            Figure(number(watching), texts.CAMERAS_ON_ROADS),
        ),
        window.end if window else None,
    )


def _flood_card(connection: Connection, raised: int, gauges: int, highest: int) -> Card:
    window = flood_window(connection, Ask())
    rain_mm = read_rain(connection, window)["rain_mm"].max() if window else float("nan")
    return Card(
        "flood",
        texts.FLOOD,
        texts.FLOOD_LEAD,
        (
            Figure(
                texts.of_all(raised, gauges),
                texts.GAUGES_ABOVE_ALARM,
                ALARM_COLORS[highest] if raised else None,
            ),
            Figure(amount(rain_mm, "mm") or texts.NO_NUMBER, texts.MOST_RAIN_24_H),
        ),
        window.end if window else None,
    )


def _all_card(lines: tuple[LayerLine, ...], surface_count: int) -> Card:
    return Card(
        "all",
        texts.ALL,
        texts.ALL_LEAD,
        (
            Figure(number(len(lines)), texts.LAYER_COUNT),
            Figure(number(surface_count), texts.SURFACE_COUNT),
        ),
        None,
    )


def _layer_line(connection: Connection, layer: Layer, settings: Settings) -> LayerLine:
    table = layer.table
    simulated = connection.execute(select(table.c.simulated).where(table.c.simulated).limit(1)).first()
    rows = count_matches(
        connection, layer, [], {}, exact_below=settings.ogc_api.exact_count_below, at_least=0
    )
    return LayerLine(layer, rows.number, not rows.is_exact, simulated is not None)


def _surface_line(surface: RasterLayer, settings: Settings) -> SurfaceLine:
    try:
        return SurfaceLine(surface, read_record(surface, surface.path(settings)))
    except SurfaceNotBuiltError:
        return SurfaceLine(surface, None)
