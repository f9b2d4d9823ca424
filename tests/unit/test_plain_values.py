"""Columns that are read all at once: the same values and reasons as value by value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.ingest import values
from layers.ingest.plain_values import are_plain_texts, plain_instants, plain_numbers
from layers.ingest.values import Converted, convert
from layers.registry import LAYERS

DIGITS = st.from_regex(r"[+-]?[0-9]{0,17}(\.[0-9]{0,17})?", fullmatch=True)
ODD_NUMBERS = st.sampled_from(
    [
        "1e5",
        "1E400",
        "nan",
        "inf",
        " 1 ",
        "1_0",
        "0x1F",
        "1,5",
        "-0",
        "-0.0",
        "",
        " ",
        "--1",
        "1-1",
        "½",
        "1 000",
    ]
)
TIMES = st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1)).map(datetime.isoformat)  # noqa: DTZ001
ZONES = st.sampled_from(["Z", "+07:00", "-0330", "+07", "", "+23:59", "+24:00", "+07:60", "z", " Z"])
ODD_TIMES = st.sampled_from(
    ["2025-02-30T00:00Z", "2025-10-27T24:00Z", "2025-10-27T23:59:60Z", "2025-10-27 20:00:00.123456789Z",
     "27/10/2025", "2025-10-27", "2025-10-27T20Z", "20251027T200000Z", "", " 2025-10-27T20:00Z "]
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.just("x" * 10_001)

SETTINGS = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def columns_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str | None]]:
    """Mostly columns of one sort, as files have them: what is odd in them is rare."""
    return st.lists(st.none() | texts, max_size=6)


def both_ways(
    monkeypatch: pytest.MonkeyPatch, column: str, texts: list[str | None]
) -> tuple[Converted, Converted]:
    layer = LAYERS["detections"]
    given_texts = pd.Series(texts, dtype="str")
    at_once = convert(layer, layer.table.columns[column], given_texts)
    with monkeypatch.context() as patch:
        patch.setattr(values, "plain_numbers", lambda _: None)
        patch.setattr(values, "plain_instants", lambda _: None)
        patch.setattr(values, "are_plain_texts", lambda *_: False)
        return at_once, convert(layer, layer.table.columns[column], given_texts)


def assert_same(at_once: Converted, one_by_one: Converted) -> None:
    pd.testing.assert_series_equal(at_once.values, one_by_one.values, check_exact=True)
    assert at_once.faults.tolist() == one_by_one.faults.tolist()
    assert at_once.local_times == one_by_one.local_times


@SETTINGS
@given(texts=columns_of(DIGITS) | columns_of(DIGITS | ODD_NUMBERS))
@pytest.mark.parametrize("column", ["cov_xy_m2", "confidence", "individual_count"])
def test_numbers(monkeypatch: pytest.MonkeyPatch, column: str, texts: list[str | None]) -> None:
    at_once, one_by_one = both_ways(monkeypatch, column, texts)
    assert_same(at_once, one_by_one)
    signs = (np.signbit(way.values.to_numpy(float, na_value=np.nan)) for way in (at_once, one_by_one))
    assert np.array_equal(*signs)


@SETTINGS
@given(texts=columns_of(st.builds(str.__add__, TIMES, ZONES)) | columns_of(TIMES | ODD_TIMES))
def test_instants(monkeypatch: pytest.MonkeyPatch, texts: list[str | None]) -> None:
    assert_same(*both_ways(monkeypatch, "detected_at", texts))


@SETTINGS
@given(texts=columns_of(TEXTS))
@pytest.mark.parametrize("column", ["class_name", "camera_code"])
def test_texts(monkeypatch: pytest.MonkeyPatch, column: str, texts: list[str | None]) -> None:
    assert_same(*both_ways(monkeypatch, column, texts))


def column(*texts: str | None) -> pd.Series:
    return pd.Series(list(texts), dtype="str")


def test_plain_columns_are_read_at_once() -> None:
    numbers = plain_numbers(column("107.580001", None, "-7", ".5"))
    assert numbers is not None
    assert numbers[[0, 2, 3]].tolist() == [107.580001, -7, 0.5]
    assert np.isnan(numbers[1])
    instants = plain_instants(column("2025-10-27T20:00+07:00", None, "2025-10-27 13:00:00.000001Z"))
    assert instants is not None
    assert instants.dropna().tolist() == [
        datetime(2025, 10, 27, 13, tzinfo=UTC), datetime(2025, 10, 27, 13, 0, 0, 1, tzinfo=UTC)
    ]  # fmt: skip
    assert are_plain_texts(column("Huế", None, ""), 10)


@pytest.mark.parametrize("texts", [("1", "x"), ("1", "1234567890.123456"), ("1", "-0"), ("1", "1e3")])
def test_numbers_that_need_a_closer_look(texts: tuple[str, ...]) -> None:
    assert plain_numbers(column(*texts)) is None


@pytest.mark.parametrize("texts", [("a\x00",), ("x" * 11,), ("Huế" * 3,)])
def test_texts_that_need_a_closer_look(texts: tuple[str, ...]) -> None:
    assert not are_plain_texts(column(*texts), 10)


@pytest.mark.parametrize("series", [pd.Series([1.5]), pd.Series(["1"], dtype=object)])
def test_only_columns_of_text_are_read_at_once(series: Any) -> None:
    assert plain_numbers(series) is None
    assert plain_instants(series) is None
    assert not are_plain_texts(series, 10)
