"""Instants and lengths of time, as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gis_core.errors import InvalidParameterError
from gis_core.time import Window, local_text, parse_duration, parse_instant


def test_a_time_without_a_zone_is_local_to_hue() -> None:
    assert parse_instant("2025-10-27T20:00") == datetime(2025, 10, 27, 13, tzinfo=UTC)
    assert parse_instant("2025-10-27T20:00:00+07:00") == parse_instant("2025-10-27T13:00:00Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01", "27/10/2025"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="2025-10-27"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("30min", timedelta(minutes=30)), ("6h", timedelta(hours=6)), ("1.5 d", timedelta(hours=36))],
)
def test_lengths_of_time(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "6", "h", "-6h", "0h", "6 weeks", "9" * 400 + "d", "999999999999d"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="6h"):
        parse_duration(text)


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False))
def test_an_instant_survives_its_own_text(instant: datetime) -> None:
    """Compared in UTC: in the hour that a clock runs twice, Python finds no two zones equal."""
    assume(2 < instant.year < 9998)
    assert parse_instant(instant.isoformat()) == instant.astimezone(UTC)


def test_people_read_local_time_with_the_day_first() -> None:
    assert local_text(datetime(2025, 10, 27, 13, tzinfo=UTC)) == "20:00 27-10-2025"


def test_a_window_knows_its_length() -> None:
    start = datetime(2025, 10, 27, tzinfo=UTC)
    assert Window(start, start + timedelta(hours=6)).duration_s == 21_600
