"""Layers that are added while the service runs, and the mark by which every process knows of a change."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_OF_ADDED_LAYERS = """
DO $$
DECLARE
    rows_of text;
BEGIN
    FOR rows_of IN SELECT table_name FROM gis.added_layers LOOP
        EXECUTE format('DROP TABLE IF EXISTS gis.%I', rows_of);
    END LOOP;
END
$$
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(_OF_ADDED_LAYERS)
    op.drop_table("added_layers", schema="gis")
    op.drop_table("added_layers_state", schema="gis")
