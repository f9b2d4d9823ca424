"""Calibrations of cameras, and what a detection keeps so that a better one can place it again."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = ("anchor_u_px", "anchor_v_px", "frame_width_px", "frame_height_px", "calibration_id")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("detections", column, schema="gis")
    op.drop_table("camera_calibrations", schema="gis")
