"""How far polled sources have been read, and when each is due."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Polled sources are read anew afterwards, which changes nothing: their events are known."""
    op.drop_table("collect_checkpoints", schema="gis")
    op.drop_column("collect_status", "next_due_at", schema="gis")
    op.drop_column("collect_status", "failures_in_a_row", schema="gis")
