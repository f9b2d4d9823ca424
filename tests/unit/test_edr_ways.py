"""Places along a way, and the circle around a place, by hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from gis_core.errors import InvalidParameterError
from layers.edr.base import around, circle
from layers.edr.ways import along_way


def test_a_way_of_two_legs() -> None:
    # 30 m east in 10 s and then 10 m north in 20 s, with a place every 10 m at least.
    way = along_way(shapely.LineString([(0, 0), (30, 0), (30, 10)]), np.array([0.0, 10.0, 30.0]), 10.0, 100)
    assert way.x.tolist() == [0, 10, 20, 30, 30]
    assert way.y.tolist() == [0, 0, 0, 0, 10]
    assert way.at_s is not None
    assert way.at_s.tolist() == pytest.approx([0, 10 / 3, 20 / 3, 10, 30])


def test_a_way_is_bounded() -> None:
    line = shapely.LineString([(0, 0), (1000, 0)])
    assert len(along_way(line, None, 10.0, 101).x) == 101
    with pytest.raises(InvalidParameterError, match="more than 100 cells"):
        along_way(line, None, 10.0, 100)
    with pytest.raises(InvalidParameterError, match="beyond"):
        along_way(shapely.LineString([(0, 0), (np.inf, 0)]), None, 10.0, 100)


@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=8),
    st.floats(5, 100),
)
def test_no_two_places_are_farther_apart_than_a_step(
    vertices: list[tuple[float, float]], step: float
) -> None:
    way = along_way(shapely.LineString(vertices), None, step, 100_000)
    assert np.hypot(np.diff(way.x), np.diff(way.y)).max() <= step * (1 + 1e-9)
    assert (way.x[0], way.y[0]) == pytest.approx(vertices[0])
    assert (way.x[-1], way.y[-1]) == pytest.approx(vertices[-1])


def test_a_circle_is_as_large_as_on_the_ellipsoid() -> None:
    lon, lat = shapely.get_coordinates(circle(107.58, 16.46, 5_000)).T
    _, _, distance_m = Geod(ellps="WGS84").inv(np.full(len(lon), 107.58), np.full(len(lat), 16.46), lon, lat)
    # The grid of the province is true to its scale within some 0.01 % there.
    assert distance_m == pytest.approx(5_000, rel=2e-4)


def test_what_lies_beyond_the_grid_has_no_surroundings() -> None:
    with pytest.raises(InvalidParameterError, match="EPSG:9214"):
        around(shapely.Point(-73, 0), 1_000)
