"""Fire danger: each forest zone's index and level of the latest day that the weather was observed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Boolean, DateTime, Float, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry

LEVELS = ("I", "II", "III", "IV", "V")
LEVEL_LABELS = (
    Text("Cấp I – Thấp", "Level I – low"),
    Text("Cấp II – Trung bình", "Level II – moderate"),
    Text("Cấp III – Cao", "Level III – high"),
    Text("Cấp IV – Nguy hiểm", "Level IV – dangerous"),
    Text("Cấp V – Cực kỳ nguy hiểm", "Level V – extremely dangerous"),
)
LEVEL_COLORS = ("#4caf50", "#fdd835", "#fb8c00", "#e53935", "#7b1fa2")


class FireDanger(Feature):
    __tablename__ = "fire_danger"

    code: Mapped[str] = described(SqlText, "Mã khu rừng", "Forest zone code", primary_key=True)
    name: Mapped[str] = described(SqlText, "Tên khu rừng", "Forest zone name", nullable=False)
    valid_at: Mapped[datetime] = described(
        DateTime(timezone=True),
        "13 giờ của ngày được tính (UTC)",
        "13 h Huế time of the day that it is of (UTC)",
        nullable=False,
    )
    level: Mapped[str | None] = described(
        choice("level", *LEVELS),
        "Cấp dự báo cháy rừng I–V; trống khi thiếu số liệu",
        "Danger level I–V; none where the weather was not observed",
    )
    nesterov_index: Mapped[float | None] = described(
        Float,
        "Chỉ tiêu tổng hợp P (Nesterov cải tiến)",
        "Modified Nesterov index P",
        unit="°C·hPa",
        minimum=0,
    )
    dry_days: Mapped[int | None] = described(
        Integer,
        "Số ngày liên tục ít mưa hoặc không mưa",
        "Days since rain ended the dry spell before",
        minimum=0,
    )
    since_rain: Mapped[bool | None] = described(
        Boolean,
        "Chuỗi ngày khô bắt đầu sau mưa; sai là chuỗi số liệu bắt đầu giữa đợt khô nên P là giới hạn dưới",
        "The dry spell began with rain; false where the record begins within it, and P is a lower bound",
    )
    temperature_c: Mapped[float | None] = described(
        Float, "Nhiệt độ lúc 13 giờ", "Air temperature at 13 h", unit="°C"
    )
    saturation_deficit_hpa: Mapped[float | None] = described(
        Float, "Độ chênh lệch bão hòa lúc 13 giờ", "Saturation deficit at 13 h", unit="hPa", minimum=0
    )
    fwi: Mapped[float | None] = described(
        Float, "Chỉ số thời tiết cháy Canada (FWI)", "Canadian Fire Weather Index", unit="1", minimum=0
    )
    station_codes: Mapped[list[str]] = described(
        ARRAY(SqlText), "Mã trạm đã dùng", "Codes of the stations that were used", nullable=False
    )
    built_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm tính (UTC)", "When it was computed (UTC)", nullable=False
    )
    geom: Mapped[Any] = geometry("MULTIPOLYGON")


LAYER = Layer(
    name="fire_danger",
    model=FireDanger,
    loadable=False,
    title=Text("Cấp nguy cơ cháy rừng", "Forest fire danger"),
    description=Text(
        "Cấp dự báo cháy rừng I–V của từng khu rừng theo chỉ tiêu P (Nesterov cải tiến) từ số liệu trạm khí "
        "tượng, kèm chỉ số FWI.",
        "The danger of fire, levels I–V, of each forest zone by the modified Nesterov index P from station "
        "weather, with the Canadian FWI beside it.",
    ),
    steward=Text("Chi cục Kiểm lâm", "Forest protection department"),
    keywords=("cháy rừng", "Nesterov", "FWI", "fire danger"),
    theme=themes.FOREST,
    label_column="name",
    style=Style(
        color="#9e9e9e",
        size_px=1,
        fill_opacity=0.5,
        column="level",
        classes=tuple(
            StyleClass(level, color, label)
            for level, color, label in zip(LEVELS, LEVEL_COLORS, LEVEL_LABELS, strict=True)
        ),
    ),
)
