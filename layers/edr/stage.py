"""Stages of the rivers, at the gauges."""

from __future__ import annotations

from layers import river_gauges
from layers.edr.stations import station_source

SOURCE = station_source(river_gauges.LAYER, ("stage_m",), near_m=5_000)
