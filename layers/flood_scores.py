"""Flood scores: how well simulated floods agreed with what cameras and surveys saw, in public."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Float, Integer
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, described, geometry


class FloodScore(Feature):
    __tablename__ = "flood_scores"

    code: Mapped[str] = described(
        SqlText,
        "Mã: sự kiện, phương pháp, nguồn đối chiếu",
        "Code: event, method, reference",
        primary_key=True,
    )
    event: Mapped[str] = described(SqlText, "Trận lũ", "Flood event", nullable=False)
    method: Mapped[str] = described(SqlText, "Phương pháp mô phỏng", "Method of simulation", nullable=False)
    reference: Mapped[str] = described(
        SqlText, "Nguồn đối chiếu", "What it was compared with", nullable=False
    )
    flood_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm đối chiếu (UTC)", "Time that was compared (UTC)", nullable=False
    )
    threshold_m: Mapped[float] = described(
        Float, "Sâu hơn mức này là ngập", "Deeper than this is flooded", unit="m", nullable=False
    )
    hits: Mapped[int] = described(
        Integer, "Ngập cả trong mô phỏng và thực tế", "Flooded in both", nullable=False
    )
    misses: Mapped[int] = described(Integer, "Bỏ sót", "Missed", nullable=False)
    false_alarms: Mapped[int] = described(Integer, "Báo thừa", "False alarms", nullable=False)
    correct_negatives: Mapped[int] = described(Integer, "Khô trong cả hai", "Dry in both", nullable=False)
    csi: Mapped[float | None] = described(
        Float, "Chỉ số thành công (CSI)", "Critical success index", unit="1", minimum=0, maximum=1
    )
    pod: Mapped[float | None] = described(
        Float, "Xác suất phát hiện (POD)", "Probability of detection", unit="1", minimum=0, maximum=1
    )
    far: Mapped[float | None] = described(
        Float, "Tỷ lệ báo thừa (FAR)", "False alarm ratio", unit="1", minimum=0, maximum=1
    )
    brier: Mapped[float | None] = described(
        Float, "Điểm Brier của xác suất", "Brier score of the probability", unit="1", minimum=0, maximum=1
    )
    edge_distance_m: Mapped[float | None] = described(
        Float,
        "Khoảng cách trung bình giữa hai đường mép nước",
        "Mean distance between the edges of the floods",
        unit="m",
        minimum=0,
    )
    terrain_sha256: Mapped[str] = described(
        SqlText, "SHA-256 của địa hình", "SHA-256 of the terrain", nullable=False
    )
    version: Mapped[str] = described(
        SqlText, "Phiên bản đã mô phỏng", "Version that simulated it", nullable=False
    )
    geom: Mapped[Any] = geometry("POLYGON")


LAYER = Layer(
    name="flood_scores",
    model=FloodScore,
    loadable=False,
    title=Text("Độ chính xác của mô phỏng ngập", "Scores of simulated floods"),
    description=Text(
        "Mô phỏng ngập của các trận lũ đã qua so với camera điểm ngập và vùng ngập khảo sát; mặt nước thường "
        "xuyên không tính. Hình là vùng được đối chiếu.",
        "Simulated floods of past events against flood-spot cameras and surveyed polygons; permanent water "
        "does "
        "not count. The shape is the area that was compared.",
    ),
    steward=Text("Ban Chỉ huy Phòng thủ dân sự thành phố", "Civil defence command of the city"),
    keywords=("ngập", "độ chính xác", "flood", "CSI", "Brier"),
    theme=themes.WATER,
    label_column="event",
    style=Style(color="#5e35b1", size_px=2, fill_opacity=0.08),
)
