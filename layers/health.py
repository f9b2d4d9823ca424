"""Whether every declared layer has its table and every declared surface its file."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import inspect

from gis_core.config import get_settings
from gis_core.db import SCHEMA, reading
from gis_core.errors import GisError, SurfaceNotBuiltError
from gis_core.health import Check
from gis_core.time import local_text
from layers.raster import read_record
from layers.registry import LAYERS, SURFACES


def check() -> Iterator[Check]:
    """One check for the tables together, and one for each surface."""
    yield _check_tables()
    settings = get_settings()
    for surface in SURFACES.values():
        try:
            record = read_record(surface, surface.path(settings))
        except SurfaceNotBuiltError as error:
            yield Check(f"surface {surface.name}", False, str(error))
        else:
            yield Check(f"surface {surface.name}", True, f"for {local_text(record.window.end)}")


def _check_tables() -> Check:
    try:
        with reading() as connection:
            tables = set(inspect(connection).get_table_names(schema=SCHEMA))
    except GisError as error:
        return Check("layers", False, str(error))
    missing = sorted({layer.table.name for layer in LAYERS.values()} - tables)
    if missing:
        return Check("layers", False, f"missing tables: {', '.join(missing)}; run 'huegis db upgrade'")
    return Check("layers", True, f"{len(LAYERS)} layers")
