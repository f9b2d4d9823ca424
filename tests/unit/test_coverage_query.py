"""What a request for a coverage asks for: boxes, axes, moments and the size of cells."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.crs import METRIC_SRID
from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds
from ogc_api.coverages.query import Cut, parse_cut


def cut(**given: str) -> Cut:
    return parse_cut({name.replace("_", "-"): value for name, value in given.items()})


def test_without_anything_it_is_the_whole_surface() -> None:
    assert cut() == Cut()
    assert cut().is_whole
    assert cut(datetime="2025-10-27T13:00:00Z").is_whole


@pytest.mark.parametrize(
    "given",
    [
        {"bbox": "107.5,16.4,107.6,16.5"},
        {"subset": "Lon(107.5:107.6),Lat(16.4:16.5)"},
        {"subset": " lat(16.4:16.5) , long( 107.5 : 107.6 )"},
        {"bbox": "16.4,107.5,16.5,107.6", "bbox_crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    ],
)
def test_a_box_has_several_spellings(given: dict[str, str]) -> None:
    assert cut(**given).bounds == Bounds(107.5, 16.4, 107.6, 16.5)


def test_one_axis_may_be_cut_alone() -> None:
    assert cut(subset="Lon(107.5:107.6)").bounds == Bounds(107.5, -math.inf, 107.6, math.inf)
    assert cut(subset="Lat(*:16.5)").bounds == Bounds(-math.inf, -math.inf, math.inf, 16.5)


def test_axes_of_a_grid() -> None:
    found = cut(subset="E(560000:570000),N(1820000:1830000)", subset_crs=f"EPSG:{METRIC_SRID}")
    assert found.bounds == Bounds(560_000, 1_820_000, 570_000, 1_830_000)
    assert found.srid == METRIC_SRID


def test_moments() -> None:
    at = datetime(2025, 10, 27, 13, tzinfo=UTC)
    assert cut(datetime="2025-10-27T13:00:00Z").until == at
    assert cut(datetime="../2025-10-27T13:00:00Z").until == at
    assert cut(datetime="2025-10-27T13:00:00Z/..").until is None
    assert cut(subset='time("2025-10-27T13:00:00Z")').until == at
    both = cut(subset='Lon(107.5:107.6),Lat(16.4:16.5),time("2025-10-26T00:00:00Z":"2025-10-27T13:00:00Z")')
    assert both.until == at
    assert both.bounds == Bounds(107.5, 16.4, 107.6, 16.5)


def test_sizes_of_cells() -> None:
    assert cut(scale_factor="2.5").factors == (2.5, 2.5)
    assert cut(scale_axes="Lat(4),Lon(2)").factors == (2, 4)
    assert cut(scale_size="Lon(800),Lat(600)").size == (800, 600)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bbox": "1,2,3,4", "subset": "Lon(1:3),Lat(2:4)"}, "either bbox or subset"),
        ({"subset": "Lon(1:nan)"}, "must be numbers"),
        ({"subset": "Lon(1:inf)"}, "must be numbers"),
        ({"subset": "Lon(3:1),Lat(2:4)"}, "begin below its end"),
        ({"subset": "Lon(a:b),Lat(2:4)"}, "must be numbers"),
        ({"subset": "Lon(1),Lat(2:4)"}, "no range from:to"),
        ({"subset": "Depth(1:2)"}, "axis 'Depth' is none"),
        ({"subset": "Lon(1:2),x(1:2)"}, "given more than once"),
        ({"subset": "Lon 1 to 2"}, "is not of the form"),
        ({"subset": 'time("2025-10-27")', "datetime": "2025-10-27"}, "not both"),
        ({"scale_factor": "2", "scale_size": "Lon(1),Lat(1)"}, "not both"),
        ({"scale_factor": "-1"}, "not a number above 0"),
        ({"scale_factor": "nan"}, "not a number above 0"),
        ({"scale_size": "Lon(1.5),Lat(2)"}, "whole"),
        ({"scale_axes": "Lon(2)"}, "give both axes"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        cut(**given)


@given(
    st.sampled_from(["subset", "scale_size", "scale_axes", "scale_factor", "datetime"]), st.text(max_size=60)
)
def test_any_text_is_understood_or_refused(name: str, text: str) -> None:
    try:
        found = cut(**{name: text})
    except InvalidParameterError:
        return
    assert isinstance(found, Cut)
