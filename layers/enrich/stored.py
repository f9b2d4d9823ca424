"""Detections that are stored already, enriched as those that come in are."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, select, text

from gis_core.time import Window
from gis_core.types import BoolArray
from layers import detections
from layers.copying import copy_rows, quoted_name
from layers.enrich import ENRICHED, enrich
from layers.partitions import closed_months, month_of
from layers.read import read
from layers.rollup import lock_for_recount, rebuild, whole_hours
from layers.rollup_tables import HourToEnrich

_DAY = timedelta(days=1)
_TABLE = detections.LAYER.table
_KEY = (_TABLE.c.id, _TABLE.c.detected_at)
_SET = tuple(_TABLE.columns[name] for name in ENRICHED)


class Caught(NamedTuple):
    """How many detections a stretch of time holds, and how many of them were changed."""

    detections: int
    changed: int


def days_to_enrich(connection: Connection, window: Window | None = None) -> list[Window]:
    """The days (UTC) of a window, or without one those that hold detections not enriched yet.

    Days without any detection, and those of months that are archived, are left out.
    """
    if window is None:
        waiting = select(func.date_trunc("day", HourToEnrich.hour_at, "UTC")).distinct()
        starts = pd.DatetimeIndex(connection.execute(waiting).scalars().all(), tz="UTC").sort_values()
        days = [Window(start.to_pydatetime(), start.to_pydatetime() + _DAY) for start in starts]
    else:
        days = _days_of(connection, whole_hours(window))
    archived = closed_months(connection, _TABLE)
    return [day for day in days if month_of(day.start) not in archived]


def _days_of(connection: Connection, window: Window) -> list[Window]:
    first, last = connection.execute(
        select(func.min(_TABLE.c.detected_at), func.max(_TABLE.c.detected_at)).where(
            _TABLE.c.detected_at >= window.start, _TABLE.c.detected_at < window.end
        )
    ).one()
    if first is None:
        return []
    starts = pd.date_range(pd.Timestamp(first).floor("D"), pd.Timestamp(last), freq="D").to_pydatetime()
    return [Window(max(start, window.start), min(start + _DAY, window.end)) for start in starts]


def enrich_day(connection: Connection, day: Window) -> Caught:
    """Enrich what is stored of some whole hours and recount them, in the caller's transaction.

    Who loads detections meanwhile waits with the commit. Doing it again changes nothing.
    """
    lock_for_recount(connection, day)
    connection.execute(
        delete(HourToEnrich).where(HourToEnrich.hour_at >= day.start, HourToEnrich.hour_at < day.end)
    )
    stored = read(connection, detections.LAYER, window=day, columns=("detected_at", "camera_code", *ENRICHED))
    fresh = stored if stored.empty else enrich(connection, stored)
    changed = fresh[_differs(stored, fresh)]
    _update(connection, changed)
    rebuild(connection, day)
    return Caught(len(stored), len(changed))


def _differs(stored: gpd.GeoDataFrame, fresh: gpd.GeoDataFrame) -> BoolArray:
    differs = np.zeros(len(stored), dtype=bool)
    for name in ENRICHED:
        before, after = stored[name].astype(object), fresh[name].astype(object)
        same = (before == after).to_numpy(bool, na_value=False) | (before.isna() & after.isna()).to_numpy()
        differs |= ~same
    return differs


def _update(connection: Connection, changed: gpd.GeoDataFrame) -> None:
    if changed.empty:
        return
    columns = [*_KEY, *_SET]
    names = ", ".join(map(quoted_name, columns))
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.stage_enriched"))
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE stage_enriched ON COMMIT DROP AS SELECT {names} "
            f"FROM {_TABLE.fullname} WITH NO DATA"
        )
    )
    copy_rows(connection, "pg_temp.stage_enriched", columns, changed)
    assignments = ", ".join(f"{quoted_name(column)} = fresh.{quoted_name(column)}" for column in _SET)
    same = " AND ".join(f"stored.{quoted_name(column)} = fresh.{quoted_name(column)}" for column in _KEY)
    connection.execute(
        text(
            f"UPDATE {_TABLE.fullname} AS stored SET {assignments} "
            f"FROM pg_temp.stage_enriched AS fresh WHERE {same}"
        )
    )
