"""The explicit list of checks; a new one is one file beside this and one line here."""

from __future__ import annotations

from typing import Any

from layers.quality import clocks, future, gaps, geometries, references, spikes, stations, stuck, wards
from layers.quality.base import Check

CHECKS: tuple[Check[Any], ...] = (
    geometries.INVALID,
    geometries.OUTSIDE,
    stations.DUPLICATE,
    references.UNKNOWN_SEGMENT,
    references.DISTANT_SEGMENT,
    references.UNKNOWN_CAMERA,
    wards.MISPLACED,
    future.FUTURE,
    clocks.CLOCK,
    gaps.GAP,
    spikes.SPIKE,
    stuck.STUCK,
)
