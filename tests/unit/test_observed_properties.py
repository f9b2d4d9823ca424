"""The registry of observed properties: complete, and right about the time that a value is of."""

from __future__ import annotations

from datetime import UTC, datetime

import geopandas as gpd
import pytest

from layers.observations import LAYER, beyond_limits
from layers.observed_properties import OBSERVED_PROPERTIES, ObservedProperty


@pytest.mark.parametrize("one", OBSERVED_PROPERTIES.values(), ids=list(OBSERVED_PROPERTIES))
def test_every_property_says_what_it_is(one: ObservedProperty) -> None:
    assert all((*one.title, one.unit.symbol, one.unit.name, one.unit.code))
    assert one.minimum < one.maximum
    assert one.definition.startswith(("http://", "urn:"))
    assert one.label.en == f"{one.title.en} ({one.unit.symbol})"


def test_the_table_and_its_legend_know_every_property() -> None:
    names = list(OBSERVED_PROPERTIES)
    assert LAYER.table.columns["observed_property"].type.enums == names
    assert [entry.value for entry in LAYER.style.classes] == names
    assert len({entry.color for entry in LAYER.style.classes}) == len(names)


@pytest.mark.parametrize(
    ("name", "at", "start", "end"),
    [
        ("stage_m", "2025-10-27T13:00", "2025-10-27T13:00", "2025-10-27T13:00"),
        ("rain_1h_mm", "2025-10-27T13:00", "2025-10-27T12:00", "2025-10-27T13:00"),
        ("vehicles_15min", "2019-10-31T23:00", "2019-10-31T23:00", "2019-10-31T23:15"),
        # A month of Huế begins at 17:00 UTC of the day before.
        ("rain_month_mm", "1999-10-31T17:00", "1999-10-31T17:00", "1999-11-30T17:00"),
        ("rain_month_mm", "1999-11-30T17:00", "1999-11-30T17:00", "1999-12-31T17:00"),
        ("sunshine_month_h", "2000-01-31T17:00", "2000-01-31T17:00", "2000-02-29T17:00"),
    ],
)
def test_the_time_that_a_value_is_of(name: str, at: str, start: str, end: str) -> None:
    def utc(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert OBSERVED_PROPERTIES[name].extent(utc(at)) == (utc(start), utc(end))


def test_limits_are_inclusive_and_those_of_each_property() -> None:
    rows = gpd.GeoDataFrame(
        {
            "observed_property": ["stage_m", "stage_m", "rain_1h_mm", "rain_1h_mm", "rain_month_mm"],
            "value": [60.0, 60.1, 400.0, -0.1, 2451.7],
        }
    )
    assert list(beyond_limits(rows)) == [
        None, "stage_m 60.1 is above 60 m", None, "rain_1h_mm -0.1 is below 0 mm", None,
    ]  # fmt: skip
