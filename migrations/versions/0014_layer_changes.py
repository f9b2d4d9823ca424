"""Changes of layers are noted, so that what is kept of them is good until then."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    # With the function go the triggers of every table that it watches.
    op.execute("DROP FUNCTION gis.note_layer_change() CASCADE")
    op.drop_table("layer_changes", schema="gis")
