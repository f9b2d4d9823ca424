"""The climate record, at the climate stations."""

from __future__ import annotations

from layers import climate_stations
from layers.edr.stations import station_source

SOURCE = station_source(
    climate_stations.LAYER,
    (
        "rain_month_mm",
        "temperature_month_c",
        "temperature_max_month_c",
        "temperature_min_month_c",
        "vapour_pressure_month_hpa",
        "relative_humidity_month_pct",
        "sunshine_month_h",
        "air_temperature_c",
        "relative_humidity_pct",
        "wind_speed_m_s",
    ),
    near_m=30_000,
)
