"""Process ``hotspots-to-events``: detections of fire gathered into fires, by ST-DBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis_core.analysis.hotspots import NOISE, cluster
from gis_core.config import get_settings
from gis_core.crs import STORAGE_SRID, to_metric
from gis_core.db import reading
from gis_core.errors import InvalidParameterError
from gis_core.time import parse_duration, parse_instant
from gis_core.types import Text
from layers.fire_tracking import describe, fire_detections, latest_window
from layers.processes.base import GEOJSON_TYPE, Input, Output, Process, Progress, Schema, Values
from layers.processes.words import check_window, feature_collection, window_inputs, window_of

_MOST_POINTS = 20_000
_MOST_DETECTIONS = 500_000
_LEFT_OUT = ["merged_into", "built_at", "origin"]


def _inputs() -> Mapping[str, Input]:
    chosen = get_settings().fire.events
    coordinates: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
    point: Schema = {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": {
                "type": "object",
                "required": ["type", "coordinates"],
                "properties": {
                    "type": {"type": "string", "enum": ["Point"]},
                    "coordinates": coordinates,
                },
            },
            "properties": {
                "type": "object",
                "required": ["detected_at"],
                "properties": {
                    "detected_at": {"type": "string", "format": "date-time", "maxLength": 40},
                    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                    "frp_mw": {"type": "number", "minimum": 0, "maximum": 100000, "x-unit": "MW"},
                },
            },
        },
    }
    return {
        "points": Input(
            Text("Các điểm cháy", "Hotspots"),
            Text(
                "GeoJSON các điểm có thuộc tính detected_at; không có thì lấy các phát hiện đã lưu trong "
                "khoảng start–end.",
                "GeoJSON of points with the property detected_at; without them the stored detections from "
                "start to end are taken.",
            ),
            {
                "type": "object",
                "format": "geojson-feature-collection",
                "required": ["type", "features"],
                "properties": {
                    "type": {"type": "string", "enum": ["FeatureCollection"]},
                    "features": {"type": "array", "items": point, "minItems": 1, "maxItems": _MOST_POINTS},
                },
            },
            optional=True,
        ),
        **window_inputs(),
        "within_m": Input(
            Text("Gần nhau (m)", "Near in space (m)"),
            Text("Hai điểm cách nhau không quá.", "Two detections are no further apart."),
            {"type": "number", "minimum": 10, "maximum": 20000, "default": chosen.within_m, "x-unit": "m"},
        ),
        "within_h": Input(
            Text("Gần nhau (giờ)", "Near in time (h)"),
            Text("Hai điểm cách nhau không quá.", "Two detections are no further apart."),
            {"type": "number", "minimum": 0.1, "maximum": 240, "default": chosen.within_h, "x-unit": "h"},
        ),
        "min_detections": Input(
            Text("Số phát hiện tối thiểu", "Fewest detections"),
            Text("Để thành lõi một đám cháy.", "That make a core of a fire."),
            {"type": "integer", "minimum": 1, "maximum": 100, "default": chosen.min_detections},
        ),
        "margin_m": Input(
            Text("Lề quanh các điểm (m)", "Margin (m)"),
            Text("Vùng cháy rộng hơn bao lồi bấy nhiêu.", "The extent is so much wider than the hull."),
            {"type": "number", "minimum": 1, "maximum": 5000, "default": chosen.margin_m, "x-unit": "m"},
        ),
    }


def _check(values: Values) -> None:
    check_window(values)
    for number, one in enumerate(values.get("points", {}).get("features", ()), 1):
        lon, lat = one["geometry"]["coordinates"][:2]
        if not (abs(lon) <= 180 and abs(lat) <= 85):
            raise InvalidParameterError("points", f"point {number} is not longitude, then latitude to ±85°.")
        parse_instant(one["properties"]["detected_at"], f"points.{number}.detected_at")


def _given(values: Values) -> gpd.GeoDataFrame:
    features = values["points"]["features"]
    told = [one["properties"] for one in features]
    rows = pd.DataFrame(
        {
            "detected_at": pd.to_datetime([parse_instant(one["detected_at"]) for one in told], utc=True),
            "confidence": np.array([one.get("confidence", np.nan) for one in told], float),
            "frp_mw": np.array([one.get("frp_mw", np.nan) for one in told], float),
        }
    ).assign(
        camera_code=None, subject="forest_fire", status="observed", ward_code=None, forest_zone_code=None,
        simulated=False,
    )  # fmt: skip
    places = [shapely.Point(*one["geometry"]["coordinates"][:2]) for one in features]
    return gpd.GeoDataFrame(rows, geometry=places, crs=STORAGE_SRID)


def _stored(values: Values) -> gpd.GeoDataFrame:
    with reading() as connection:
        latest = latest_window(connection, parse_duration(get_settings().fire.events.window))
        if latest is None:
            raise InvalidParameterError("points", "no fire has been detected yet; give points.")
        rows = fire_detections(connection, window_of(values, latest), limit=_MOST_DETECTIONS + 1)
    if len(rows) > _MOST_DETECTIONS:
        raise InvalidParameterError(
            "start", f"there are more than {_MOST_DETECTIONS:,} detections; take less time."
        )
    return rows


def _run(values: Values, progress: Progress) -> Values:
    """See ``gis_core.analysis.hotspots``; nothing is stored.

    Raises:
        InvalidParameterError: there is nothing to gather, or too much.
    """
    rows = _given(values) if "points" in values else _stored(values)
    progress(30, f"Gathering {len(rows)} detections")
    metric = to_metric(rows.geometry)
    label = cluster(
        metric.x.to_numpy(),
        metric.y.to_numpy(),
        ((rows["detected_at"] - pd.Timestamp(0, tz="UTC")) / timedelta(seconds=1)).to_numpy(float),
        within_m=values["within_m"],
        within_s=values["within_h"] * 3600,
        min_points=values["min_detections"],
    )
    alone = int((label == NOISE).sum())
    gathered = rows.assign(code=[f"E{one + 1:04d}" for one in label])[label != NOISE]
    told = {"detections": len(rows), "detectionsAlone": alone}
    if gathered.empty:
        return {"events": {"type": "FeatureCollection", "features": [], **told}}
    events = describe(gathered, values["margin_m"]).drop(columns=_LEFT_OUT)
    return {"events": feature_collection(events, **told)}


PROCESS = Process(
    id="hotspots-to-events",
    version="1.0.0",
    title=Text("Gom điểm cháy thành đám cháy", "Hotspots to fire events"),
    description=Text(
        "Gom các phát hiện cháy gần nhau trong không gian và thời gian thành đám cháy (ST-DBSCAN, Birant & "
        "Kut 2007), với vùng, lúc bắt đầu, tốc độ lan.",
        "Gathers detections of fire that are near in space and in time into fires (ST-DBSCAN, Birant & Kut "
        "2007), with extent, beginning and growth.",
    ),
    keywords=("cháy rừng", "điểm nóng", "fire", "hotspots", "ST-DBSCAN"),
    inputs=_inputs,
    outputs={
        "events": Output(
            Text("Các đám cháy", "The fires"),
            Text("Vùng và số liệu từng đám.", "Extent and facts."),
            GEOJSON_TYPE,
        )
    },
    check=_check,
    run=_run,
    example={
        "points": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [107.50 + east, 16.30]},
                    "properties": {"detected_at": f"2025-06-01T0{hour}:00:00Z", "confidence": 0.8},
                }
                for east, hour in ((0.0, 3), (0.004, 4), (0.008, 5))
            ],
        },
        "within_m": 1000,
        "min_detections": 2,
    },
)
