"""Quality findings: what the last check of the layers found fault with, and where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry


class QualityFinding(Feature):
    __tablename__ = "quality_findings"

    code: Mapped[str] = described(
        SqlText,
        "Mã phát hiện, không đổi giữa các lần kiểm tra",
        "Finding code, the same in every run",
        primary_key=True,
    )
    check: Mapped[str] = described(SqlText, "Phép kiểm tra", "Check", nullable=False)
    severity: Mapped[str] = described(
        choice("severity", "error", "warning"),
        "Mức độ: chắc chắn sai hoặc cần xem lại",
        "Severity: certainly wrong, or to be looked at",
        nullable=False,
    )
    layer: Mapped[str] = described(SqlText, "Lớp được kiểm tra", "Layer that was checked", nullable=False)
    feature_id: Mapped[str] = described(
        SqlText, "Mã đối tượng trong lớp", "Identifier of the feature in its layer", nullable=False
    )
    sentence_vi: Mapped[str] = described(
        SqlText, "Nội dung bằng tiếng Việt", "What was found, in Vietnamese", nullable=False
    )
    sentence_en: Mapped[str] = described(
        SqlText, "Nội dung bằng tiếng Anh", "What was found, in English", nullable=False
    )
    found_at: Mapped[datetime] = described(
        DateTime(timezone=True),
        "Thời điểm phát hiện lần đầu (UTC)",
        "When a check first found it (UTC)",
        nullable=False,
    )
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="quality_findings",
    model=QualityFinding,
    loadable=False,
    title=Text("Kết quả kiểm tra chất lượng dữ liệu", "Data quality findings"),
    description=Text(
        "Những điểm nghi sai mà lần kiểm tra gần nhất thấy trong các lớp; đối tượng không có "
        "vị trí được đặt ở giữa tỉnh.",
        "What the latest check of the layers found fault with; a feature without a position "
        "is shown at the middle of the province.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("chất lượng", "kiểm tra", "quality"),
    theme=themes.QUALITY,
    style=Style(
        color="#ad1457",
        size_px=5,
        column="severity",
        classes=(
            StyleClass("error", "#c62828", Text("Chắc chắn sai", "Certainly wrong")),
            StyleClass("warning", "#f9a825", Text("Cần xem lại", "To be looked at")),
        ),
    ),
)
