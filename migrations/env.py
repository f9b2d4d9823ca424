"""How Alembic reaches the database: over the connection it is given, in schema ``gis`` only."""

from __future__ import annotations

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers

from gis_core.db import SCHEMA
from layers import registry  # noqa: F401 - declares every table
from layers.base import Base
from layers.processes import tables  # noqa: F401 - declares those of jobs


def include_name(name: str | None, kind: str, parents: Any) -> bool:
    """Only schema ``gis``, and of its tables only declared ones; partitions belong to their parents."""
    if kind == "schema":
        return name == SCHEMA
    if kind == "table":
        return f"{SCHEMA}.{name}" in Base.metadata.tables
    return True


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_schemas=True,
    include_name=include_name,
    include_object=alembic_helpers.include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    version_table_schema=SCHEMA,
    compare_type=True,
    transaction_per_migration=False,
)

with context.begin_transaction():
    context.run_migrations()
