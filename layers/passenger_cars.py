"""The table of passenger-car units that the settings or a user chooses."""

from __future__ import annotations

from gis_core.analysis.traffic import HANOI_UNITS, UnitTable
from gis_core.config import Settings
from gis_core.errors import InvalidParameterError, quoted


def chosen_units(settings: Settings, name: str | None = None) -> UnitTable:
    """The table of that name, by default that of the setting ``traffic.units``.

    Raises:
        InvalidParameterError: there is no such table.
    """
    name = name or settings.traffic.units
    if name == HANOI_UNITS.name:
        return HANOI_UNITS
    if name not in settings.traffic.unit_tables:
        known = ", ".join([HANOI_UNITS.name, *settings.traffic.unit_tables])
        raise InvalidParameterError("units", f"there is no table {quoted(name)}; there are: {known}.")
    return UnitTable(name, tuple((step.from_kmh, step.units) for step in settings.traffic.unit_tables[name]))
