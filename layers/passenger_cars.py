"""The table of passenger-car units that the settings choose."""

from __future__ import annotations

from gis_core.analysis.traffic import HANOI_UNITS, UnitTable
from gis_core.config import Settings


def chosen_units(settings: Settings) -> UnitTable:
    """The table of the setting ``traffic.units``."""
    name = settings.traffic.units
    if name == HANOI_UNITS.name:
        return HANOI_UNITS
    return UnitTable(name, tuple((step.from_kmh, step.units) for step in settings.traffic.unit_tables[name]))
