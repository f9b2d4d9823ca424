"""Numbers, times and parameters as people write and read them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.errors import InvalidParameterError
from gis_core.types import Text
from maps import texts
from maps.request import Ask, ending, ending_after_latest, parse_ask
from maps.words import amount, fill, moment, number, other, pick


def test_numbers_by_language() -> None:
    assert number(1234567.891, 2) == Text("1.234.567,89", "1,234,567.89")
    assert number(5.05, 2) == Text("5,05", "5.05")
    assert amount(406, "mm") == Text("406 mm", "406 mm")
    assert amount(float("nan"), "m") is None
    assert amount(None, "m") is None


def test_the_other_language() -> None:
    assert other(Text("Sông", "River"), "vi") == "River"
    assert other(Text("Sông", "River"), "en") == "Sông"
    assert other(Text("Camera", "Camera"), "vi") == ""
    assert other(Text("0,5–2", "0.5–2"), "vi") == ""


def test_names_with_braces_are_only_names() -> None:
    assert fill(Text("{name}!", "{name}!"), name="{stage} {0}") == Text("{stage} {0}!", "{stage} {0}!")


def test_times_are_those_of_hue() -> None:
    assert moment(datetime(2025, 10, 27, 13, 0, tzinfo=UTC)).vi == "20:00 27-10-2025"


def test_every_text_has_both_languages() -> None:
    said = [value for value in vars(texts).values() if isinstance(value, Text)]
    assert len(said) > 80
    assert all(text.vi.strip() and text.en.strip() for text in said)


@pytest.mark.parametrize(
    "written", ["2025-10-27T20:00:00+07:00", "2025-10-27T20:00:00 07:00", "2025-10-27T20:00"]
)
def test_an_instant_with_its_plus_its_lost_plus_or_local(written: str) -> None:
    assert parse_ask({"at": written}).at == datetime(2025, 10, 27, 13, 0, tzinfo=UTC)


def test_what_is_left_out() -> None:
    assert parse_ask({}) == Ask("vi", None, None)
    assert parse_ask({"at": "", "window": "", "lang": ""}) == Ask("vi", None, None)


@pytest.mark.parametrize(
    "query",
    [
        {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"at": "1500-01-01"},
        {"window": "0h"},
        {"window": "-1h"},
        {"window": "367d"},
        {"window": "9" * 40 + "d"},
        {"window": "9" * 400 + "d"},
        {"lang": "fr"},
    ],
)
def test_bad_parameters_are_refused_by_name(query: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterError) as refused:
        parse_ask(query)
    assert refused.value.parameter == next(iter(query))


@given(st.text(max_size=40), st.sampled_from(["at", "window", "lang"]))
def test_any_text_is_understood_or_refused(text: str, name: str) -> None:
    with suppress(InvalidParameterError):
        assert parse_ask({name: text}).language in ("vi", "en")


@given(
    st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.integers(1, 60 * 24 * 30).map(lambda minutes: timedelta(minutes=minutes)),
)
def test_windows_hold_their_length_and_take_the_instant_in(at: datetime, duration: timedelta) -> None:
    asked, latest = ending(at, duration), ending_after_latest(at, duration)
    assert asked.end - asked.start == latest.end - latest.start == duration
    assert timedelta(0) <= asked.end - at < timedelta(minutes=1)
    # Windows leave their end out, so the latest thing must lie before it.
    assert timedelta(0) < latest.end - at <= timedelta(minutes=1)


def test_pick() -> None:
    assert pick("Kim Long", "en") == "Kim Long"
    assert pick(Text("a", "b"), "en") == "b"
