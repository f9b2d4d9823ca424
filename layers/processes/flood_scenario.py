"""Process ``flood-scenario``: what the province looks like if the gauges stand so high."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gis_core.crs import STORAGE_SRID
from gis_core.time import Window, parse_instant
from gis_core.types import Text
from layers.processes.base import (
    GEOJSON_TYPE,
    GEOTIFF_TYPE,
    JSON_TYPE,
    Input,
    Output,
    Process,
    Progress,
    Values,
)
from layers.processes.flood_water import check_gauges, stages_input
from layers.processes.words import INSTANT, feature_collection
from layers.raster import write_surface
from layers.surfaces.flood_risk import SURFACE

_MOST_RAIN_MM = 2_000


def _inputs() -> Mapping[str, Input]:
    return {
        "stages_m": stages_input(optional=False),
        "rain_mm": Input(
            Text("Mưa trong ngày (mm)", "Rain of the day (mm)"),
            Text("Như nhau ở mọi nơi.", "The same everywhere."),
            {"type": "number", "minimum": 0, "maximum": _MOST_RAIN_MM, "x-unit": "mm"},
            optional=True,
        ),
        "at": Input(
            Text("Thời điểm", "Time"),
            Text("Kịch bản dành cho lúc nào; mặc định là bây giờ.", "What time it is for; by default now."),
            INSTANT,
            optional=True,
        ),
    }


def _check(values: Values) -> None:
    if "at" in values:
        parse_instant(values["at"], "at")


def _run(values: Values, progress: Progress) -> Values:
    """See ``layers.flood_scenario``.

    Raises:
        InvalidParameterError: a gauge is unknown.
        SurfaceNotBuiltError: there is no terrain, or none of the gauges stands on its streams.
    """
    # Its compiled parts take a second to load, and only a run needs them.
    from layers.flood_scenario import run_scenario  # noqa: PLC0415

    check_gauges(values["stages_m"])
    at = parse_instant(values["at"], "at") if "at" in values else datetime.now(UTC)
    progress(5, "Flooding the terrain")
    scenario = run_scenario(values["stages_m"], at, rain_mm=values.get("rain_mm"))
    progress(85, "Writing the raster")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "flood.tif"
        write_surface(SURFACE, Window(at, at), scenario.flood.as_surface(), file)
        raster = file.read_bytes()
    return {
        "summary": scenario.report(),
        "roads_cut": feature_collection(scenario.roads.to_crs(STORAGE_SRID)),
        "wards": feature_collection(scenario.wards.to_crs(STORAGE_SRID)),
        "raster": raster,
    }


PROCESS = Process(
    id="flood-scenario",
    version="1.0.0",
    title=Text("Kịch bản ngập lụt", "Flood scenario"),
    description=Text(
        "Nếu mực nước các trạm ở mức đã cho thì ngập đến đâu: độ sâu, nguy cơ, đường bị chia cắt, phường xã "
        "bị ảnh hưởng, và lưới GeoTIFF (cấp nguy cơ, độ sâu, hiểm họa, phơi bày, tổn thương).",
        "What the stages at the gauges would flood: depth, risk, roads cut, wards touched, and a GeoTIFF "
        "(risk class, depth, hazard, exposure, vulnerability).",
    ),
    keywords=("ngập lụt", "lũ", "flood", "HAND"),
    inputs=_inputs,
    outputs={
        "summary": Output(
            Text("Tóm tắt", "Summary"),
            Text(
                "Diện tích ngập, nguy cơ, đường và phường xã.", "Flooded area, risk, roads and wards as JSON."
            ),
            JSON_TYPE,
        ),
        "roads_cut": Output(
            Text("Đường bị chia cắt", "Roads cut"),
            Text("Sâu nhất trước, loại xe nào còn qua được.", "The deepest first, and who gets through."),
            GEOJSON_TYPE,
        ),
        "wards": Output(
            Text("Phường xã bị ngập", "Wards touched"),
            Text("Ngập nhiều nhất trước.", "The most flooded first."),
            GEOJSON_TYPE,
        ),
        "raster": Output(
            Text("Lưới ngập (COG)", "Raster of the flood (COG)"),
            Text("Năm kênh như bề mặt flood-risk.", "Five bands, as of surface flood-risk."),
            GEOTIFF_TYPE,
        ),
    },
    check=_check,
    run=_run,
    example={"stages_m": {"kim-long": 5.0, "phu-oc": 5.2}},
)
