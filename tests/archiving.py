"""Helpers of the tests of the archive: awkward detections, and a run that is killed on its way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point
from sqlalchemy import text

from gis_core.config import get_settings
from gis_core.db import writing
from layers.archive.month import alone, archive_month
from layers.base import Layer
from layers.registry import LAYERS
from layers.store import LoadReport, load

MONTH = pd.Period("2023-10", "M")
DETECTIONS = LAYERS["detections"]

TEXTS = ("", "a,b", 'nói "được"', "hai\ndòng", "\\N", "NULL", " trống ", "đường Lê Lợi", "\u200b", "t")
FLOATS = (0.1 + 0.2, 1e-300, -1.7976931348623157e308, 5e-324, 123456789.12345679, -0.0, np.inf)


def detections(count: int, start: datetime = datetime(2023, 10, 1, tzinfo=UTC)) -> gpd.GeoDataFrame:
    """Rows spread over 25 days, with texts, numbers and gaps that a careless format would lose."""
    number = np.arange(count)
    moments = pd.Timestamp(start) + pd.to_timedelta(number * 25 * 86_400_000 // max(count, 1), unit="ms")
    animals = [int(n) if n % 4 == 0 and n else None for n in number]
    return gpd.GeoDataFrame(
        {
            "detected_at": moments,
            "camera_code": pd.Series([f"CAM-{n % 7:04d}" if n % 5 else None for n in number], dtype=object),
            "subject": np.where(number % 11 == 0, "wildlife", "vehicle"),
            "class_name": [TEXTS[n % len(TEXTS)] for n in number],
            "confidence": np.where(number % 3 == 0, np.nan, number % 100 / 100),
            "individual_count": pd.Series(animals, dtype="Int64"),
            "steward_agency": "Kiểm lâm",
            "cov_xy_m2": [FLOATS[n % len(FLOATS)] for n in number],
            "origin": "test",
            "simulated": False,
            "origin_key": number.astype(str),
        },
        geometry=[Point(107.1 + n % 997 / 1000, 16.0 + n % 491 / 700) for n in number],
        crs=4326,
    )  # fmt: skip


def put(rows: gpd.GeoDataFrame, layer: Layer = DETECTIONS) -> LoadReport:
    with writing() as connection:
        return load(connection, layer, rows)


def archive(month: pd.Period = MONTH, layer: Layer = DETECTIONS) -> int:
    """Archive one month, and say how many rows it had."""
    with alone() as keeper:
        return archive_month(keeper, layer, month, get_settings().archive_dir).rows


def stored(table: str = "gis.detections") -> list[tuple[Any, ...]]:
    """Every row with every column, as the database writes it."""
    with writing() as connection:
        rows = connection.execute(
            text(f"SELECT t::text FROM {table} AS t ORDER BY 1".replace("::", "\\:\\:"))
        )
        return [tuple(row) for row in rows]


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(work: Callable[..., Any]) -> Callable[..., Any]:
    def killed(*arguments: Any, **options: Any) -> None:
        work(*arguments, **options)
        _die()

    return killed


def main(point: str) -> None:
    """Archive, and be killed at a point on the way."""
    from layers.archive import files, month, write

    if point == "detached":
        month.write_month = _die
    elif point == "first-file":
        files.DayWriter.finish = _then_die(files.DayWriter.finish)
    elif point == "written":
        write.digest_of_day = _die
    elif point == "half-placed":
        files.os.replace = _then_die(os.replace)
    elif point == "placed":
        month._record = _die
    elif point == "recorded":
        month._record = _then_die(month._record)
    elif point != "pending":
        raise ValueError(point)
    archive()


if __name__ == "__main__":
    main(sys.argv[1])
