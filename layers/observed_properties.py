"""What stations observe: each property with its unit, its limits and the time that a value is of.

A new property is one entry here and one migration that widens the CHECK of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from gis_core.time import LOCAL_ZONE
from gis_core.types import Text

Period = Literal["instant", "hour before", "quarter of an hour after", "month after"]
"""Which time a value is of, as seen from the ``observed_at`` that it is filed under."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement; ``code`` is that of UCUM, the Unified Code for Units of Measure."""

    symbol: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class ObservedProperty:
    """One quantity.

    ``minimum`` and ``maximum``, in its unit and inclusive, are the limits of what can be:
    beyond them a value is a fault of the sensor or of the file. ``definition`` is a URI
    that says what is meant, of the CF standard names where there is one.
    """

    name: str
    title: Text
    unit: Unit
    color: str
    minimum: float
    maximum: float
    period: Period
    definition: str

    @property
    def label(self) -> Text:
        """The title with its unit."""
        return Text(f"{self.title.vi} ({self.unit.symbol})", f"{self.title.en} ({self.unit.symbol})")

    def extent(self, observed_at: datetime) -> tuple[datetime, datetime]:
        """Start and end of the time that a value is of; both are ``observed_at`` for an instant.

        A month is one of Huế's calendar, and begins at midnight there.
        """
        if self.period == "hour before":
            return observed_at - timedelta(hours=1), observed_at
        if self.period == "quarter of an hour after":
            return observed_at, observed_at + timedelta(minutes=15)
        if self.period == "month after":
            first = observed_at.astimezone(LOCAL_ZONE)
            year, month = divmod(first.year * 12 + first.month, 12)
            return observed_at, first.replace(year=year, month=month + 1).astimezone(observed_at.tzinfo)
        return observed_at, observed_at


_CF = "http://mmisw.org/ont/cf/parameter/"
_MILLIMETRE = Unit("mm", "millimetre", "mm")
_CELSIUS = Unit("°C", "degree Celsius", "Cel")

_DECLARED = (
    ObservedProperty(
        "rain_1h_mm",
        Text("Mưa 1 giờ", "Rain in one hour"),
        _MILLIMETRE,
        "#1e88e5",
        # The most ever measured in an hour is 305 mm (WMO archive of extremes, Holt 1947).
        minimum=0,
        maximum=400,
        period="hour before",
        definition=f"{_CF}rainfall_amount",
    ),
    ObservedProperty(
        "stage_m",
        Text("Mực nước", "Stage"),
        Unit("m", "metre", "m"),
        "#0d47a1",
        minimum=-10,
        maximum=60,
        period="instant",
        definition=f"{_CF}water_surface_height_above_reference_datum",
    ),
    ObservedProperty(
        "vehicles_15min",
        Text("Lượt xe trong 15 phút", "Vehicles in 15 minutes"),
        Unit("veh", "vehicles", "{vehicles}"),
        "#6a1b9a",
        minimum=0,
        # Four lanes of one direction carry 24,335 motorcycles an hour in Hanoi (ASCE JTE 138(6)).
        maximum=10_000,
        period="quarter of an hour after",
        definition="urn:x-huegis:observed-property:vehicles_15min",
    ),
    ObservedProperty(
        "rain_month_mm",
        Text("Mưa tháng", "Rain in a month"),
        _MILLIMETRE,
        "#039be5",
        # The most ever measured in a month is 9,300 mm (Cherrapunji, July 1861).
        minimum=0,
        maximum=10_000,
        period="month after",
        definition=f"{_CF}rainfall_amount",
    ),
    ObservedProperty(
        "temperature_month_c",
        Text("Nhiệt độ trung bình tháng", "Mean temperature of a month"),
        _CELSIUS,
        "#f4511e",
        minimum=-30,
        maximum=50,
        period="month after",
        definition=f"{_CF}air_temperature",
    ),
    ObservedProperty(
        "temperature_max_month_c",
        Text(
            "Nhiệt độ cao nhất ngày, trung bình tháng", "Daily maximum temperature, on average over a month"
        ),
        _CELSIUS,
        "#c62828",
        minimum=-30,
        maximum=60,
        period="month after",
        definition=f"{_CF}air_temperature",
    ),
    ObservedProperty(
        "temperature_min_month_c",
        Text(
            "Nhiệt độ thấp nhất ngày, trung bình tháng", "Daily minimum temperature, on average over a month"
        ),
        _CELSIUS,
        "#ff8a65",
        minimum=-40,
        maximum=50,
        period="month after",
        definition=f"{_CF}air_temperature",
    ),
    ObservedProperty(
        # Vietnamese yearbooks call it absolute humidity, and give it as the pressure of the vapour.
        "vapour_pressure_month_hpa",
        Text(
            "Độ ẩm tuyệt đối (áp suất hơi nước) trung bình tháng",
            "Mean vapour pressure of a month",
        ),
        Unit("hPa", "hectopascal", "hPa"),
        "#00897b",
        minimum=0,
        maximum=60,
        period="month after",
        definition=f"{_CF}water_vapor_partial_pressure_in_air",
    ),
    ObservedProperty(
        "relative_humidity_month_pct",
        Text("Độ ẩm tương đối trung bình tháng", "Mean relative humidity of a month"),
        Unit("%", "percent", "%"),
        "#43a047",
        minimum=0,
        maximum=100,
        period="month after",
        definition=f"{_CF}relative_humidity",
    ),
    ObservedProperty(
        "sunshine_month_h",
        Text("Số giờ nắng tháng", "Sunshine of a month"),
        Unit("h", "hour", "h"),
        "#fbc02d",
        minimum=0,
        # Nowhere in Vietnam is the sun up for more than 13.7 hours on any day of a month.
        maximum=425,
        period="month after",
        definition=f"{_CF}duration_of_sunshine",
    ),
    ObservedProperty(
        "air_temperature_c",
        Text("Nhiệt độ không khí", "Air temperature"),
        _CELSIUS,
        "#ef6c00",
        # The extremes of the Earth are -89.2 and 56.7 °C; none of them is Vietnam's.
        minimum=-30,
        maximum=57,
        period="instant",
        definition=f"{_CF}air_temperature",
    ),
    ObservedProperty(
        "relative_humidity_pct",
        Text("Độ ẩm tương đối", "Relative humidity"),
        Unit("%", "percent", "%"),
        "#2e7d32",
        minimum=0,
        maximum=100,
        period="instant",
        definition=f"{_CF}relative_humidity",
    ),
    ObservedProperty(
        "wind_speed_m_s",
        Text("Tốc độ gió", "Wind speed"),
        Unit("m/s", "metre per second", "m/s"),
        "#78909c",
        minimum=0,
        # The strongest gust ever measured is 113 m/s (Barrow Island, 1996).
        maximum=115,
        period="instant",
        definition=f"{_CF}wind_speed",
    ),
)

OBSERVED_PROPERTIES: Mapping[str, ObservedProperty] = MappingProxyType({one.name: one for one in _DECLARED})
"""Every property by its name, in declared order."""
