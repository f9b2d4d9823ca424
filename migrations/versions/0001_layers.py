"""The first layers: cameras, stations, gauges, flood spots, forests, roads, rivers, wards, events."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "cameras",
    "detections",
    "flood_spots",
    "forest_zones",
    "load_journal",
    "observations",
    "rain_stations",
    "river_gauges",
    "rivers",
    "road_segments",
    "wards",
)


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, schema="gis")
