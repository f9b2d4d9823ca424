"""Routes worked by hand on a small grid of streets, and the roads along a drawn line."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.network_density import road_graph
from gis_core.analysis.routing import Place, alongside, shortest_route
from gis_core.errors import InvalidParameterError


def streets(*lines: list[tuple[float, float]]) -> np.ndarray:
    return np.array([shapely.LineString(line) for line in lines], dtype=object)


# A square of 100 m whose north side (2) makes a detour, and a street (4) that leads nowhere.
SQUARE = streets(
    [(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (50, 150), (0, 100)], [(0, 100), (0, 0)],
    [(500, 500), (600, 500)],
)  # fmt: skip
GRAPH = road_graph(SQUARE)
TWO_WAY = np.zeros(5, bool)


def route(start: Place, end: Place, one_way: np.ndarray = TWO_WAY) -> tuple[list[int], float]:
    found = shortest_route(GRAPH, one_way, start, end)
    return found.edges, found.length_m


def test_the_shorter_way_round() -> None:
    assert route(Place(0, 0.5), Place(1, 0.5)) == ([0, 1], pytest.approx(100))
    assert route(Place(1, 0.9), Place(3, 0.9)) == ([1, 0, 3], pytest.approx(200))
    assert route(Place(1, 0.9), Place(3, 0.1)) == ([1, 2, 3], pytest.approx(20 + 100 * 2**0.5))


def test_one_way_roads_are_gone_round() -> None:
    one_way = np.array([True, False, False, False, False])
    assert route(Place(0, 0.9), Place(0, 0.1), one_way)[0] == [0, 1, 2, 3, 0]
    assert route(Place(0, 0.1), Place(0, 0.9), one_way) == ([0], pytest.approx(80))
    assert route(Place(0, 0.9), Place(0, 0.1)) == ([0], pytest.approx(80))


def test_of_two_roads_between_the_same_places_the_shorter() -> None:
    graph = road_graph(streets([(0, 0), (50, 80), (100, 0)], [(0, 0), (100, 0)], [(100, 0), (200, 0)]))
    found = shortest_route(graph, np.zeros(3, bool), Place(2, 1.0), Place(1, 0.0))
    assert (found.edges, found.length_m) == ([2, 1], pytest.approx(200))


def test_no_way() -> None:
    with pytest.raises(InvalidParameterError, match="no way along the known roads"):
        shortest_route(GRAPH, TWO_WAY, Place(0, 0.5), Place(4, 0.5))


@given(st.integers(0, 3), st.floats(0, 1), st.integers(0, 3), st.floats(0, 1))
def test_there_is_as_far_as_back(edge: int, fraction: float, other: int, further: float) -> None:
    there = route(Place(edge, fraction), Place(other, further))[1]
    back = route(Place(other, further), Place(edge, fraction))[1]
    assert there == pytest.approx(back, abs=1e-4)
    assert there <= GRAPH.length_m[:4].sum() / 2 + 1e-4


def test_roads_along_a_line_in_its_order() -> None:
    roads = streets(
        [(100, 3), (0, 3)],  # along it, drawn the other way
        [(100, 3), (200, -3)],
        [(150, -40), (150, 40)],  # across
        [(200, 0), (300, 90)],  # leaves it
        [(0, 60), (200, 60)],  # beside it
    )
    path = shapely.LineString([(250, 0), (-10, 0)])
    assert alongside(roads, path, within_m=20).tolist() == [1, 0]
    assert alongside(roads, path, within_m=70).tolist()[0] in (1, 4)
    assert alongside(roads, shapely.LineString([(900, 0), (990, 0)]), within_m=20).tolist() == []
