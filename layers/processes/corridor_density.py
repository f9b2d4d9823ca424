"""Process ``corridor-density``: how dense the traffic on a corridor is, hour by hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection

from gis_core.analysis.traffic import HANOI_UNITS
from gis_core.config import get_settings
from gis_core.db import reading
from gis_core.errors import InvalidParameterError
from gis_core.time import parse_duration
from gis_core.types import Text
from layers import road_segments
from layers.corridor_choice import WITHIN_M, Chosen, along, between, named
from layers.corridor_totals import in_bins, whole_bins, whole_corridor
from layers.corridors import hourly_density, hours_not_enriched, last_day
from layers.passenger_cars import chosen_units
from layers.processes.base import GEOJSON_TYPE, JSON_TYPE, Input, Output, Process, Progress, Values
from layers.processes.words import (
    check_place,
    check_window,
    feature_collection,
    place,
    records,
    window_inputs,
    window_of,
)
from layers.read import read
from layers.tracks import with_tracks

_BINS = ("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d", "7d")
_TOLD = (
    "hour_at", "observed_part", "seen_part", "cameras", "vehicles", "frames", "frames_basis", "veh_km",
    "veh_km_sigma", "pcu_km", "pcu_km_sigma", "pcu_km_lane", "level", "flow_veh_h", "speed_kmh", "simulated",
)  # fmt: skip


def _inputs() -> Mapping[str, Input]:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}
    line = {
        "type": "object",
        "format": "geojson-geometry",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"type": "string", "enum": ["LineString"]},
            "coordinates": {"type": "array", "items": pair, "minItems": 2, "maxItems": 1000},
        },
    }
    return {
        "corridor": Input(
            Text("Hành lang", "Corridor"),
            Text(
                "Tên hành lang của lớp road_segments, ví dụ QL1; hoặc dùng line, hoặc from và to.",
                "Name of a corridor of layer road_segments, such as QL1; or else line, or from and to.",
            ),
            {"type": "string", "minLength": 1, "maxLength": 200},
            optional=True,
        ),
        "line": Input(
            Text("Tuyến vẽ tay", "Drawn line"),
            Text("GeoJSON LineString dọc theo các con đường.", "GeoJSON LineString along the roads."),
            line,
            optional=True,
        ),
        "within_m": Input(
            Text("Khoảng cách tới tuyến vẽ (m)", "Distance from the drawn line (m)"),
            Text("Đường được lệch khỏi tuyến bao xa.", "How far roads may lie off the line."),
            {"type": "number", "minimum": 1, "maximum": 500, "default": WITHIN_M, "x-unit": "m"},
        ),
        "from": place("Điểm đầu của tuyến ngắn nhất", "Where the shortest route begins", optional=True),
        "to": place("Điểm cuối của tuyến ngắn nhất", "Where the shortest route ends", optional=True),
        **window_inputs(),
        "bin": Input(
            Text("Bước thời gian", "Length of a bin"),
            Text("Gộp các giờ lại.", "Hours are put together to these."),
            {"type": "string", "enum": list(_BINS), "default": "1h"},
        ),
        "units": Input(
            Text("Bảng quy đổi xe", "Table of passenger-car units"),
            Text("Một xe mỗi loại bằng mấy xe con.", "How many cars a vehicle of a class stands for."),
            {
                "type": "string",
                "enum": [HANOI_UNITS.name, *get_settings().traffic.unit_tables],
                "default": get_settings().traffic.units,
            },
        ),
    }


def _check(values: Values) -> None:
    check_window(values)
    check_place(values, "from", "to")
    if ("from" in values) != ("to" in values):
        raise InvalidParameterError("to", "a route needs both places, 'from' and 'to'.")
    if sum(name in values for name in ("corridor", "line", "from")) != 1:
        raise InvalidParameterError("corridor", "give one of 'corridor', 'line', or 'from' with 'to'.")
    if "line" in values:
        degrees = values["line"]["coordinates"]
        if any(not (abs(one[0]) <= 180 and abs(one[1]) <= 90) for one in degrees):
            raise InvalidParameterError("line", "its points are longitude, then latitude, in degrees.")


def _chosen(connection: Connection, values: Values) -> Chosen:
    if "line" in values:
        points = [one[:2] for one in values["line"]["coordinates"]]
        return along(connection, shapely.LineString(points), values["within_m"])
    if "from" in values:
        return between(connection, tuple(values["from"]), tuple(values["to"]))
    return named(connection, values["corridor"])


def _run(values: Values, progress: Progress) -> Values:
    """See ``layers.corridors.hourly_density``.

    Raises:
        InvalidParameterError: there is no such corridor, or no road there.
        GisError: no camera has counted a vehicle yet.
    """
    length = parse_duration(values["bin"], "bin")
    units = chosen_units(get_settings(), values["units"])
    with reading() as connection:
        corridor = _chosen(connection, values)
        window = whole_bins(window_of(values, last_day(connection)), length)
        progress(20, "Counting vehicles")
        hourly = hourly_density(connection, corridor, window, units)
        binned = with_tracks(connection, in_bins(hourly, length), length)
        waiting = hours_not_enriched(connection, window)
        progress(80, "Putting segments together")
        codes = corridor.segments["segment_code"].tolist()
        roads = read(connection, road_segments.LAYER, road_segments.LAYER.table.c.code.in_(codes), columns=())
    whole = whole_corridor(binned)
    told: dict[str, Any] = {
        "corridor": corridor.name,
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "bin": values["bin"],
        "units": values["units"],
        "segments": len(codes),
        "length_m": round(float(corridor.segments["length_m"].sum()), 1),
        "hours_waiting_for_enrichment": waiting,
        "simulated": bool(whole["simulated"].any()),
        "hours": records(whole[[name for name in _TOLD if name in whole]]),
    }
    return {"density": told, "segments": feature_collection(_by_segment(binned, roads))}


def _by_segment(binned: pd.DataFrame, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every segment with its densest bin, in the order of travel."""
    number = dict.fromkeys(binned["segment_code"])
    rows = []
    for code in number:
        of_one = binned[binned["segment_code"] == code]
        known = of_one[of_one["pcu_km_lane"].notna()]
        densest = known.loc[known["pcu_km_lane"].astype(float).idxmax()] if len(known) else None
        rows.append(
            {
                "segment_code": code,
                "segment_name": of_one["segment_name"].iloc[0],
                "length_m": of_one["length_m"].iloc[0],
                "lanes": of_one["lanes"].iloc[0],
                "bins_observed": int(of_one["frames_basis"].notna().sum()),
                "mean_veh_km": of_one["veh_km"].astype(float).mean(),
                "mean_pcu_km_lane": of_one["pcu_km_lane"].astype(float).mean(),
                "densest_at": None if densest is None else densest["hour_at"].to_pydatetime(),
                "densest_pcu_km_lane": None if densest is None else densest["pcu_km_lane"],
                "densest_level": None if densest is None else densest["level"],
            }
        )
    shapes = roads.set_index("code").geometry
    return gpd.GeoDataFrame(rows, geometry=[shapes[code] for code in number], crs=roads.crs)


PROCESS = Process(
    id="corridor-density",
    version="1.0.0",
    title=Text("Mật độ xe trên hành lang", "Density on a corridor"),
    description=Text(
        "Số xe trên mỗi km và mức phục vụ A–F theo giờ trên một hành lang, từ xe mà camera đếm được "
        "(mật độ theo Edie; mức phục vụ theo HCM).",
        "Vehicles per km and level of service A–F hour by hour on a corridor, from what cameras count "
        "(Edie's density; levels of service of the HCM).",
    ),
    keywords=("giao thông", "mật độ", "traffic", "density"),
    inputs=_inputs,
    outputs={
        "density": Output(
            Text("Theo thời gian", "By time"),
            Text("Cả hành lang, từng bước thời gian.", "The whole corridor, bin by bin."),
            JSON_TYPE,
        ),
        "segments": Output(
            Text("Theo đoạn đường", "By segment"),
            Text("Từng đoạn với bước đông nhất.", "Every segment with its densest bin."),
            GEOJSON_TYPE,
        ),
    },
    check=_check,
    run=_run,
    example={"corridor": "QL1", "bin": "3h"},
)
