"""A history of the edits of single features, which nobody alters."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.drop_table("feature_edits", schema="gis")
    op.execute("DROP FUNCTION gis.keep_feature_edits()")
