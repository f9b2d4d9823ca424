"""Values of files against columns: types, limits, choices, times and texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.ingest.values import MAX_TEXT, Converted, convert, missing, parse_numbers
from layers.registry import LAYERS

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def converted(layer: str, column: str, *values: Any, decimal: str = ".") -> Converted:
    declared = LAYERS[layer]
    return convert(declared, declared.table.columns[column], pd.Series(list(values), dtype=object), decimal)


def one(layer: str, column: str, value: Any) -> Any:
    """The converted value, or the reason why there is none."""
    result = converted(layer, column, value)
    return result.faults[0] or result.values.iloc[0]


@pytest.mark.parametrize("text", ["0.5", " 0.5 ", "5e-1", 0.5, np.float64(0.5)])
def test_numbers_are_read_in_the_usual_spellings(text: Any) -> None:
    assert one("detections", "confidence", text) == 0.5


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("abc", "confidence 'abc' is not a finite number"),
        ("1_0", "confidence '1_0' is not a finite number"),
        ("inf", "confidence 'inf' is not a finite number"),
        ("nan", "confidence 'nan' is not a finite number"),
        ("1e400", "confidence '1e400' is not a finite number"),
        (10**400, "is not a finite number"),
        (True, "confidence 'True' is not a finite number"),
        ([0.5], "confidence '[0.5]' is not a finite number"),
        ("0,5", "confidence '0,5' is not a finite number"),
        ("1.01", "confidence 1.01 is above 1"),
        (-0.01, "confidence -0.01 is below 0"),
    ],
)
def test_other_numbers_are_rejected_with_the_reason(value: Any, reason: str) -> None:
    assert reason in one("detections", "confidence", value)


def test_limits_name_the_unit() -> None:
    assert one("detections", "water_depth_m", 25) == "water_depth_m 25 is above 20 m"


def test_a_decimal_comma_is_read_where_the_file_uses_it() -> None:
    texts = pd.Series(["16,46", "7"], dtype="str")
    assert parse_numbers(texts, ",")[0].tolist() == [16.46, 7.0]


@pytest.mark.parametrize(("value", "expected"), [("2", 2), (2.0, 2), ("2.0", 2)])
def test_whole_numbers(value: Any, expected: int) -> None:
    assert one("road_segments", "lanes", value) == expected


@pytest.mark.parametrize(
    ("value", "reason"), [(2.5, "not a whole number"), (70_000, "above 16"), (0, "below 1")]
)
def test_whole_numbers_that_are_none(value: Any, reason: str) -> None:
    assert reason in one("road_segments", "lanes", value)


@pytest.mark.parametrize("value", [True, "true", "TRUE", "yes", "1", 1, 1.0, "có"])
def test_true(value: Any) -> None:
    assert one("road_segments", "one_way", value) is True


@pytest.mark.parametrize("value", [False, "false", "No", "0", 0, "không"])
def test_false(value: Any) -> None:
    result = converted("road_segments", "one_way", value)
    assert (result.values.iloc[0], result.faults[0]) == (False, None)


def test_what_is_neither_true_nor_false() -> None:
    assert one("road_segments", "one_way", "-1") == "one_way '-1' is neither true nor false"


@pytest.mark.parametrize("value", ["special_use", " Special_Use ", "Rừng đặc dụng", "Special-use forest"])
def test_choices_are_known_by_value_and_by_their_legend(value: str) -> None:
    assert one("forest_zones", "category", value) == "special_use"


def test_other_choices_are_rejected_with_those_there_are() -> None:
    reason = one("forest_zones", "category", "jungle")
    assert reason == "category 'jungle' is not one of special_use, protection, production"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-27T20:00:00+07:00", "2025-10-27T13:00:00+00:00"),
        ("2025-10-27 20:00:00+07", "2025-10-27T13:00:00+00:00"),
        ("2025-10-27T13:00Z", "2025-10-27T13:00:00+00:00"),
        ("2025-10-27T13:00:00.123456Z", "2025-10-27T13:00:00.123456+00:00"),
        # Without a zone it is the local time of Huế, seven hours ahead.
        ("2025-10-27T20:00:00", "2025-10-27T13:00:00+00:00"),
        ("2025-10-27", "2025-10-26T17:00:00+00:00"),
    ],
)
def test_times_become_utc(text: str, expected: str) -> None:
    assert one("detections", "detected_at", text) == pd.Timestamp(expected)


@pytest.mark.parametrize(
    "text",
    ["27/10/2025", "2025", "20251027", "2025-02-30", "2025-10-27T25:00Z", "yesterday", 1761570000, "2025-10"],
)
def test_what_is_no_time(text: Any) -> None:
    assert "is not a time; write for example 2025-10-27T20:00:00+07:00" in one(
        "detections", "detected_at", text
    )


def test_impossible_times() -> None:
    assert one("detections", "detected_at", "1899-12-31T00:00Z").endswith("is before 1900")
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert one("detections", "detected_at", tomorrow).endswith("lies in the future")
    assert one("detections", "detected_at", "9999-12-31T00:00Z").endswith("lies in the future")


def test_times_without_a_zone_are_counted() -> None:
    result = converted(
        "detections", "detected_at", "2025-10-27T20:00", "2025-10-27T20:00Z", None, "2025-10-27"
    )
    assert result.local_times == 2


PAST = st.datetimes(
    datetime(1901, 1, 1),  # noqa: DTZ001
    datetime(2025, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
    allow_imaginary=False,
)


@given(PAST)
def test_any_zone_is_read(moment: datetime) -> None:
    if moment.utcoffset().total_seconds() % 60:  # type: ignore[union-attr]
        return  # ISO 8601 has no seconds in an offset, so no file has them
    assert one("detections", "detected_at", moment.isoformat()) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b,c"], ["a", "b,c"]),
        ('["a", "b;c"]', ["a", "b;c"]),
        ("a; b", ["a", "b"]),
        (np.array(["a"], dtype=object), ["a"]),
    ],
)
def test_lists(value: Any, expected: list[str]) -> None:
    assert one("cameras", "ai_solutions", value) == expected


@pytest.mark.parametrize("value", ['["a"', "[1]", {"a": 1}, [None], 7])
def test_what_is_no_list_of_texts(value: Any) -> None:
    assert isinstance(one("cameras", "ai_solutions", value), str)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(19753, "19753"), (19753.0, "19753"), ("Huế 'phố' \"\\", "Huế 'phố' \"\\"), (1.5, "1.5")],
)
def test_texts(value: Any, expected: str) -> None:
    assert one("wards", "name", value) == expected


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "x" * (MAX_TEXT + 1), "x" * 4_000_000])
def test_texts_that_no_database_takes(value: str) -> None:
    result = converted("wards", "name", value)
    assert result.faults[0] is not None
    assert len(result.faults[0]) < 200


def test_messages_show_no_control_characters() -> None:
    assert one("forest_zones", "category", "\x1b[31mred\n") == (
        "category '�[31mred�' is not one of special_use, protection, production"
    )


def test_an_empty_text_is_no_code_but_may_be_a_remark() -> None:
    assert converted("wards", "code", " ").values.iloc[0] is None
    assert converted("forest_zones", "manager", "").values.iloc[0] == ""


@given(st.lists(ANYTHING, max_size=5), st.sampled_from(sorted(LAYERS)), st.data())
def test_no_value_of_any_file_breaks_a_conversion(values: list[Any], name: str, data: st.DataObject) -> None:
    layer = LAYERS[name]
    column = data.draw(st.sampled_from([layer.id_column, *layer.properties]))
    result = convert(layer, column, pd.Series(values, dtype=object))
    assert len(result.values) == len(result.faults) == len(values)


@given(st.lists(st.none() | st.text(max_size=10), max_size=5))
def test_missing_means_the_same_for_both_kinds_of_text(values: list[str | None]) -> None:
    plain = [None if value is None else value.encode("utf-8", "replace").decode() for value in values]
    as_objects, as_texts = pd.Series(plain, dtype=object), pd.Series(plain, dtype="str")
    assert missing(as_objects).tolist() == missing(as_texts).tolist()
