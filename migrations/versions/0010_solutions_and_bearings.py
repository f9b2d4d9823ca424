"""Findings with a direction only, and what a detection keeps of the solutions that found it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = ("anchor_sigma_u_px", "anchor_sigma_v_px", "solutions")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("detections", column, schema="gis")
    op.drop_table("bearings", schema="gis")
