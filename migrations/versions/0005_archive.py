"""The catalogue of the archive."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """The files stay; without the catalogue, what is archived must be loaded from them anew."""
    op.drop_table("archive_months", schema="gis")
