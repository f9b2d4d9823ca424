"""The danger of fire at the weather stations, and between them, from what they observed day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from gis_core.analysis.fire_danger import (
    DrySpell,
    danger_level,
    inverse_distance,
    nesterov_index,
    saturation_deficit_hpa,
)
from gis_core.analysis.fire_weather import fire_weather_index
from gis_core.config import get_settings
from gis_core.crs import lonlat_to_metric, to_metric
from gis_core.errors import SurfaceNotBuiltError
from gis_core.fire_settings import FireDanger
from gis_core.time import LOCAL_ZONE, Window, local_text
from gis_core.types import FloatArray
from layers import fire_danger, forest_zones, observations
from layers.frames import read_frame
from layers.read import read
from layers.store import load

TEMPERATURE, HUMIDITY, WIND, RAIN = (
    "air_temperature_c", "relative_humidity_pct", "wind_speed_m_s", "rain_1h_mm"
)  # fmt: skip
_SEEN = observations.LAYER.table.c
_AT_13_H = timedelta(hours=13)
_AT_NOON = timedelta(hours=12)
_NEAR = timedelta(hours=1)
_LEAST_RAIN_HOURS = 18
_KMH_PER_M_S = 3.6
_ORIGIN = "fire danger"


@dataclass(frozen=True)
class StationDanger:
    """The danger by day and station; arrays of shape (days, stations), positions of shape (stations,)."""

    days: tuple[date, ...]
    codes: tuple[str, ...]
    x_m: FloatArray
    y_m: FloatArray
    temperature_c: FloatArray
    deficit_hpa: FloatArray
    spell: DrySpell
    fwi: FloatArray
    simulated: bool

    @property
    def reporting(self) -> tuple[str, ...]:
        """Stations with an index on the last day."""
        known = np.isfinite(self.spell.nesterov[-1])
        return tuple(code for code, has in zip(self.codes, known, strict=True) if has)


def latest_weather(connection: Connection) -> datetime | None:
    """The latest instant at which air temperature was observed; None where it never was."""
    at = connection.execute(
        select(func.max(_SEEN.observed_at)).where(_SEEN.observed_property == TEMPERATURE)
    ).scalar()
    return None if at is None else at.astimezone(UTC)


def danger_window(connection: Connection, at: datetime | None, settings: FireDanger) -> Window:
    """The record that the index of a moment's latest 13 h is summed over.

    Raises:
        SurfaceNotBuiltError: ``at`` is None and air temperature was never observed.
    """
    end = latest_weather(connection) if at is None else at.astimezone(UTC)
    if end is None:
        raise SurfaceNotBuiltError(
            "No station has reported air temperature yet (air_temperature_c), so there is no fire danger."
        )
    end += timedelta(milliseconds=1)
    return Window(end - timedelta(days=settings.record_days), end)


def stations_danger(connection: Connection, window: Window, settings: FireDanger) -> StationDanger:
    """The danger at every weather station, for each day whose 13 h lies in the window.

    Rain of a station without a gauge of its own is that of the nearest rain station within
    ``rain_within_km``; a day's rain is that of the 24 hours before 13 h, known where at most six
    hours of it are missing. FWI takes noon's weather and the same rain.

    Raises:
        SurfaceNotBuiltError: no station reported temperature and humidity on any day.
    """
    seen = _observations(connection, window)
    at_13_h = {name: _daily(seen, name, _AT_13_H) for name in (TEMPERATURE, HUMIDITY)}
    codes = tuple(sorted(set(at_13_h[TEMPERATURE]) & set(at_13_h[HUMIDITY])))
    if not codes:
        raise SurfaceNotBuiltError(
            f"No station reported temperature and humidity at 13 h from {local_text(window.start)} to "
            f"{local_text(window.end)}."
        )
    days = _days(at_13_h[TEMPERATURE][list(codes)])
    places = seen.drop_duplicates("station_code").set_index("station_code").loc[list(codes)]
    x, y = lonlat_to_metric(places["lon"].to_numpy(float), places["lat"].to_numpy(float))
    temperature = _table(at_13_h[TEMPERATURE], days, codes)
    deficit = saturation_deficit_hpa(temperature, _table(at_13_h[HUMIDITY], days, codes))
    rain = _rain(seen, days, x, y, settings.rain_within_km * 1000)
    spell = nesterov_index(temperature, deficit, rain, reset_mm=settings.rain_reset_mm)
    noon = [_table(_daily(seen, name, _AT_NOON), days, codes) for name in (TEMPERATURE, HUMIDITY, WIND)]
    fwi = fire_weather_index(
        noon[0], noon[1], noon[2] * _KMH_PER_M_S, rain, places["lat"].to_numpy(float), first_day=days[0]
    )
    return StationDanger(
        tuple(days), codes, x, y, temperature, deficit, spell, fwi, bool(seen["simulated"].any())
    )


def build_danger(connection: Connection, window: Window, settings: FireDanger) -> gpd.GeoDataFrame:
    """Compute the danger of every forest zone on the window's last day, and put it into the layer.

    A zone's values are those between the stations at a point inside it.

    Returns:
        The rows, in EPSG:4326; none where there are no forest zones.
    """
    zones = read(connection, forest_zones.LAYER, columns=("name", "simulated"))
    if zones.empty:
        return zones
    danger = stations_danger(connection, window, settings)
    inside = to_metric(zones.geometry).representative_point()
    x, y = inside.x.to_numpy(), inside.y.to_numpy()

    def between(values: FloatArray) -> FloatArray:
        return inverse_distance(danger.x_m, danger.y_m, values[-1], x, y, power=settings.power)

    index = between(danger.spell.nesterov)
    level = danger_level(index, settings.level_thresholds)
    nearest = np.hypot(x[:, None] - danger.x_m, y[:, None] - danger.y_m).argmin(axis=1)
    rows = gpd.GeoDataFrame(
        {
            "code": zones["code"],
            "name": zones["name"],
            "valid_at": pd.Timestamp(danger.days[-1], tz=LOCAL_ZONE) + _AT_13_H,
            "level": [None if np.isnan(one) else fire_danger.LEVELS[int(one) - 1] for one in level],
            "nesterov_index": index.round(1),
            "dry_days": danger.spell.days[-1][nearest],
            "since_rain": danger.spell.since_rain[-1][nearest],
            "temperature_c": between(danger.temperature_c).round(1),
            "saturation_deficit_hpa": between(danger.deficit_hpa).round(1),
            "fwi": between(danger.fwi).round(1),
            "station_codes": [list(danger.reporting)] * len(zones),
            "built_at": datetime.now(UTC),
            "origin": _ORIGIN,
            "simulated": zones["simulated"] | danger.simulated,
        },
        geometry=zones.geometry,
    )
    load(connection, fire_danger.LAYER, rows)
    return rows


def build_latest(connection: Connection) -> gpd.GeoDataFrame:
    """The danger of the latest day that was observed; see ``build_danger``."""
    settings = get_settings().fire.danger
    return build_danger(connection, danger_window(connection, None, settings), settings)


def _observations(connection: Connection, window: Window) -> pd.DataFrame:
    query = select(
        _SEEN.station_code, _SEEN.observed_property, _SEEN.observed_at, _SEEN.value, _SEEN.simulated,
        func.ST_X(_SEEN.geom).label("lon"), func.ST_Y(_SEEN.geom).label("lat"),
    ).where(
        _SEEN.observed_property.in_([TEMPERATURE, HUMIDITY, WIND, RAIN]),
        _SEEN.observed_at >= window.start,
        _SEEN.observed_at < window.end,
    )  # fmt: skip
    seen = read_frame(connection, query.order_by(_SEEN.observed_at, _SEEN.id))
    if seen.empty:
        raise SurfaceNotBuiltError(
            f"No weather was observed from {local_text(window.start)} to {local_text(window.end)}."
        )
    local = pd.to_datetime(seen["observed_at"], utc=True).dt.tz_convert(LOCAL_ZONE)
    return seen.assign(observed_at=local)


def _daily(seen: pd.DataFrame, name: str, time_of_day: timedelta) -> pd.DataFrame:
    """The value nearest to a time of each day, at most an hour off: one row a day, one column a station."""
    of_property = seen[seen["observed_property"] == name]
    day = of_property["observed_at"].dt.normalize()
    off = (of_property["observed_at"] - day - time_of_day).abs()
    near = of_property.assign(day=day.dt.date, off=off)[off <= _NEAR].sort_values("off", kind="stable")
    return near.drop_duplicates(["station_code", "day"]).pivot_table(
        index="day", columns="station_code", values="value"
    )


def _days(observed: pd.DataFrame) -> list[date]:
    """Every day from the first to the last one that was observed."""
    return [stamp.date() for stamp in pd.date_range(min(observed.index), max(observed.index))]


def _table(values: pd.DataFrame, days: list[date], codes: tuple[str, ...]) -> FloatArray:
    return np.asarray(values.reindex(index=days, columns=list(codes)).to_numpy(float))


def _rain(seen: pd.DataFrame, days: list[date], x: FloatArray, y: FloatArray, within_m: float) -> FloatArray:
    """Rain of the 24 hours before 13 h at each place, by its nearest gauge; NaN where that is unknown."""
    rain = seen[seen["observed_property"] == RAIN]
    total = np.full((len(days), len(x)), np.nan)
    if rain.empty:
        return total
    # The hour before 13 h is still of the day, the one after it of the next.
    day = (rain["observed_at"] + pd.Timedelta(hours=11) - pd.Timedelta(seconds=1)).dt.date
    sums: Any = rain.assign(day=day).groupby(["day", "station_code"])["value"].agg(["sum", "count"])
    daily = sums["sum"].where(sums["count"] >= _LEAST_RAIN_HOURS).unstack().reindex(days)
    gauges = rain.drop_duplicates("station_code").set_index("station_code").loc[daily.columns]
    gauge_x, gauge_y = lonlat_to_metric(gauges["lon"].to_numpy(float), gauges["lat"].to_numpy(float))
    apart_m = np.hypot(x[:, None] - gauge_x, y[:, None] - gauge_y)
    nearest = apart_m.argmin(axis=1)
    total[:] = daily.to_numpy(float)[:, nearest]
    total[:, apart_m.min(axis=1) > within_m] = np.nan
    return total
