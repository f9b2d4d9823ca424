"""Coordinates of EDR queries: what is read, in which order of axes, and what is refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis_core.crs import parse_crs
from gis_core.errors import InvalidParameterError
from ogc_api.edr.wkt import parse_coords

CRS84 = parse_crs("CRS84")
ANY = ("POINT", "MULTIPOINT", "LINESTRING", "POLYGON", "MULTIPOLYGON")


@pytest.mark.parametrize(
    "text", ["POINT(107.58 16.46)", " point ( 107.58 16.46 ) ", "POINT Z (107.58 16.46 9)"]
)
def test_a_point_in_any_spelling(text: str) -> None:
    shape, moments_s = parse_coords(text, ("POINT",), CRS84, 10)
    assert shape.wkt == "POINT (107.58 16.46)"
    assert moments_s is None


@pytest.mark.parametrize(
    "text", ["LINESTRINGM(107 16 60,108 16 120)", "LINESTRINGZM(107 16 5 60,108 16 5 120)"]
)
def test_measures_are_instants_and_heights_are_passed_over(text: str) -> None:
    shape, moments_s = parse_coords(text, ("LINESTRING",), CRS84, 10)
    assert shape.wkt == "LINESTRING (107 16, 108 16)"
    assert moments_s is not None
    assert moments_s.tolist() == [60, 120]


def test_latitude_comes_first_where_the_authority_says_so() -> None:
    in_4326, _ = parse_coords("POINT(16.46 107.58)", ("POINT",), parse_crs("EPSG:4326"), 10)
    assert (in_4326.x, in_4326.y) == (107.58, 16.46)


def test_the_grid_of_the_province() -> None:
    # Its central meridian is 107° E and has the false easting 500,000 m.
    shape, _ = parse_coords("POINT(500000 1820000)", ("POINT",), parse_crs("EPSG:9214"), 10)
    assert shape.x == pytest.approx(107.0, abs=0.003)
    assert 16.4 < shape.y < 16.5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not WKT"),
        ("POLYGON((0 0,1 1,1 0,0 0))", "not WKT of POINT"),
        ("GEOMETRYCOLLECTION(POINT(1 2))", "not WKT"),
        ("POINT(1)", "cannot be read"),
        ("POINT(a b)", "cannot be read"),
        ("POINT(1 2); DROP TABLE x", "cannot be read"),
        ("POINT EMPTY", "empty"),
        ("POINT(nan 16)", "beyond"),
        ("POINT(1e999 16)", "beyond"),
        ("POINT(181 16)", "beyond"),
        ("POINT(107 91)", "beyond"),
    ],
)
def test_what_is_no_point_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        parse_coords(text, ("POINT",), CRS84, 10)


def test_areas_must_be_valid_and_lines_have_a_length() -> None:
    with pytest.raises(InvalidParameterError, match="not valid: Self-intersection"):
        parse_coords("POLYGON((0 0,1 1,1 0,0 1,0 0))", ("POLYGON",), CRS84, 10)
    with pytest.raises(InvalidParameterError, match="no length"):
        parse_coords("LINESTRING(107 16,107 16)", ("LINESTRING",), CRS84, 10)
    with pytest.raises(InvalidParameterError, match="back in time"):
        parse_coords("LINESTRINGM(107 16 9,108 16 5)", ("LINESTRING",), CRS84, 10)
    with pytest.raises(InvalidParameterError, match="seconds since 1970"):
        parse_coords("LINESTRINGM(107 16 0,108 16 1e300)", ("LINESTRING",), CRS84, 10)


def test_the_number_of_vertices_is_bounded() -> None:
    def line(vertices: int) -> str:
        return f"LINESTRING({','.join(f'107.{n:04d} 16' for n in range(vertices))})"

    assert len(parse_coords(line(50), ("LINESTRING",), CRS84, 50).shape.coords) == 50
    with pytest.raises(InvalidParameterError, match="more than 50 vertices"):
        parse_coords(line(51), ("LINESTRING",), CRS84, 50)


@given(st.text(max_size=80))
def test_any_text_gives_a_geometry_or_a_sentence(text: str) -> None:
    _read_or_refuse(text)


@given(
    st.sampled_from(ANY),
    st.sampled_from(["", "Z", " M", "ZM"]),
    st.text("()0123456789.,-+e naif", max_size=60),
)
def test_any_text_that_begins_as_wkt_gives_a_geometry_or_a_sentence(kind: str, more: str, rest: str) -> None:
    _read_or_refuse(f"{kind}{more}({rest})")


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_every_place_on_earth_is_read_as_it_is(lon: float, lat: float) -> None:
    shape, _ = parse_coords(f"POINT({lon!r} {lat!r})", ("POINT",), CRS84, 10)
    assert (shape.x, shape.y) == (lon, lat)


def _read_or_refuse(text: str) -> None:
    try:
        shape, _ = parse_coords(text, ANY, CRS84, 20)
    except InvalidParameterError:
        return
    assert np.isfinite(shapely.get_coordinates(shape)).all()
