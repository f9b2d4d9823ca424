"""The digest of rows: whatever the order and the parts, and another for every other value."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from gis_core.errors import InvalidParameterError
from layers.archive.digest import Digest, digest_of_rows
from layers.archive.run import parse_age, parse_month
from layers.registry import LAYERS

TABLE = LAYERS["detections"].table
COLUMNS = [TABLE.columns[name] for name in ("camera_code", "class_name", "confidence", "geom")]
TEXT = st.none() | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5)
ROW = st.tuples(TEXT, TEXT, st.none() | st.floats(0, 1), st.floats(107, 108))


def digest(rows: list[tuple[str | None, str | None, float | None, float]]) -> Digest:
    frame = pd.DataFrame(
        {
            "camera_code": pd.Series([row[0] for row in rows], dtype=object),
            "class_name": pd.Series([row[1] for row in rows], dtype=object),
            "confidence": pd.Series([row[2] for row in rows], dtype=float),
        }
    )
    shapes = gpd.GeoSeries([Point(row[3], 16.4) for row in rows], crs=4326)
    return digest_of_rows(COLUMNS, frame.assign(geom=shapes.to_numpy()))


@settings(deadline=None)  # the first call compiles
@given(st.lists(ROW, min_size=1, max_size=6), st.randoms(), st.integers(0, 6))
def test_order_and_parts_do_not_matter(rows: list, random: object, cut: int) -> None:
    whole = digest(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert digest(shuffled) == whole
    parts = [part for part in (rows[:cut], rows[cut:]) if part]
    assert sum(map(len, parts)) == whole.rows
    total = Digest()
    for part in parts:
        total = total.plus(digest(part))
    assert total == whole
    assert total.minus(digest(parts[0])).plus(digest(parts[0])) == whole


@settings(deadline=None)
@given(ROW, ROW)
def test_two_rows_are_the_same_exactly_if_their_values_are(one: tuple, other: tuple) -> None:
    same = all(
        (a is None) == (b is None) and (a is None or repr(a) == repr(b))
        for a, b in zip(one, other, strict=True)
    )
    assert (digest([one]) == digest([other])) is same


def test_a_value_counts_for_its_column() -> None:
    assert digest([("car", None, None, 107.5)]) != digest([(None, "car", None, 107.5)])
    assert digest([("a", "b", None, 107.5)]) != digest([("b", "a", None, 107.5)])
    assert digest([("", None, None, 107.5)]) != digest([(None, None, None, 107.5)])


def test_two_equal_rows_do_not_cancel_out() -> None:
    row = ("CAM-1", "car", 0.5, 107.5)
    assert digest([row, row]) != digest([row])
    assert digest([row, row]).value != 0


@pytest.mark.parametrize("text", ["2024", "2024-13", "2024-1", "24-01", "2024-01-01", "tháng 1", ""])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="2024-01"):
        parse_month(text, "before")


@pytest.mark.parametrize("text", ["24", "0mo", "-1mo", "24 mo", "2y", "99999mo"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="24mo"):
        parse_age(text, "older-than")


def test_months_and_ages() -> None:
    assert parse_month("2024-02", "before") == pd.Period("2024-02", "M")
    assert parse_age("24mo", "older-than") == 24
