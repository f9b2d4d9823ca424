"""The explicit list of processes. A new one is one file beside this one, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from gis_core.errors import ProcessNotFoundError
from layers.processes.base import Process

_MODULES = (
    "corridor_density",
    "widening_candidates",
    "flood_scenario",
    "roads_cut",
    "route_avoiding_flood",
    "fire_fix",
    "hotspots_to_events",
    "viewshed",
    "echo",
)


def _declared() -> Mapping[str, Process]:
    found: list[Process] = [import_module(f"layers.processes.{name}").PROCESS for name in _MODULES]
    return MappingProxyType({process.id: process for process in found})


PROCESSES: Mapping[str, Process] = _declared()
"""By id, in the order in which clients list them."""


def find_process(name: str) -> Process:
    """The process of an id.

    Raises:
        ProcessNotFoundError: there is none.
    """
    if name not in PROCESSES:
        raise ProcessNotFoundError(name, tuple(PROCESSES))
    return PROCESSES[name]
