"""Vehicles that pass, at the count stations."""

from __future__ import annotations

from layers import count_stations
from layers.edr.stations import station_source

SOURCE = station_source(count_stations.LAYER, ("vehicles_15min",), near_m=250)
