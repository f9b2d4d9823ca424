"""The subjects of detections: what is seen, whom it concerns, and how it begins.

A new subject is one entry here and one migration that widens the CHECK of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gis_core.types import Text


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of thing that cameras and satellites report.

    ``steward`` is the agency that it concerns, as the rows name it. ``first_status`` is the
    status of a report that brings none: what an agency must look into is ``suspected``,
    what is only counted or measured is ``observed``.
    """

    name: str
    label: Text
    color: str
    steward: str
    first_status: str


_TRAFFIC_POLICE = "Phòng Cảnh sát giao thông"
_CITY_POLICE = "Công an thành phố"
_FOREST_RANGERS = "Chi cục Kiểm lâm"
_ENVIRONMENT = "Sở Nông nghiệp và Môi trường"
_CIVIL_DEFENCE = "Ban Chỉ huy Phòng thủ dân sự"

_DECLARED = (
    Subject("vehicle", Text("Phương tiện", "Vehicle"), "#3367d6", _TRAFFIC_POLICE, "observed"),
    Subject(
        "traffic_violation",
        Text("Vi phạm giao thông", "Traffic violation"),
        "#7b1fa2",
        _TRAFFIC_POLICE,
        "suspected",
    ),
    Subject(
        "environmental_violation",
        Text("Vi phạm môi trường", "Environmental violation"),
        "#6d4c41",
        _ENVIRONMENT,
        "suspected",
    ),
    Subject("wildlife", Text("Động vật hoang dã", "Wildlife"), "#2e7d32", _FOREST_RANGERS, "observed"),
    Subject("forest_fire", Text("Cháy rừng", "Forest fire"), "#d32f2f", _FOREST_RANGERS, "suspected"),
    Subject("straw_burning", Text("Đốt rơm rạ", "Straw burning"), "#f57c00", _ENVIRONMENT, "suspected"),
    Subject("flooding", Text("Ngập lụt", "Flooding"), "#0288d1", _CIVIL_DEFENCE, "observed"),
    Subject("crowding", Text("Tụ tập đông người", "Crowding"), "#c2185b", _CITY_POLICE, "observed"),
    Subject("incident", Text("Sự cố", "Incident"), "#37474f", _CITY_POLICE, "suspected"),
)
"""Smoke, flames and the hotspots of satellites are classes of ``forest_fire``: one alarm, one agency."""

SUBJECTS: Mapping[str, Subject] = MappingProxyType({subject.name: subject for subject in _DECLARED})
"""Every subject by its name, in declared order."""

STATUSES = ("observed", "suspected", "verified", "refuted", "resolved")
"""``resolved`` is verified and dealt with; ``layers.status`` says which may follow which."""
