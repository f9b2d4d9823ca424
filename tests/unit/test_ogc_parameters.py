"""What requests ask for, read from text."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from starlette.requests import Request

from gis_core.crs import SERVED_SRIDS, parse_crs
from gis_core.errors import InvalidParameterError
from gis_core.serving_settings import OgcApi
from gis_core.types import Bounds
from layers.areas import search_area
from layers.query import Interval
from layers.registry import LAYERS
from ogc_api.asking import language, parameters, prefers_html
from ogc_api.features.query import (
    RESERVED,
    known_parameters,
    parse_bbox,
    parse_interval,
    parse_limit,
    read_query,
)

LIMITS = OgcApi()
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001


def asking(query: str = "", **headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "path": "/ogc", "query_string": query.encode(), "headers": pairs})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2025-10-27",
            Interval(datetime(2025, 10, 26, 17, tzinfo=UTC), datetime(2025, 10, 27, 17, tzinfo=UTC), False),
        ),
        (
            "20251027",
            Interval(datetime(2025, 10, 26, 17, tzinfo=UTC), datetime(2025, 10, 27, 17, tzinfo=UTC), False),
        ),
        (
            "2025-10-26/2025-10-27",
            Interval(datetime(2025, 10, 25, 17, tzinfo=UTC), datetime(2025, 10, 27, 17, tzinfo=UTC), False),
        ),
        (
            "2025-10-27T20:00:00+07:00",
            Interval(datetime(2025, 10, 27, 13, tzinfo=UTC), datetime(2025, 10, 27, 13, tzinfo=UTC)),
        ),
        # A plus sign that was not escaped arrives as a space.
        (
            "2025-10-27T20:00:00 07:00/..",
            Interval(datetime(2025, 10, 27, 13, tzinfo=UTC), None),
        ),
        (
            "2025-10-27t13:00:00z",
            Interval(datetime(2025, 10, 27, 13, tzinfo=UTC), datetime(2025, 10, 27, 13, tzinfo=UTC)),
        ),
        ("../2025-10-27T13:00:00Z", Interval(None, datetime(2025, 10, 27, 13, tzinfo=UTC))),
        ("2025-10-27T13:00:00Z/", Interval(datetime(2025, 10, 27, 13, tzinfo=UTC), None)),
        ("../..", Interval(None, None)),
    ],
)
def test_interval(text: str, expected: Interval) -> None:
    assert parse_interval(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "yesterday",
        "2025-13-01",
        "2025-10-27/2025-10-26",
        "a/b/c",
        "0001-01-01/..",
        "T25:00Z",
    ],
)
def test_interval_refuses(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="datetime"):
        parse_interval(text)


@given(moments, moments)
def test_interval_of_two_instants_reads_back(first: datetime, second: datetime) -> None:
    start, end = min(first, second), max(first, second)
    assert parse_interval(f"{start.isoformat()}/{end.isoformat()}") == Interval(start, end)


@given(st.dates(datetime(1, 1, 3).date(), datetime(9999, 12, 28).date()))  # noqa: DTZ001
def test_a_date_is_a_whole_day(day: object) -> None:
    interval = parse_interval(str(day))
    assert interval.start is not None
    assert interval.end == interval.start + timedelta(days=1)
    assert not interval.end_included


@given(st.text(max_size=40))
def test_any_text_is_an_interval_or_a_sentence(text: str) -> None:
    with suppress(InvalidParameterError):
        interval = parse_interval(text)
        assert interval.start is None or interval.end is None or interval.start <= interval.end


def test_bbox_follows_the_axis_order_of_its_crs() -> None:
    wanted = Bounds(107.5, 16.3, 107.7, 16.5)
    assert parse_bbox("107.5,16.3,107.7,16.5", parse_crs("CRS84")) == wanted
    assert parse_bbox("16.3,107.5,16.5,107.7", parse_crs("EPSG:4326")) == wanted
    assert parse_bbox("107.5,16.3,0,107.7,16.5,99", parse_crs("CRS84")) == wanted


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "1,2,3,nan", "1,2,3,inf", "1,2,3,4,5", "1;2;3;4"])
def test_bbox_refuses(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="bbox"):
        parse_bbox(text, parse_crs("CRS84"))


@pytest.mark.parametrize("srid", [srid for srid in SERVED_SRIDS if not CRS(srid).is_geographic])
@pytest.mark.parametrize("reach", [1e9, 1e40, 1e300, 1.7e308])
def test_a_box_beyond_the_earth_is_a_sentence(srid: int, reach: float) -> None:
    with pytest.raises(InvalidParameterError, match=r"bbox.*beyond"):
        search_area(Bounds(0, 0, reach, reach), srid)


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("10", 10), ("99999999999999999999999", 10_000)])
def test_limit_is_held_to_the_most(text: str, expected: int) -> None:
    assert parse_limit(text, 10_000) == expected


@pytest.mark.parametrize("text", ["0", "-1", "", "ten", "1.5", "1e3", "٣"])
def test_limit_refuses(text: str) -> None:
    with pytest.raises(InvalidParameterError, match="limit"):
        parse_limit(text, 10_000)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.name)
def test_no_column_hides_behind_a_parameter_of_the_api(layer: object) -> None:
    names = [column.name for column in layer.table.columns]  # type: ignore[attr-defined]
    assert not set(names) & {*RESERVED, "f", "lang"}
    known = known_parameters(layer)  # type: ignore[arg-type]
    assert len(set(known)) == len(known)


def test_filters_have_the_type_of_their_column() -> None:
    given = {"lanes": "4", "gateway": "true", "design_speed_kmh": "60", "road_class": "trunk", "code": "R-1"}
    query = read_query(LAYERS["road_segments"], given, LIMITS, default_limit=7)
    assert query.equals == {
        "lanes": 4, "gateway": True, "design_speed_kmh": 60.0, "road_class": "trunk", "code": "R-1",
    }  # fmt: skip
    assert query.limit == 7


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("lanes", "many", "not a whole number"),
        ("lanes", "99999", "not between"),
        # Only Python would take these for numbers.
        ("lanes", "1_0", "not a whole number"),
        ("lanes", "２", "not a whole number"),
        ("design_speed_kmh", "6_0", "not a number"),
        ("gateway", "perhaps", "not true or false"),
        ("design_speed_kmh", "fast", "not a number"),
        ("design_speed_kmh", "nan", "not a finite number"),
        ("road_class", "alley", "motorway, trunk"),
        ("name", "a\x00b", "null character"),
        ("properties", "name,colour", "'colour' is none of this layer's"),
        ("crs", "EPSG:1", "EPSG:9214"),
    ],
)
def test_a_wrong_value_says_what_is_expected(name: str, text: str, expected: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"Parameter '{name}': .*{expected}"):
        read_query(LAYERS["road_segments"], {name: text}, LIMITS, default_limit=7)


@pytest.mark.parametrize(
    "name", ["lanes", "gateway", "design_speed_kmh", "road_class", "crs", "datetime", "bbox"]
)
def test_a_sentence_does_not_repeat_a_long_text(name: str) -> None:
    with pytest.raises(InvalidParameterError) as refused:
        read_query(LAYERS["road_segments"], {name: "9" * 5_000}, LIMITS, default_limit=7)
    assert len(str(refused.value)) < 300


def test_an_unknown_parameter_names_those_that_exist() -> None:
    with pytest.raises(InvalidParameterError, match="'colour': does not exist here; there are: bbox"):
        parameters(asking("colour=red"), ("bbox",), ("json", "html"))


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(InvalidParameterError, match="more than once"):
        parameters(asking("bbox=1&bbox=2"), ("bbox",), ("json", "html"))


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("", "", "vi"),
        ("", "en-US,en;q=0.9,vi;q=0.8", "en"),
        ("", "fr;q=1, vi;q=0.5, en;q=0.4", "vi"),
        ("", "en;q=0, vi;q=0.1", "vi"),
        ("", "en;q=broken", "vi"),
        ("lang=vi", "en", "vi"),
        ("lang=en", "vi", "en"),
    ],
)
def test_language(query: str, accepted: str, expected: str) -> None:
    assert language(asking(query, accept_language=accepted)) == expected


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("", "", False),
        ("", "*/*", False),
        ("", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", True),
        ("", "application/geo+json, text/html;q=0.5", False),
        ("f=json", "text/html", False),
        ("f=html", "application/json", True),
    ],
)
def test_format(query: str, accepted: str, expected: bool) -> None:
    assert prefers_html(asking(query, accept=accepted)) is expected


@given(st.text(max_size=60))
def test_no_header_breaks_the_negotiation(header: str) -> None:
    request = asking(accept=quote(header, safe=" ;,=/*."), accept_language=quote(header, safe=" ;,=-."))
    assert language(request) in ("vi", "en")
    assert prefers_html(request) in (True, False)
