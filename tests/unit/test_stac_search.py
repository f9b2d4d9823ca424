"""What a search of the STAC API asks for, by query and by body."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.errors import InvalidParameterError
from ogc_api.stac import searching
from ogc_api.stac.searching import DEFAULT_LIMIT, Search, from_query, parse_json, read_search


def test_query_and_body_ask_alike() -> None:
    asked = from_query({
        "bbox": "107,16,108,17", "datetime": "2025-10-27/..", "ids": "a,b", "limit": "7",
        "collections": "rain",
    })  # fmt: skip
    assert asked == read_search({
        "bbox": [107.0, 16.0, 108.0, 17.0], "datetime": "2025-10-27/..", "ids": ["a", "b"],
        "collections": ["rain"], "limit": 7,
    })  # fmt: skip
    assert from_query({}) == Search() == read_search({})
    assert Search().limit == DEFAULT_LIMIT


@pytest.mark.parametrize(
    "body",
    [
        {"bbox": [1, 2, 3]},
        {"bbox": ["1", "2", "3", "4"]},
        {"bbox": "1,2,3,4"},
        {"limit": 0},
        {"limit": "10"},
        {"limit": 2.5},
        {"ids": "flood"},
        {"collections": [1]},
        {"query": {}},
        {"intersects": []},
        {"datetime": 2025},
        {"ids": ["x"] * 1001},
    ],
)
def test_a_body_that_cannot_be_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError):
        read_search(body)


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "1,2,3,x"},
        {"limit": "-1"},
        {"limit": "1" * 5000 + "x"},
        {"limit": "0"},
        {"intersects": "{"},
        {"intersects": "[" * 100_000},
        {"intersects": "3"},
    ],
)
def test_a_query_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidParameterError):
        from_query(query)


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "Nothing"},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Point"},
        {"type": "Point", "coordinates": ["a", "b"]},
        {"type": "Point", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "LineString", "coordinates": [[i / 100, 0] for i in range(10_001)]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
    ],
)
def test_a_geometry_that_cannot_be_is_refused(shape: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match="intersects"):
        searching._area(Search(intersects=shape))


def test_boxes() -> None:
    def bounds(*numbers: float) -> tuple[float, ...]:
        area = searching._area(Search(bbox=list(numbers)))
        assert area is not None
        return area.bounds

    assert bounds(107, 16, 108, 17) == bounds(107, 16, -50, 108, 17, 50) == (107, 16, 108, 17)
    across = searching._area(Search(bbox=[170, -10, -170, 10]))
    assert across is not None
    assert across.area == pytest.approx(20 * 20)
    for wrong in ([1, 2, 3, 4, 5], [0, 5, 1, 4], [0, 0, float("inf"), 1]):
        with pytest.raises(InvalidParameterError, match="bbox"):
            searching._area(Search(bbox=wrong))
    with pytest.raises(InvalidParameterError, match="either bbox or intersects"):
        searching._area(Search(bbox=[0, 0, 1, 1], intersects={"type": "Point", "coordinates": [0, 0]}))


@given(st.text(max_size=60))
def test_a_token_is_one_of_ours_or_refused(token: str) -> None:
    try:
        instant, name = searching._place_of(token)
    except InvalidParameterError:
        return
    assert token.endswith(f".{name}")
    assert math.isfinite(instant)


def test_a_token_with_no_such_day() -> None:
    with pytest.raises(InvalidParameterError):
        searching._place_of("20251345T000000Z.rain")
    assert searching._place_of("20251027T160000Z.flood-risk")[1] == "flood-risk"


@given(st.binary(max_size=80))
def test_bytes_are_json_or_refused(body: bytes) -> None:
    try:
        expected = json.loads(body)
    except ValueError:
        with pytest.raises(InvalidParameterError, match="body"):
            parse_json(body, "body")
    else:
        assert repr(parse_json(body, "body")) == repr(expected)
