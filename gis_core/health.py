"""Whether the service is well: the database here, and what each room checks of its own.

A room offers a function ``check() -> Iterable[Check]`` by the entry point group
``huegis.health``; ``/health`` and ``huegis doctor`` show them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points

from sqlalchemy import text

from gis_core.db import reading
from gis_core.errors import GisError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it is well, and what to know or do."""

    name: str
    well: bool
    detail: str


def check_all() -> list[Check]:
    """Every check of the core and of the rooms; a check that cannot run is one that failed."""
    checks = [check_database()]
    for offered in sorted(entry_points(group="huegis.health"), key=lambda entry: entry.name):
        try:
            checks.extend(offered.load()())
        except GisError as error:
            checks.append(Check(offered.name, False, str(error)))
    return checks


def check_database() -> Check:
    """Whether the database answers, with PostGIS in it."""
    try:
        with reading() as connection:
            version = connection.execute(text("SELECT postgis_lib_version()")).scalar()
    except GisError as error:
        return Check("database", False, str(error))
    return Check("database", True, f"PostGIS {version}")
