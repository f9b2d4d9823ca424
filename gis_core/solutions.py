"""AI solutions: what cameras are asked to notice, with which model, and whom it concerns."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from gis_core.errors import InvalidParameterError
from gis_core.section import Section, SourceName
from gis_core.time import parse_duration

AnchorSigma = Annotated[float, Field(ge=0, le=2)]
ClassName = Annotated[str, Field(min_length=1, max_length=100)]


class Title(Section):
    """A title in the two languages of the service."""

    vi: str
    en: str


class Cameras(Section):
    """Cameras by their main purpose, by their codes, or both."""

    purposes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Group(Section):
    """Findings of a frame that only count together, as one finding with its own class."""

    at_least: int = Field(ge=2)
    class_name: ClassName


class Solution(Section):
    """One AI solution; ``config.yml`` says what each setting means."""

    title: Title
    detector: SourceName | None = "hue"
    classes: tuple[ClassName, ...] = Field(min_length=1)
    layer: Literal["detections"] = "detections"
    subject: str
    steward: str = Field(min_length=1)
    violation_kind: str | None = None
    min_confidence: float = Field(default=0.4, gt=0, lt=1)
    group: Group | None = None
    interval_s: float = Field(default=10.0, gt=0, le=86_400)
    cameras: Literal["stated", "all"] | Cameras = "stated"
    anchor: Literal["bottom", "centre"] = "bottom"
    anchor_sigma: tuple[AnchorSigma, AnchorSigma] = (0.04, 0.04)
    crops: bool = False
    originals: Literal["steward"] | None = None
    retention: str = "30d"

    @field_validator("retention")
    @classmethod
    def _is_a_duration(cls, text: str) -> str:
        try:
            parse_duration(text, "retention")
        except InvalidParameterError as error:
            raise ValueError(str(error)) from error
        return text


_TRAFFIC_POLICE = "Phòng Cảnh sát giao thông"
_CITY_POLICE = "Công an thành phố"
_FOREST_RANGERS = "Chi cục Kiểm lâm"
_ENVIRONMENT = "Sở Nông nghiệp và Môi trường"
_CIVIL_DEFENCE = "Ban Chỉ huy Phòng thủ dân sự"
_VEHICLES = ("car", "motorcycle", "bus", "truck", "bicycle")


def _solution(
    vi: str, en: str, classes: tuple[str, ...], subject: str, steward: str, **more: Any
) -> Solution:
    return Solution(title=Title(vi=vi, en=en), classes=classes, subject=subject, steward=steward, **more)


# An entry to a line or two can be compared with config.yml.
# fmt: off
CATALOGUE: dict[str, Solution] = {
    "vehicle-count": _solution(
        "Đếm phương tiện", "Vehicle counting", _VEHICLES, "vehicle", _TRAFFIC_POLICE, min_confidence=0.35,
        interval_s=5.0,
    ),
    "vehicle-density": _solution(
        "Mật độ phương tiện", "Vehicle density", _VEHICLES, "vehicle", _TRAFFIC_POLICE, min_confidence=0.35,
        interval_s=5.0,
    ),
    "jam": _solution(
        "Ùn tắc giao thông", "Traffic jam", _VEHICLES, "incident", _TRAFFIC_POLICE, min_confidence=0.35,
        group=Group(at_least=25, class_name="jam"),
    ),
    "abnormal-flow": _solution(
        "Luồng giao thông bất thường", "Abnormal traffic flow", ("abnormal_flow",), "incident",
        _TRAFFIC_POLICE, detector=None,
    ),
    "red-light": _solution(
        "Vượt đèn đỏ", "Running a red light", ("red_light",), "traffic_violation", _TRAFFIC_POLICE,
        detector=None, violation_kind="vượt đèn đỏ", min_confidence=0.6, interval_s=1.0,
    ),
    "wrong-lane": _solution(
        "Đi sai làn, ngược chiều", "Wrong lane or wrong way", ("wrong_lane", "wrong_way"),
        "traffic_violation", _TRAFFIC_POLICE, detector=None, violation_kind="đi sai làn, ngược chiều",
        min_confidence=0.6, interval_s=1.0,
    ),
    "speeding": _solution(
        "Chạy quá tốc độ", "Speeding", ("speeding",), "traffic_violation", _TRAFFIC_POLICE, detector=None,
        violation_kind="chạy quá tốc độ", min_confidence=0.6, interval_s=1.0,
    ),
    "helmet": _solution(
        "Không đội mũ bảo hiểm", "Riding without a helmet", ("no_helmet",), "traffic_violation",
        _TRAFFIC_POLICE, detector=None, violation_kind="không đội mũ bảo hiểm", min_confidence=0.6,
        interval_s=2.0,
    ),
    "illegal-parking": _solution(
        "Dừng, đỗ xe sai quy định", "Illegal parking", ("illegal_parking",), "traffic_violation",
        _TRAFFIC_POLICE, detector=None, violation_kind="dừng, đỗ xe sai quy định", min_confidence=0.6,
        interval_s=60.0,
    ),
    "overload": _solution(
        "Xe quá tải, cơi nới thùng", "Overloaded truck", ("overload",), "traffic_violation", _TRAFFIC_POLICE,
        detector=None, violation_kind="chở quá tải", min_confidence=0.6, interval_s=2.0,
    ),
    "accident": _solution(
        "Tai nạn, sự cố trên đường", "Accident on the road", ("crash", "stalled_vehicle", "fallen_tree"),
        "incident", _TRAFFIC_POLICE, detector=None, min_confidence=0.5, interval_s=5.0,
    ),
    "forest-smoke": _solution(
        "Khói rừng", "Forest smoke", ("smoke",), "forest_fire", _FOREST_RANGERS,
        anchor_sigma=(0.4, 0.2), min_confidence=0.35,
    ),
    "forest-fire": _solution(
        "Lửa rừng", "Forest flames", ("flame",), "forest_fire", _FOREST_RANGERS,
        anchor_sigma=(0.1, 0.4), min_confidence=0.35,
    ),
    "wildlife": _solution(
        "Động vật hoang dã", "Wildlife", ("animal",), "wildlife", _FOREST_RANGERS, min_confidence=0.45,
    ),
    "illegal-logging": _solution(
        "Khai thác rừng trái phép", "Illegal logging", ("logging",), "environmental_violation",
        _FOREST_RANGERS, detector=None, violation_kind="khai thác rừng trái phép", min_confidence=0.5,
    ),
    "water-level": _solution(
        "Mực nước tại thước đo", "Water level at a staff gauge", ("staff_gauge",), "flooding", _CIVIL_DEFENCE,
        detector=None, min_confidence=0.5, interval_s=300.0,
    ),
    "street-flooding": _solution(
        "Ngập đường", "Flooded street", ("flood",), "flooding", _CIVIL_DEFENCE, anchor="centre",
        anchor_sigma=(0.2, 0.2), min_confidence=0.4, interval_s=60.0,
    ),
    "landslide": _solution(
        "Sạt lở đất", "Landslide", ("landslide",), "incident", _CIVIL_DEFENCE, detector=None,
        min_confidence=0.5, interval_s=60.0,
    ),
    "straw-burning": _solution(
        "Đốt rơm rạ", "Straw burning", ("straw_fire",), "straw_burning", _ENVIRONMENT,
        anchor_sigma=(0.22, 0.06), min_confidence=0.35,
    ),
    "waste-dumping": _solution(
        "Đổ rác không đúng nơi quy định", "Waste dumping", ("rubbish",), "environmental_violation",
        _ENVIRONMENT, violation_kind="đổ rác không đúng nơi quy định", min_confidence=0.45, interval_s=60.0,
    ),
    "smoke": _solution(
        "Khói bụi, đốt chất thải", "Smoke of burning waste", ("smoke",), "environmental_violation",
        _ENVIRONMENT, violation_kind="đốt chất thải", anchor_sigma=(0.4, 0.2), min_confidence=0.5,
    ),
    "waste-water": _solution(
        "Xả nước thải", "Waste water", ("wastewater",), "environmental_violation", _ENVIRONMENT,
        detector=None, violation_kind="xả nước thải", min_confidence=0.5, interval_s=60.0,
    ),
    "crowd": _solution(
        "Tụ tập đông người", "Crowding", ("person",), "crowding", _CITY_POLICE, min_confidence=0.35,
        group=Group(at_least=20, class_name="crowd"),
    ),
    "intrusion": _solution(
        "Xâm nhập khu vực cấm", "Intrusion", ("intruder",), "incident", _CITY_POLICE, detector=None,
        min_confidence=0.6, interval_s=2.0,
    ),
    "lost-property": _solution(
        "Đồ vật bị bỏ quên", "Unattended object", ("unattended_object",), "incident", _CITY_POLICE,
        detector=None, min_confidence=0.6, interval_s=30.0,
    ),
    "fire-indoors": _solution(
        "Cháy trong khu dân cư", "Fire in buildings", ("building_fire",), "incident", _CITY_POLICE,
        detector=None, min_confidence=0.5, interval_s=5.0,
    ),
    "public-order": _solution(
        "Gây rối trật tự công cộng", "Public disorder", ("fight",), "incident", _CITY_POLICE, detector=None,
        min_confidence=0.6, interval_s=2.0,
    ),
}
# fmt: on
"""The 27 AI solutions of the province, as ``config.yml`` states them."""
