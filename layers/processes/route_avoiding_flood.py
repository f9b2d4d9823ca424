"""Process ``route-avoiding-flood``: the shortest way that a vehicle can go while roads stand under water."""

from __future__ import annotations

from collections.abc import Mapping

import shapely

from gis_core.config import get_settings
from gis_core.crs import METRIC_SRID, STORAGE_SRID, transformer
from gis_core.db import writing
from gis_core.errors import InvalidParameterError
from gis_core.types import Text
from layers.corridor_choice import way_between
from layers.processes.base import GEOJSON_TYPE, Input, Output, Process, Progress, Values
from layers.processes.flood_water import check_gauges, stages_input, water_of
from layers.processes.words import check_place, feature, place


def _inputs() -> Mapping[str, Input]:
    vehicles = list(get_settings().flood.passable_below_m)
    return {
        "from": place("Điểm đi", "From"),
        "to": place("Điểm đến", "To"),
        "vehicle": Input(
            Text("Loại xe", "Kind of vehicle"),
            Text(
                "Qua được nước nông hơn ngưỡng flood.passable_below_m.",
                "Gets through water shallower than the setting flood.passable_below_m.",
            ),
            {"type": "string", "enum": vehicles, "default": vehicles[0]},
        ),
        "stages_m": stages_input(optional=True),
    }


def _check(values: Values) -> None:
    check_place(values, "from", "to")


def _run(values: Values, progress: Progress) -> Values:
    """The shortest way over segments that are nowhere too deep for the vehicle, beside the one on dry roads.

    Raises:
        InvalidParameterError: a gauge is unknown, a place near no open road, or no open way leads there.
        SurfaceNotBuiltError: there is no terrain, surface, or gauge on a stream.
    """
    # Its compiled parts take a second to load, and only a run needs them.
    from layers.flood_effects import permanent_water, road_depths  # noqa: PLC0415

    check_gauges(values.get("stages_m", {}))
    limit_m = get_settings().flood.passable_below_m[values["vehicle"]]
    start, end = tuple(values["from"]), tuple(values["to"])
    progress(5, "Flooding the terrain")
    water = water_of(values)
    progress(70, "Looking along the roads")
    with writing() as connection:
        roads = road_depths(
            connection, water.depth_m, water.grid, permanent_water(connection, water.grid)
        ).set_index("code")
        closed = frozenset(roads.index[roads["maximum_depth_m"] >= limit_m])
        progress(85, "Finding the way")
        dry = way_between(connection, start, end)
        try:
            way = way_between(connection, start, end, closed)
        except InvalidParameterError as error:
            raise InvalidParameterError(
                error.parameter,
                f"under this water a {values['vehicle']} gets no way from there: {len(closed)} road segments "
                f"stand {limit_m:g} m deep or more ({error}).",
            ) from error
    lon, lat = transformer(METRIC_SRID, STORAGE_SRID).transform(*shapely.get_coordinates(way.line).T)
    properties = {
        "vehicle": values["vehicle"],
        "passable_below_m": limit_m,
        "length_m": round(way.length_m, 1),
        "length_without_flood_m": round(dry.length_m, 1),
        "detour_m": round(way.length_m - dry.length_m, 1),
        "segments": way.codes,
        "names": [str(name) for name in dict.fromkeys(roads["name"].reindex(way.codes).dropna())],
        "deepest_on_way_m": round(float(roads["maximum_depth_m"].reindex(way.codes).fillna(0).max()), 2),
        "segments_closed": len(closed),
        "simulated": bool(water.known_from["simulated"] or roads["simulated"].any()),
    }
    line = shapely.LineString(list(zip(lon, lat, strict=True)))
    return {"route": feature(line, properties) | {"knownFrom": water.known_from}}


PROCESS = Process(
    id="route-avoiding-flood",
    version="1.0.0",
    title=Text("Đường đi tránh ngập", "Route avoiding the flood"),
    description=Text(
        "Đường ngắn nhất giữa hai điểm mà một loại xe còn đi được khi đường ngập theo mực nước đã cho hoặc "
        "mặt ngập hiện tại, và dài hơn bao nhiêu so với khi không ngập. Đoạn nào có chỗ quá sâu thì bỏ "
        "cả đoạn.",
        "The shortest way between two places that a kind of vehicle can still go under the water of given "
        "stages or of the present flood surface, and how much longer it is than without. A segment that is "
        "too deep anywhere is left out whole.",
    ),
    keywords=("ngập lụt", "tìm đường", "flood", "routing"),
    inputs=_inputs,
    outputs={
        "route": Output(
            Text("Đường đi", "The route"),
            Text("Đường, chiều dài và đoạn vòng thêm.", "Its line, length and detour."),
            GEOJSON_TYPE,
        )
    },
    check=_check,
    run=_run,
    example={
        "from": [107.585, 16.463],
        "to": [107.70, 16.40],
        "vehicle": "car",
        "stages_m": {"kim-long": 3.0, "phu-oc": 3.5},
    },
)
