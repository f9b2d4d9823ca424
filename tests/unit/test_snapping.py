"""Points on a road network: worked by hand, and against a search through everything."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from gis_core.analysis.areas import Areas, containing
from gis_core.analysis.snapping import LEFT, ON, RIGHT, Network, Snapped, snap
from gis_core.types import FloatArray

EAST = LineString([(0, 0), (100, 0)])


def snap_one(lines: dict[str, LineString], x: float, y: float, within_m: float = 30.0) -> tuple[object, ...]:
    network = Network(list(lines), list(lines.values()))
    found = snap(network, np.array([x]), np.array([y]), within_m)
    code = network.codes[found.segment[0]] if found.segment[0] >= 0 else None
    return code, *(round(float(values[0]), 9) for values in found[1:3]), int(found.side[0])


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (25, 3, ("a", 3, 0.25, LEFT)),
        (25, -4, ("a", 4, 0.25, RIGHT)),
        (25, 0, ("a", 0, 0.25, ON)),
        (25, 0.009, ("a", 0.009, 0.25, ON)),
        (-3, 4, ("a", 5, 0.0, LEFT)),
        (103, -4, ("a", 5, 1.0, RIGHT)),
        (110, 0, ("a", 10, 1.0, ON)),
        (50, 30, ("a", 30, 0.5, LEFT)),
    ],
)
def test_a_straight_road(x: float, y: float, expected: tuple[object, ...]) -> None:
    assert snap_one({"a": EAST}, x, y) == expected


@pytest.mark.parametrize(("x", "y"), [(50, 30.001), (130.5, 0), (1e9, 0), (np.nan, np.nan), (np.inf, 0)])
def test_too_far_or_nowhere_is_no_segment(x: float, y: float) -> None:
    network = Network(["a"], [EAST])
    found = snap(network, np.array([x]), np.array([y]), 30.0)
    assert found.segment.tolist() == [-1]
    assert found.side.tolist() == [ON]
    assert np.isnan([found.distance_m[0], found.fraction[0]]).all()


def test_drawn_the_other_way_left_is_right() -> None:
    assert snap_one({"a": EAST.reverse()}, 25, 3) == ("a", 3, 0.75, RIGHT)


def test_the_fraction_is_along_all_pieces() -> None:
    bent = LineString([(0, 0), (30, 0), (30, 0), (30, 10)])
    assert snap_one({"a": bent}, 32, 6) == ("a", 2, 0.9, RIGHT)


@pytest.mark.parametrize(("x", "y", "side"), [(-2, 0.5, RIGHT), (-2, -0.5, RIGHT), (3, 0, LEFT)])
def test_outside_a_hairpin_bend_each_piece_alone_would_be_wrong(x: float, y: float, side: int) -> None:
    hairpin = LineString([(20, 4), (0, 0), (20, -4)])
    assert snap_one({"a": hairpin}, x, y)[3] == side


def test_of_two_equally_near_the_first_code_wins_in_any_order() -> None:
    crossing = {"b": LineString([(0, 0), (0, 50)]), "c": LineString([(0, 0), (50, 0)])}
    for lines in (crossing, dict(reversed(crossing.items()))):
        # At the junction, and where the line halfway between the two runs.
        assert snap_one(lines, -3, -4)[0] == "b"
        assert snap_one(lines, 7, 7)[0] == "b"


def test_no_roads_and_no_points() -> None:
    nothing = np.zeros(0)
    assert snap(Network([], []), np.array([1.0]), np.array([1.0]), 30.0).segment.tolist() == [-1]
    assert len(snap(Network(["a"], [EAST]), nothing, nothing, 30.0).segment) == 0
    stump = Network(["a"], [LineString([(1, 1), (1, 1)])])
    assert snap(stump, np.array([1.0]), np.array([1.0]), 30.0).segment.tolist() == [-1]


GRID = st.integers(-40, 40)
"""Whole numbers make ties, junctions and points on lines likely."""
LINE = st.lists(st.tuples(GRID, GRID), min_size=2, max_size=5)


def snap_by_brute_force(lines: list[LineString], x: FloatArray, y: FloatArray, within_m: float) -> list[int]:
    """The lowest index of the nearest line, measured to every line."""
    found = []
    for point in shapely.points(x, y):
        away = [
            line.distance(point) if line.length > 0 and line.distance(point) <= within_m else np.inf
            for line in lines
        ]
        found.append(int(np.argmin(away)) if away and min(away) < np.inf else -1)
    return found


@settings(deadline=None, max_examples=300)
@given(
    st.lists(LINE, max_size=8),
    st.lists(st.tuples(GRID, GRID), max_size=20),
    st.sampled_from([0.5, 5.0, 30.0, 500.0]),
    st.integers(-400, 400),
)
def test_the_same_as_a_search_through_everything(
    shapes: list[list[tuple[int, int]]], places: list[tuple[int, int]], within_m: float, shift_m: int
) -> None:
    """Wherever the squares are cut."""
    points = np.array(places, float).reshape(-1, 2) + shift_m
    lines = [LineString(np.array(shape, float) + shift_m) for shape in shapes]
    found = snap(Network([f"{n:02d}" for n in range(len(lines))], lines), *points.T, within_m)
    expected = snap_by_brute_force(lines, *points.T, within_m)
    for row, (segment, brute) in enumerate(zip(found.segment, expected, strict=True)):
        assert (segment >= 0) == (brute >= 0)
        if segment >= 0:
            point = shapely.Point(points[row])
            assert found.distance_m[row] == pytest.approx(lines[brute].distance(point), abs=1e-9)
            assert lines[segment].distance(point) == pytest.approx(lines[brute].distance(point), abs=1e-9)
            foot = lines[segment].interpolate(found.fraction[row], normalized=True)
            assert foot.distance(point) == pytest.approx(found.distance_m[row], abs=1e-6)


@settings(deadline=None, max_examples=100)
@given(st.lists(LINE, min_size=1, max_size=8), st.lists(st.tuples(GRID, GRID), min_size=1, max_size=30))
def test_a_point_alone_and_among_others_gives_the_very_same(
    shapes: list[list[tuple[int, int]]], places: list[tuple[int, int]]
) -> None:
    network = Network([str(n) for n in range(len(shapes))], [LineString(shape) for shape in shapes])
    x, y = np.array(places, float).T * 7.3
    together = snap(network, x, y, 30.0)
    alone = [snap(network, x[[row]], y[[row]], 30.0) for row in range(len(x))]
    for field in Snapped._fields:
        each = np.concatenate([getattr(one, field) for one in alone])
        assert np.array_equal(getattr(together, field), each, equal_nan=field in ("distance_m", "fraction"))


# --- areas ---------------------------------------------------------------------------------------

SQUARES = Areas(
    ["b", "a", "c"], [shapely.box(10, 0, 20, 10), shapely.box(0, 0, 10, 10), shapely.box(2, 2, 4, 4)]
)


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [(5, 5, "a"), (15, 5, "b"), (10, 5, "a"), (3, 3, "a"), (0, 0, "a"), (20, 10, "b"), (21, 5, None)],
)
def test_the_area_of_a_point_and_on_a_border_the_first_code(x: float, y: float, code: str | None) -> None:
    found = containing(SQUARES, shapely.points([[x, y]]))[0]
    assert (SQUARES.codes[found] if found >= 0 else None) == code


def test_no_areas_and_no_points() -> None:
    assert containing(Areas([], []), shapely.points([[1.0, 1.0]])).tolist() == [-1]
    assert containing(SQUARES, np.array([], dtype=object)).tolist() == []


@settings(deadline=None)
@given(
    st.lists(st.tuples(GRID, GRID, st.integers(1, 30)), max_size=6),
    st.lists(st.tuples(GRID, GRID), max_size=20),
)
def test_the_same_as_asking_every_area(
    squares: list[tuple[int, int, int]], places: list[tuple[int, int]]
) -> None:
    shapes = [shapely.Point(x, y).buffer(size) for x, y, size in squares]
    points = shapely.points(np.array(places, float).reshape(-1, 2))
    found = containing(Areas([f"{n}" for n in range(len(shapes))], shapes), points)
    for point, index in zip(points, found, strict=True):
        assert index == next((n for n, shape in enumerate(shapes) if shape.intersects(point)), -1)
