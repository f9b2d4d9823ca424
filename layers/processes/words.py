"""Inputs that several processes take, and features as JSON says them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.errors import InvalidParameterError
from gis_core.time import Window, parse_instant
from gis_core.types import Text
from layers.fire_bearings import rounded
from layers.processes.base import Input, Schema, Values

PLACE: Schema = {
    "type": "array",
    "items": {"type": "number", "minimum": -180, "maximum": 180},
    "minItems": 2,
    "maxItems": 2,
    "format": "lonlat",
}
"""Longitude and latitude in degrees of EPSG:4326."""

INSTANT: Schema = {"type": "string", "format": "date-time", "maxLength": 40}
MOST_DAYS = 366


def place(vi: str, en: str, *, optional: bool = False) -> Input:
    """A place as longitude and latitude."""
    return Input(
        Text(vi, en),
        Text("Kinh độ, vĩ độ (độ, WGS 84).", "Longitude, latitude (degrees, WGS 84)."),
        PLACE,
        optional,
    )


def window_inputs() -> dict[str, Input]:
    """The inputs ``start`` and ``end``."""
    said = Text(
        "Thời điểm ISO 8601; không ghi múi giờ là giờ Huế.",
        "ISO 8601 time; without a zone it is Huế's time.",
    )
    return {
        "start": Input(Text("Từ", "From"), said, INSTANT, optional=True),
        "end": Input(Text("Đến", "Until"), said, INSTANT, optional=True),
    }


def check_window(values: Values) -> None:
    """Refuse times that are none, or that lie too far apart.

    Raises:
        InvalidParameterError: an input is no time, or both make no window.
    """
    start, end = (parse_instant(values[name], name) if name in values else None for name in ("start", "end"))
    if start is not None and end is not None:
        if start >= end:
            raise InvalidParameterError("end", "it has to come after 'start'.")
        if end - start > timedelta(days=MOST_DAYS):
            raise InvalidParameterError("end", f"the window is longer than {MOST_DAYS} days.")


def window_of(values: Values, default: Window) -> Window:
    """The window that the inputs say; an end that is left out is that of ``default``.

    Raises:
        InvalidParameterError: it has no length, or too much of it.
    """
    start = parse_instant(values["start"], "start") if "start" in values else None
    end = parse_instant(values["end"], "end") if "end" in values else None
    if start is None:
        start = default.start if end is None or default.start < end else end - timedelta(days=1)
    if end is None:
        end = default.end if start < default.end else start + timedelta(days=1)
    window = Window(start, end)
    check_window({"start": window.start.isoformat(), "end": window.end.isoformat()})
    return window


def check_place(values: Values, *names: str) -> None:
    """Refuse latitudes that are none, as where somebody turned the two round.

    Raises:
        InvalidParameterError: the second number is no latitude.
    """
    for name in names:
        if name in values and not abs(values[name][1]) <= 90:
            raise InvalidParameterError(name, "longitude comes first, then latitude from -90 to 90.")


def feature_collection(frame: gpd.GeoDataFrame, **members: Any) -> dict[str, Any]:
    """Rows as GeoJSON in the order of the frame, which is in EPSG:4326; ``members`` come beside them."""
    shapes = frame.geometry.to_list()
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": geometry_of(shape), "properties": properties}
            for shape, properties in zip(
                shapes, records(frame.drop(columns=frame.geometry.name)), strict=True
            )
        ],
        **members,
    }


def feature(shape: shapely.Geometry | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    """One feature with a geometry in EPSG:4326, as a collection."""
    one = {
        "type": "Feature",
        "geometry": None if shape is None else geometry_of(shape),
        "properties": {name: plain(value) for name, value in properties.items()},
    }
    return {"type": "FeatureCollection", "features": [one]}


def geometry_of(shape: shapely.Geometry | None) -> Any:
    """A GeoJSON geometry with coordinates to about a decimetre; None where a row has no place."""
    return None if shape is None else rounded(shapely.geometry.mapping(shape))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON-ready objects."""
    names = [str(name) for name in frame.columns]
    return [
        {name: plain(value) for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def plain(value: Any) -> Any:
    """A value as JSON has it: no number that is none, times in ISO 8601."""
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if isinstance(value, bool | int | str | dict) else str(value)
