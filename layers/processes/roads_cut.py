"""Process ``roads-cut``: which roads water cuts, and for whom."""

from __future__ import annotations

from collections.abc import Mapping

from gis_core.crs import STORAGE_SRID
from gis_core.db import writing
from gis_core.types import Text
from layers.processes.base import GEOJSON_TYPE, Input, Output, Process, Progress, Values
from layers.processes.flood_water import check_gauges, stages_input, water_of
from layers.processes.words import feature_collection


def _inputs() -> Mapping[str, Input]:
    return {
        "stages_m": stages_input(optional=True),
        "min_depth_m": Input(
            Text("Độ sâu tối thiểu (m)", "Least depth (m)"),
            Text("Bỏ qua đoạn có nước nông hơn.", "Segments whose deepest water is shallower are left out."),
            {"type": "number", "minimum": 0, "maximum": 10, "default": 0, "x-unit": "m"},
        ),
    }


def _run(values: Values, progress: Progress) -> Values:
    """See ``layers.flood_effects.road_depths``.

    Raises:
        InvalidParameterError: a gauge is unknown.
        SurfaceNotBuiltError: there is no terrain, surface, or gauge on a stream.
    """
    # Its compiled parts take a second to load, and only a run needs them.
    from layers.flood_effects import only_cut, permanent_water, road_depths  # noqa: PLC0415

    check_gauges(values.get("stages_m", {}))
    progress(5, "Flooding the terrain")
    water = water_of(values)
    progress(80, "Looking along the roads")
    with writing() as connection:
        rivers = permanent_water(connection, water.grid)
        cut = only_cut(road_depths(connection, water.depth_m, water.grid, rivers))
    cut = cut[cut["maximum_depth_m"] >= values["min_depth_m"]]
    return {"roads": feature_collection(cut.to_crs(STORAGE_SRID), knownFrom=water.known_from)}


PROCESS = Process(
    id="roads-cut",
    version="1.0.0",
    title=Text("Đường bị ngập, chia cắt", "Roads cut by water"),
    description=Text(
        "Các đoạn đường bị ngập theo mực nước đã cho hoặc theo mặt ngập hiện tại: chiều dài ngập, độ sâu "
        "lớn nhất, xe máy, ô tô, xe tải còn qua được không.",
        "Road segments under water by given stages or by the present flood surface: flooded length, greatest "
        "depth, and whether motorcycles, cars and trucks get through.",
    ),
    keywords=("ngập lụt", "đường", "flood", "roads"),
    inputs=_inputs,
    outputs={
        "roads": Output(
            Text("Các đoạn đường", "The segments"),
            Text("Sâu nhất trước.", "The deepest first."),
            GEOJSON_TYPE,
        )
    },
    run=_run,
    example={"stages_m": {"kim-long": 5.0, "phu-oc": 5.2}},
)
