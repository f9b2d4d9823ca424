"""What is told of the traffic on a road, with its units."""

from __future__ import annotations

from gis_core.analysis.traffic import LEVELS
from gis_core.types import Text
from layers.edr.base import Category, Parameter, by_name

_CLASSES = {
    "motorcycle": Text("Xe máy", "Motorcycles"),
    "car": Text("Ô tô con", "Cars"),
    "bus": Text("Xe buýt", "Buses"),
    "truck": Text("Xe tải", "Lorries"),
    "bicycle": Text("Xe đạp", "Bicycles"),
}
OF_CLASS = {f"veh_km_{name}": name for name in _CLASSES}
BY_TRACKS = ("flow_veh_h", "speed_kmh")
LEVEL = "level"
_LEVEL_CATEGORIES = tuple(
    Category(number, name, Text(f"Mức phục vụ {name}", f"Level of service {name}"))
    for number, name in enumerate(LEVELS, 1)
)


def _parameter(name: str, title: Text, symbol: str, unit: str, code: str) -> Parameter:
    return Parameter(name, title, f"urn:x-huegis:traffic:{name}", symbol, unit, code)


def _per_km(name: str, vi: str, en: str, what: str = "vehicles") -> Parameter:
    return _parameter(name, Text(vi, en), f"{what}/km", f"{what} per kilometre", f"{{{what}}}.km-1")


PARAMETERS = by_name(
    _per_km("veh_km", "Mật độ xe", "Density of vehicles"),
    _per_km("veh_km_sigma", "Sai số chuẩn của mật độ xe", "Standard error of the density"),
    _per_km("pcu_km", "Mật độ xe quy đổi", "Density in passenger-car units", "PCU"),
    _per_km("pcu_km_sigma", "Sai số chuẩn của mật độ quy đổi", "Standard error of the density in PCU", "PCU"),
    _per_km("pcu_km_lane", "Mật độ xe quy đổi mỗi làn", "Density in PCU by lane", "PCU"),
    Parameter(
        LEVEL,
        Text("Mức phục vụ", "Level of service"),
        "urn:x-huegis:traffic:level",
        categories=_LEVEL_CATEGORIES,
    ),
    _parameter(
        "flow_veh_h", Text("Lưu lượng xe", "Flow"), "vehicles/h", "vehicles per hour", "{vehicles}.h-1"
    ),
    _parameter("speed_kmh", Text("Tốc độ trung bình", "Mean speed"), "km/h", "kilometres per hour", "km.h-1"),
    *(
        _per_km(name, f"Mật độ: {_CLASSES[one].vi}", f"Density: {_CLASSES[one].en}")
        for name, one in OF_CLASS.items()
    ),
)
