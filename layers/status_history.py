"""Status changes: who said what of which detection, and when; rows are added and never altered.

The database holds to that by triggers of migration 0002: adding a row is what changes the
detection, and a status that is changed in any other way is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index
from sqlalchemy import Text as SqlText
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.orm import Mapped

from gis_core.types import Text
from layers import themes
from layers.base import Feature, Layer, Style, StyleClass, choice, described, geometry
from layers.subjects import STATUSES


class StatusChange(Feature):
    __tablename__ = "status_changes"
    __table_args__ = (
        CheckConstraint("from_status <> to_status", name="differs"),
        Index("ix_status_changes_event_id_changed_at", "event_id", "changed_at", unique=True),
    )

    id: Mapped[UUID] = described(
        SqlUuid, "Mã thay đổi, xếp theo thời gian", "Identifier, sorts by time", primary_key=True
    )
    changed_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm thay đổi (UTC)", "Time of the change (UTC)", nullable=False
    )
    event_id: Mapped[UUID] = described(
        SqlUuid, "Mã phát hiện trong lớp detections", "Identifier in layer detections", nullable=False
    )
    detected_at: Mapped[datetime] = described(
        DateTime(timezone=True), "Thời điểm phát hiện (UTC)", "Time of detection (UTC)", nullable=False
    )
    subject: Mapped[str] = described(SqlText, "Đối tượng", "Subject", nullable=False)
    from_status: Mapped[str] = described(
        choice("from_status", *STATUSES), "Trạng thái trước", "Status before", nullable=False
    )
    to_status: Mapped[str] = described(
        choice("to_status", *STATUSES), "Trạng thái sau", "Status after", nullable=False
    )
    changed_by: Mapped[str] = described(
        SqlText,
        "Cơ quan hoặc tài khoản đã thay đổi",
        "Agency or account that made the change",
        nullable=False,
    )
    note: Mapped[str | None] = described(SqlText, "Ghi chú", "Note")
    geom: Mapped[Any] = geometry("POINT")


LAYER = Layer(
    name="status_changes",
    model=StatusChange,
    time_column="changed_at",
    loadable=False,
    title=Text("Lịch sử xác minh", "Verification history"),
    description=Text(
        "Mọi thay đổi trạng thái của các phát hiện: ai, khi nào, từ đâu sang đâu; vị trí là của phát hiện.",
        "Every change of a detection's status: who, when, from and to; the position is the detection's.",
    ),
    steward=Text("Trung tâm Giám sát, điều hành đô thị thông minh", "Smart city operations centre"),
    keywords=("xác minh", "lịch sử", "status", "history"),
    theme=themes.CAMERAS,
    style=Style(
        color="#616161",
        size_px=4,
        column="to_status",
        classes=(
            StyleClass("suspected", "#ef6c00", Text("Nghi ngờ", "Suspected")),
            StyleClass("verified", "#c62828", Text("Đã xác minh", "Verified")),
            StyleClass("refuted", "#757575", Text("Đã bác bỏ", "Refuted")),
            StyleClass("resolved", "#2e7d32", Text("Đã xử lý xong", "Resolved")),
        ),
    ),
)
