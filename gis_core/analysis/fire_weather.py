"""The Canadian Fire Weather Index of daily weather, by xclim."""

from __future__ import annotations

from datetime import date

import numpy as np
import xarray as xr

from gis_core.types import FloatArray

_START = {"ffmc0": 85.0, "dmc0": 6.0, "dc0": 15.0}
"""Moisture codes of a beginning season (Van Wagner 1987)."""


def fire_weather_index(
    temperature_c: FloatArray,
    relative_humidity_pct: FloatArray,
    wind_kmh: FloatArray,
    rain_mm: FloatArray,
    latitude_deg: FloatArray,
    *,
    first_day: date,
) -> FloatArray:
    """FWI of each day (Van Wagner 1987; xclim 0.62), from moisture codes of a beginning season on.

    Args:
        temperature_c: at noon, shape (days, stations); NaN where it was not observed.
        relative_humidity_pct: at noon.
        wind_kmh: at noon, at 10 m.
        rain_mm: of the 24 hours before.
        latitude_deg: of the stations, shape (stations,).
        first_day: of the rows, which are consecutive days; with the latitude it gives the days' length.

    Returns:
        Shape (days, stations). A day that was not observed keeps the moisture of the day before, and
        has no index itself.
    """
    # It takes seconds to import, and few ask for it.
    from xclim.indices.fire import fire_weather_ufunc  # noqa: PLC0415

    days, stations = temperature_c.shape
    index = np.full((days, stations), np.nan)
    for station in range(stations):
        daily = [part[:, station] for part in (temperature_c, rain_mm, relative_humidity_pct, wind_kmh)]
        known = np.flatnonzero(np.isfinite(daily).all(axis=0))
        if not known.size:
            continue
        time = xr.date_range(first_day.isoformat(), periods=days)[known]
        tas, pr, hurs, wind = (
            xr.DataArray(part[known, None], dims=("time", "station"), coords={"time": time}) for part in daily
        )
        one = {name: xr.DataArray([value], dims="station") for name, value in _START.items()}
        lat = xr.DataArray(latitude_deg[station : station + 1], dims="station")
        found = fire_weather_ufunc(tas=tas, pr=pr, hurs=hurs, sfcWind=wind, lat=lat, indexes=["FWI"], **one)
        index[known, station] = np.asarray(found["FWI"].transpose("time", "station").values)[:, 0]
    return index
