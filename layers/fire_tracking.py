"""Gathering detections of fire into events, and knowing yesterday's events again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from gis_core.analysis.event_identity import Succession, succeed
from gis_core.analysis.hotspots import NOISE, cluster
from gis_core.crs import METRIC_SRID, STORAGE_SRID, to_metric
from gis_core.fire_settings import FireEvents
from gis_core.time import Window
from gis_core.types import FloatArray
from layers import detections, fire_events
from layers.base import Layer
from layers.fire_events import FireEventMember
from layers.read import read
from layers.store import load

SUBJECTS = ("forest_fire", "straw_burning")
_SEEN = detections.LAYER.table.c
_EVENT = fire_events.LAYER.table
_MEMBER: Any = FireEventMember.__table__
_COLUMNS = (
    "detected_at", "camera_code", "subject", "status", "confidence", "frp_mw", "ward_code",
    "forest_zone_code", "simulated",
)  # fmt: skip
_ORIGIN = "fire events"
_BATCH = 10_000
_HECTARE_M2 = 10_000.0


class Built(NamedTuple):
    """How many events are new, went on, and merged into others."""

    new: int
    continued: int
    merged: int
    codes: tuple[str, ...]


class _Known(NamedTuple):
    """The events so far that may go on: members, beginnings in seconds, and what they split from."""

    members: dict[str, frozenset[UUID]]
    began_s: dict[str, float]
    split_from: dict[str, str | None]


def latest_window(connection: Connection, length: timedelta) -> Window | None:
    """The stretch of time that ends just after the latest detection of fire; None where there is none."""
    latest = [
        connection.execute(select(func.max(_SEEN.detected_at)).where(_SEEN.subject == subject)).scalar()
        for subject in SUBJECTS
    ]
    known = [at for at in latest if at is not None]
    if not known:
        return None
    end = max(known).astimezone(UTC) + timedelta(milliseconds=1)
    return Window(end - length, end)


def build_events(connection: Connection, window: Window, settings: FireEvents) -> Built:
    """Gather the detections of a window into events, in the caller's transaction.

    Events that the window touches are built anew with all their detections, and keep their codes:
    see ``gis_core.analysis.event_identity``. What merged into another stays, and says so.

    Args:
        connection: an open transaction; nothing is committed here.
        window: when the detections were made.
        settings: what neighbours are.
    """
    # Two builds at a time would give one event two codes.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("huegis.fire_events"))))
    known = _known_events(connection, window.start - timedelta(hours=settings.within_h))
    rows = _detections(connection, window, known)
    if rows.empty:
        return Built(0, 0, 0, ())
    place = to_metric(rows.geometry)
    label = cluster(
        place.x.to_numpy(), place.y.to_numpy(), _seconds(rows["detected_at"]), within_m=settings.within_m,
        within_s=settings.within_h * 3600, min_points=settings.min_detections,
    )  # fmt: skip
    rows = rows.assign(label=label)[label != NOISE]
    if rows.empty:
        return Built(0, 0, 0, ())
    clusters = {int(number): frozenset(part["id"]) for number, part in rows.groupby("label")}
    done = succeed(clusters, known.members, known.began_s)
    codes = _codes(connection, rows, done)
    split = {codes[number]: name for number, name in done.split_from.items()}
    events = describe(rows.assign(code=rows["label"].map(codes)), settings.margin_m)
    load(
        connection,
        fire_events.LAYER,
        events.assign(split_from=[split.get(code, known.split_from.get(code)) for code in events["code"]]),
    )
    _keep_members(connection, rows["id"], rows["label"].map(codes))
    for name, number in done.merged_into.items():
        connection.execute(update(_EVENT).where(_EVENT.c.code == name).values(merged_into=codes[number]))
    return Built(
        len(codes) - len(done.event_of),
        len(done.event_of),
        len(done.merged_into),
        tuple(sorted(codes.values())),
    )


def _seconds(at: pd.Series) -> FloatArray:
    return np.asarray((at - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1), float)


def _known_events(connection: Connection, since: datetime) -> _Known:
    rows = connection.execute(
        select(_EVENT.c.code, _EVENT.c.started_at, _EVENT.c.split_from, _MEMBER.c.detection_id)
        .join(_MEMBER, _MEMBER.c.event_code == _EVENT.c.code)
        .where(_EVENT.c.last_seen_at >= since, _EVENT.c.merged_into.is_(None))
    )
    members: dict[str, set[UUID]] = {}
    began_s: dict[str, float] = {}
    split_from: dict[str, str | None] = {}
    for row in rows:
        members.setdefault(row.code, set()).add(row.detection_id)
        began_s[row.code] = row.started_at.timestamp()
        split_from[row.code] = row.split_from
    return _Known({code: frozenset(some) for code, some in members.items()}, began_s, split_from)


def _detections(connection: Connection, window: Window, known: _Known) -> gpd.GeoDataFrame:
    """Detections of fire in the window, and the earlier ones of events that may go on."""
    ongoing = select(_MEMBER.c.detection_id).where(_MEMBER.c.event_code.in_(list(known.members)))
    inside = (_SEEN.detected_at >= window.start) & (_SEEN.detected_at < window.end)
    return read(
        connection,
        detections.LAYER,
        _SEEN.subject.in_(SUBJECTS),
        or_(inside, _SEEN.id.in_(ongoing)),
        columns=_COLUMNS,
    )


def fire_detections(connection: Connection, window: Window, *, limit: int) -> gpd.GeoDataFrame:
    """Detections of fire in a window, at most so many, with what ``describe`` needs."""
    return read(
        connection,
        detections.LAYER,
        _SEEN.subject.in_(SUBJECTS),
        window=window,
        columns=_COLUMNS,
        limit=limit,
    )


def _codes(connection: Connection, rows: gpd.GeoDataFrame, done: Succession[UUID]) -> dict[int, str]:
    """The code of each cluster: the one it goes on with, else a new one from its first detection."""
    codes = dict(done.event_of)
    first = rows.sort_values(["detected_at", "id"]).groupby("label").first()
    wanted = {
        int(number): f"DC-{row.detected_at:%Y%m%d}-{row.id.hex[-8:]}"
        for number, row in zip(first.index, first.itertuples(), strict=True)
        if number not in codes
    }
    taken = set(
        connection.execute(
            select(_EVENT.c.code).where(
                or_(*(_EVENT.c.code.startswith(code) for code in wanted.values()))
                if wanted
                else _EVENT.c.code.is_(None)
            )
        ).scalars()
    )
    for number, code in wanted.items():
        free = code
        again = 2
        while free in taken:
            free, again = f"{code}-{again}", again + 1
        taken.add(free)
        codes[number] = free
    return codes


def describe(rows: gpd.GeoDataFrame, margin_m: float) -> gpd.GeoDataFrame:
    """Rows of layer ``fire_events`` for detections with their event's ``code``, in EPSG:4326.

    The extent is the convex hull of the detections and a margin around it; it grows from that of the
    first detection alone to that of all of them.
    """
    metric = to_metric(rows.geometry)
    built_at = datetime.now(UTC)
    single_ha = float(shapely.Point(0, 0).buffer(margin_m).area) / _HECTARE_M2
    events, shapes = [], []
    for code, part in rows.groupby("code"):
        extent = shapely.MultiPoint(metric.loc[part.index].to_list()).convex_hull.buffer(margin_m)
        events.append({"code": code, **_facts(part, float(extent.area) / _HECTARE_M2, single_ha)})
        shapes.append(shapely.MultiPolygon([extent]))
    outlines = gpd.GeoSeries(shapes, crs=METRIC_SRID).to_crs(STORAGE_SRID)
    return gpd.GeoDataFrame(events, geometry=outlines).assign(
        merged_into=None, built_at=built_at, origin=_ORIGIN
    )


def _facts(part: gpd.GeoDataFrame, area_ha: float, single_ha: float) -> dict[str, Any]:
    first, last = part["detected_at"].min(), part["detected_at"].max()
    hours = (last - first).total_seconds() / 3600
    return {
        "status": status_of(part["subject"], part["status"]),
        "started_at": first,
        "last_seen_at": last,
        "detection_count": len(part),
        "sources": sorted({"satellite" if pd.isna(code) else str(code) for code in part["camera_code"]}),
        "area_ha": round(area_ha, 2),
        "growth_ha_per_h": round((area_ha - single_ha) / hours, 3) if hours else None,
        "detections_per_h": round(len(part) / hours, 3) if hours else None,
        "max_confidence": part["confidence"].max(),
        "frp_mw": part["frp_mw"].max(),
        "straw_share": float((part["subject"] == "straw_burning").mean()),
        "forest_zone_code": _most_common(part["forest_zone_code"]),
        "ward_code": _most_common(part["ward_code"]),
        "simulated": bool(part["simulated"].any()),
    }


def status_of(subject: pd.Series, status: pd.Series) -> str:
    """The status of an event by its detections.

    One verified forest fire verifies it. It is false where every detection was refuted, or was
    verified to be straw; as long as one of them is still open, it is suspected.
    """
    confirmed = status.isin(["verified", "resolved"])
    straw = subject == "straw_burning"
    if (confirmed & ~straw).any():
        return "verified"
    settled = (status == "refuted") | (confirmed & straw)
    return "false" if settled.all() else "suspected"


def _most_common(codes: pd.Series) -> str | None:
    known = codes.dropna()
    return None if known.empty else str(known.mode().iloc[0])


def _keep_members(connection: Connection, ids: pd.Series, codes: pd.Series) -> None:
    members = [{"detection_id": one, "event_code": code} for one, code in zip(ids, codes, strict=True)]
    for begin in range(0, len(members), _BATCH):
        part = members[begin : begin + _BATCH]
        connection.execute(
            _MEMBER.delete().where(_MEMBER.c.detection_id.in_([one["detection_id"] for one in part]))
        )
        connection.execute(insert(_MEMBER), part)


def read_events(connection: Connection, window: Window | None = None) -> gpd.GeoDataFrame:
    """Events that were last seen in a window, those that merged into others left out; latest first."""
    layer: Layer = fire_events.LAYER
    conditions: list[ColumnElement[bool]] = [_EVENT.c.merged_into.is_(None)]
    if window is not None:
        conditions += [_EVENT.c.last_seen_at >= window.start, _EVENT.c.last_seen_at < window.end]
    return read(connection, layer, *conditions).sort_values("last_seen_at", ascending=False)


def set_probabilities(connection: Connection, told: Mapping[str, tuple[float, str, str] | None]) -> None:
    """Write probability and reasons (Vietnamese, English) of events; None takes them away."""
    for code, one in told.items():
        probability, reasons_vi, reasons_en = one or (None, None, None)
        connection.execute(
            update(_EVENT)
            .where(_EVENT.c.code == code)
            .values(fire_probability=probability, reasons_vi=reasons_vi, reasons_en=reasons_en)
        )
