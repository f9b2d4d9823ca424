"""Rain by the hour, at the rain stations."""

from __future__ import annotations

from layers import rain_stations
from layers.edr.stations import station_source

SOURCE = station_source(rain_stations.LAYER, ("rain_1h_mm",), near_m=15_000)
