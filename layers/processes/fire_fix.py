"""Process ``fire-fix``: where smoke stands that several observers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gis_core.config import get_settings
from gis_core.types import Text
from layers.fire_bearings import Table
from layers.fire_fix import as_json, fix_smoke
from layers.georeferencing import terrain_of
from layers.processes.base import GEOJSON_TYPE, JSON_TYPE, Input, Output, Process, Progress, Schema, Values

_MOST = 100
_LON: Schema = {"type": "number", "minimum": -180, "maximum": 180, "x-unit": "deg"}
_LAT: Schema = {"type": "number", "minimum": -85, "maximum": 85, "x-unit": "deg"}
_KM: Schema = {"type": "number", "minimum": 0.05, "maximum": 10, "x-unit": "km"}


def _inputs() -> Mapping[str, Input]:
    chosen = get_settings().fire.fix
    bearing = {
        "id": {"type": "string", "maxLength": 80},
        "lon": _LON,
        "lat": _LAT,
        "azimuth_deg": {"type": "number", "minimum": 0, "maximum": 360, "x-unit": "deg"},
        "sigma_deg": {"type": "number", "minimum": 0.001, "maximum": 45, "x-unit": "deg"},
        "height_m": {"type": "number", "minimum": 0, "maximum": 500, "x-unit": "m"},
    }
    pixel = {"lon": _LON, "lat": _LAT, "scan_km": _KM, "track_km": _KM}
    return {
        "bearings": Input(
            Text("Các hướng nhìn thấy khói", "Bearings of the smoke"),
            Text(
                "Vị trí người quan sát, phương vị từ bắc thật, sai số chuẩn, độ cao ống kính so với mặt đất.",
                "Each observer's place, azimuth from true north, its standard error, height of the lens.",
            ),
            {
                "type": "array",
                "minItems": 1,
                "maxItems": _MOST,
                "items": _row(bearing, ("lon", "lat", "azimuth_deg", "sigma_deg")),
            },
        ),
        "pixels": Input(
            Text("Điểm ảnh vệ tinh", "Satellite pixels"),
            Text("Có thể cho thấy cùng đám cháy.", "They may show the same fire."),
            {"type": "array", "minItems": 1, "maxItems": _MOST, "items": _row(pixel, tuple(pixel))},
            optional=True,
        ),
        "range_km": Input(
            Text("Tầm nhìn (km)", "Range (km)"),
            Text("Một hướng nhìn xa tới đâu.", "How far a bearing reaches."),
            {"type": "number", "minimum": 0.1, "maximum": 200, "default": chosen.range_km, "x-unit": "km"},
        ),
        "terrain": Input(
            Text("Xét địa hình", "Use the terrain"),
            Text("Để núi che khói.", "Let ridges hide the smoke."),
            {"type": "boolean", "default": True},
        ),
    }


def _row(properties: Schema, required: Sequence[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _table(rows: Sequence[Values], columns: Sequence[str], height_m: float) -> Table:
    numbers = range(1, len(rows) + 1)
    names = (str(row.get("id", number)) for number, row in zip(numbers, rows, strict=True))
    values = {name: np.array([row.get(name, height_m) for row in rows], float) for name in columns}
    return Table(tuple(numbers), tuple(names), values)


def _run(values: Values, progress: Progress) -> Values:
    """See ``layers.fire_fix``.

    Raises:
        GisError: the bearings cannot be of one smoke within range.
    """
    settings = get_settings()
    chosen = settings.fire.fix.model_copy(update={"range_km": values["range_km"]})
    columns = ("lon", "lat", "azimuth_deg", "sigma_deg", "height_m")
    bearings = _table(values["bearings"], columns, chosen.lens_height_m)
    heat = values.get("pixels")
    pixels = None if heat is None else _table(heat, ("lon", "lat", "scan_km", "track_km"), 0.0)
    progress(10, "Looking along the bearings")
    terrain = terrain_of(settings) if values["terrain"] else None
    found = as_json(fix_smoke(bearings, pixels, terrain, chosen), bearings, pixels)
    region = found.pop("region_95")
    point = {"type": "Point", "coordinates": [found["lon"], found["lat"]]}
    return {
        "fix": found,
        "places": {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": region, "properties": {"kind": "region_95"}},
                {"type": "Feature", "geometry": point, "properties": {"kind": "fix"}},
            ],
        },
    }


PROCESS = Process(
    id="fire-fix",
    version="1.0.0",
    title=Text("Định vị khói cháy rừng", "Fix of smoke"),
    description=Text(
        "Từ các hướng mà camera hay chòi canh nhìn thấy khói, tính vị trí, vùng tin cậy 95 % và hướng nào "
        "không khớp.",
        "From the directions in which cameras or lookouts see smoke: its place, the region that holds it by "
        "95 %, and which bearing disagrees.",
    ),
    keywords=("cháy rừng", "khói", "fire", "smoke"),
    inputs=_inputs,
    outputs={
        "fix": Output(
            Text("Kết quả định vị", "The fix"),
            Text("Vị trí, độ tin cậy, sai lệch từng hướng.", "Place, how sure, and each bearing's residual."),
            JSON_TYPE,
        ),
        "places": Output(
            Text("Vị trí và vùng tin cậy", "Place and region"),
            Text("Điểm và vùng 95 %.", "The point and the 95 % region."),
            GEOJSON_TYPE,
        ),
    },
    run=_run,
    example={
        "bearings": [
            {
                "id": "VH-01",
                "lon": 107.50,
                "lat": 16.40,
                "azimuth_deg": 135,
                "sigma_deg": 0.5,
                "height_m": 30,
            },
            {
                "id": "VH-02",
                "lon": 107.65,
                "lat": 16.40,
                "azimuth_deg": 225,
                "sigma_deg": 0.5,
                "height_m": 30,
            },
        ],
        "terrain": False,
    },
)
