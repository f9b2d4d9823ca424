"""The history of schema ``gis``, and the one command that brings a database up to date.

Alembic owns that schema and looks at nothing else. Written migrations hold every change
of a table; a layer that is declared and has no table yet simply gets it at the end, so
that adding a layer needs no edit here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from pyproj import CRS
from sqlalchemy import Connection, Engine, inspect, text

from gis_core.crs import SERVED_SRIDS
from gis_core.db import SCHEMA, describe_target, translated, working_engine
from gis_core.errors import DatabaseUnavailableError
from layers import feature_edits, journal  # noqa: F401 - declare their tables
from layers.added import tables  # noqa: F401 - declares its tables
from layers.base import Base
from layers.collect import checkpoints, quarantine, status  # noqa: F401 - declare their tables
from layers.registry import LAYERS
from layers.tiles.changes import watch

_LOCK = 4_836_710
"""Advisory lock: two processes that start together migrate one after the other."""


def upgrade(engine: Engine, say: Callable[[str], None] = lambda line: None) -> None:
    """Bring a database to the newest version of schema ``gis``.

    Raises:
        DatabaseUnavailableError: PostGIS is not installed there, or the user may not use it.
    """
    with translated(), engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            _ensure_postgis(connection)
            before = current_revision(connection)
            command.upgrade(alembic_config(connection), "head")
            after = current_revision(connection)
            created = create_missing_tables(connection)
            watch(connection, (layer.table for layer in LAYERS.declared.values()))
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
    if before != after:
        say(f"Schema {SCHEMA}: {before or 'empty'} -> {after}.")
    if created:
        say(f"New tables: {', '.join(created)}.")


def prepare(say: Callable[[str], None]) -> None:
    """Bring the configured database up to date, naming it first."""
    engine = working_engine()
    say(f"Using {describe_target(engine)}.")
    upgrade(engine, say)


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at, None where it has never been migrated."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    return context.get_current_revision()


def create_missing_tables(connection: Connection) -> list[str]:
    """Make the tables of declared layers that no migration has made."""
    existing = set(inspect(connection).get_table_names(schema=SCHEMA))
    declared = {layer.table.name: layer.table for layer in LAYERS.declared.values()}
    missing = {name: table for name, table in declared.items() if name not in existing}
    Base.metadata.create_all(connection, tables=list(missing.values()))
    return sorted(missing)


def _ensure_postgis(connection: Connection) -> None:
    installed = connection.execute(
        text("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    ).scalar()
    if installed is None:
        offered = connection.execute(
            text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")
        ).scalar()
        if offered is None:
            raise DatabaseUnavailableError(
                "This PostgreSQL has no PostGIS; install the postgis extension on its machine."
            )
        connection.execute(text("CREATE EXTENSION postgis SCHEMA public"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    _ensure_reference_systems(connection)
    connection.commit()


def _ensure_reference_systems(connection: Connection) -> None:
    """Tell PostGIS of the CRSs it does not list (PostGIS 3.3 lacks EPSG:9214).

    The rows are the one thing outside schema ``gis``: ST_Transform looks CRSs up there,
    and is over a hundred times slower with a text than with a number.
    """
    for srid in SERVED_SRIDS:
        crs = CRS.from_epsg(srid)
        connection.execute(
            text(
                "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) "
                "VALUES (:srid, 'EPSG', :srid, :wkt, :proj) ON CONFLICT (srid) DO NOTHING"
            ),
            {"srid": srid, "wkt": crs.to_wkt("WKT1_GDAL"), "proj": _proj_text(crs)},
        )


def _proj_text(crs: CRS) -> str:
    with warnings.catch_warnings():
        # PROJ text loses the datum; PostGIS reads it only where both other columns fail.
        warnings.simplefilter("ignore", UserWarning)
        return crs.to_proj4()


def alembic_config(connection: Connection) -> Config:
    """An Alembic configuration without a file, over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
