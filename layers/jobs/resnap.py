"""Detections put anew on the roads, wards and zones of today, in the database and in the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
from sqlalchemy import Connection, delete

from gis_core.config import get_settings
from gis_core.db import writing
from layers.archive.files import part_path
from layers.archive.rewrite import Rewritten, note_rewritten, put_in_place, rewrite_day, settle
from layers.enrich import ENRICHED, enriched
from layers.enrich.reference import Reference, reference
from layers.enrich.stored import enrich_day
from layers.jobs.days import LAYER, Day
from layers.jobs.reroll import recount_file
from layers.jobs.run import by_day
from layers.rollup_tables import HourToEnrich


class Resnapped(NamedTuple):
    """A day whose detections stand on today's roads, and whether anything in it changed."""

    day: Day
    changed: bool


def resnap(days: Sequence[Day], folder: Path) -> Iterator[Resnapped]:
    """Enrich every day anew and roll it up; each day is done whole or not at all.

    Files are written wherever ``by_day`` works, and put in their places here, one at a time. The
    caller holds ``layers.archive.month.alone``.
    """
    with writing() as connection:
        for month in sorted({day.month for day in days if day.path is not None}):
            settle(connection, LAYER, month, folder)
    for day, done in zip(days, by_day(_resnap_day, days), strict=True):
        if day.path is not None and isinstance(done, Rewritten):
            with writing() as connection:
                recount_file(connection, day, part_path(day.path))
                _note_enriched(connection, day)
                note_rewritten(connection, LAYER, day.month, done)
            put_in_place(day.path)
        yield Resnapped(day, bool(done))


def _note_enriched(connection: Connection, day: Day) -> None:
    window = day.window
    connection.execute(
        delete(HourToEnrich).where(HourToEnrich.hour_at >= window.start, HourToEnrich.hour_at < window.end)
    )


def _resnap_day(day: Day) -> Rewritten | bool:
    """Stored detections for good; a file beside its place. False where nothing changes."""
    if day.path is None:
        with writing() as connection:
            return enrich_day(connection, day.window).changed > 0
    with writing() as connection:
        layers = reference(connection)
    within_m = get_settings().enrich.snap_within_m
    return rewrite_day(day.path, LAYER, ENRICHED, _enriching(layers, within_m)) or False


def _enriching(layers: Reference, within_m: float) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    return partial(enriched, layers=layers, within_m=within_m)
