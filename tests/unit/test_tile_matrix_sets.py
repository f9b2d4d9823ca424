"""Tile matrix sets: the numbers of the standard's tables, and that tiles lie where they should."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.errors import InvalidParameterError
from gis_core.types import Bounds
from layers.tiles.matrix_sets import (
    MATRIX_SETS,
    WEB_MERCATOR_QUAD,
    WORLD_CRS84_QUAD,
    TileMatrixSet,
    levels_of,
    matrix_set_named,
)

BOTH = pytest.mark.parametrize("of", MATRIX_SETS.values(), ids=list(MATRIX_SETS))


def test_scales_are_those_of_the_standard() -> None:
    """OGC 17-083r4, tables D.1 and D.2."""
    mercator = [WEB_MERCATOR_QUAD.scale_denominator(level) for level in (0, 1, 12)]
    assert mercator == pytest.approx([559082264.028718, 279541132.014359, 136494.693366386], rel=1e-12)
    degrees = [WORLD_CRS84_QUAD.scale_denominator(level) for level in (0, 1, 12)]
    assert degrees == pytest.approx([279541132.014359, 139770566.007179, 68247.3466831930], rel=1e-12)
    assert WORLD_CRS84_QUAD.cell_size(0) == 0.703125
    assert WEB_MERCATOR_QUAD.cell_size(0) == pytest.approx(156543.033928041, rel=1e-12)


def test_the_tile_of_hue_is_the_one_that_every_map_asks_for() -> None:
    """By the formula of the slippy maps: x = (lon + 180) / 360 · 2^z, y from the Mercator latitude."""
    lon, lat, level = 107.58, 16.46, 12
    col = int((lon + 180) / 360 * 2**level)
    row = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**level)
    found = WEB_MERCATOR_QUAD.covering(Bounds(lon, lat, lon, lat), level)
    assert list(found.tiles()) == [(row, col)]


def test_in_degrees_tiles_are_counted_from_the_upper_left_corner() -> None:
    assert WORLD_CRS84_QUAD.tile_bounds(0, 0, 1) == Bounds(0, -90, 180, 90)
    assert WORLD_CRS84_QUAD.tile_bounds(1, 0, 3) == Bounds(90, 0, 180, 90)


@BOTH
@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-85, 85), level=st.integers(0, 15))
def test_a_place_lies_in_the_tile_that_covers_it(
    of: TileMatrixSet, lon: float, lat: float, level: int
) -> None:
    found = of.covering(Bounds(lon, lat, lon, lat), level)
    ((row, col),) = found.tiles()
    assert of.has(level, row, col)
    west, south, east, north = of.lonlat_bounds(level, row, col)
    slack = 1e-9
    assert west - slack <= lon <= east + slack
    assert south - slack <= lat <= north + slack


@BOTH
@given(level=st.integers(0, 14), data=st.data())
def test_a_tile_is_the_sum_of_its_four_parts(of: TileMatrixSet, level: int, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, (of.rows << level) - 1))
    col = data.draw(st.integers(0, (of.columns << level) - 1))
    whole = of.tile_bounds(level, row, col)
    parts = [
        of.tile_bounds(level + 1, 2 * row + down, 2 * col + right) for down in (0, 1) for right in (0, 1)
    ]
    assert min(part.west for part in parts) == pytest.approx(whole.west, abs=1e-6)
    assert max(part.east for part in parts) == pytest.approx(whole.east, abs=1e-6)
    assert min(part.south for part in parts) == pytest.approx(whole.south, abs=1e-6)
    assert max(part.north for part in parts) == pytest.approx(whole.north, abs=1e-6)


@BOTH
def test_the_whole_earth_is_every_tile_of_a_level(of: TileMatrixSet) -> None:
    found = of.covering(Bounds(-180, -90, 180, 90), 3)
    assert len(list(found.tiles())) == (of.rows << 3) * (of.columns << 3)


@BOTH
@pytest.mark.parametrize("place", [(-1, 0, 0), (99, 0, 0), (0, 1, 0), (0, 0, 2), (3, 0, -1)])
def test_there_is_no_tile_beyond_the_edges(of: TileMatrixSet, place: tuple[int, int, int]) -> None:
    assert not of.has(*place)


def test_both_sets_end_at_the_same_fineness() -> None:
    assert [of.zoom(of.finest_level) for of in MATRIX_SETS.values()] == [16, 16]


def test_levels_are_read_from_text() -> None:
    assert levels_of("6-12", WEB_MERCATOR_QUAD) == range(6, 13)
    assert levels_of("9", WEB_MERCATOR_QUAD) == range(9, 10)


@pytest.mark.parametrize("text", ["", "6-", "a", "12-6", "0-99", "-3", "6-12-14", "１-２", "999999999999"])
def test_levels_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameterError):
        levels_of(text, WEB_MERCATOR_QUAD)


def test_an_unknown_set_is_named_with_those_that_exist() -> None:
    with pytest.raises(InvalidParameterError, match="WebMercatorQuad"):
        matrix_set_named("EuropeanQuad")
