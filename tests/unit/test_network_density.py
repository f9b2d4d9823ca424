"""Kernel density on networks: worked by hand where the paths are few, by every path on small graphs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_core.analysis.network_density import (
    RoadGraph,
    cut,
    kernel_shares,
    network_density,
    road_graph,
)
from gis_core.crs import to_metric
from gis_core.errors import InvalidParameterError
from tests.ingesting import fit_file

STEP_M, BANDWIDTH_M = 1.0, 60.0


def quartic(distance_m: float, h: float = BANDWIDTH_M) -> float:
    return 15 / 16 / h * (1 - (distance_m / h) ** 2) ** 2 if distance_m < h else 0.0


def mean_quartic(distance_m: float) -> float:
    """The mean of the kernel over the metre around a distance, by its integral; whole around zero."""
    at = np.clip((np.array([-0.5, 0.5]) + distance_m) / BANDWIDTH_M, -1, 1)
    below, above = 15 / 16 * (at - 2 / 3 * at**3 + at**5 / 5)
    return float(above - below)


def density_per_m(graph: RoadGraph, edge: int, at_m: float) -> tuple[np.ndarray, np.ndarray]:
    """First piece of each edge, and vehicles per metre on every piece, of one vehicle."""
    lixels = cut(graph, STEP_M)
    fraction = np.array([at_m / graph.length_m[edge]])
    found = network_density(graph, lixels, np.array([edge]), fraction, np.ones(1), bandwidth_m=BANDWIDTH_M)
    return lixels.first, found / 1000


def lines(*coordinates: list[tuple[float, float]]) -> np.ndarray:
    return np.array([shapely.LineString(one) for one in coordinates], dtype=object)


def test_a_line_far_from_its_ends_has_the_kernel_itself() -> None:
    _, found = density_per_m(road_graph(lines([(0, 0), (200, 0)])), 0, 100.5)
    for distance in (0, 1, 20, 59):
        assert found[100 + distance] == pytest.approx(mean_quartic(distance), rel=1e-9)
        assert found[100 - distance] == pytest.approx(mean_quartic(distance), rel=1e-9)
    # The kernel at a point and its mean over a metre are nearly one.
    assert found[120] == pytest.approx(quartic(20), rel=1e-3)
    assert found[161:].max() == found[:39].max() == 0


def test_a_dead_end_turns_everything_round() -> None:
    _, found = density_per_m(road_graph(lines([(0, 0), (200, 0)])), 0, 10.5)
    # What would lie 5.5 m beyond the end lies as much before it.
    assert found[5] == pytest.approx(mean_quartic(5) + mean_quartic(16), rel=1e-9)


@pytest.mark.parametrize("arms", [2, 3, 4, 5])
def test_a_crossing_of_so_many_arms(arms: int) -> None:
    """A line, a T, a cross and a star: 2/n goes on into each arm, 2/n - 1 comes back."""
    turns = np.arange(arms) * 2 * np.pi / arms
    graph = road_graph(lines(*([(0, 0), (200 * np.cos(a), 200 * np.sin(a))] for a in turns)))
    first, found = density_per_m(graph, 0, 20.5)
    on = 2 / arms
    for ahead in (0, 10, 30):
        for other in range(1, arms):
            assert found[first[other] + ahead] == pytest.approx(on * mean_quartic(21 + ahead), rel=1e-9)
    for at in (0, 5, 30, 70):
        expected = mean_quartic(abs(20 - at)) + (on - 1) * mean_quartic(21 + at)
        assert found[at] == pytest.approx(expected, rel=1e-9)
    # Continuous through the node, as its name says.
    assert found[0] == pytest.approx(found[first[1]], rel=0.1)


def test_a_cycle_is_gone_round_both_ways() -> None:
    square = lines([(0, 0), (25, 0), (25, 25)], [(25, 25), (0, 25), (0, 0)])
    first, found = density_per_m(road_graph(square), 0, 10.5)
    assert first.tolist() == [0, 50, 100]
    assert found[40] == pytest.approx(mean_quartic(30), rel=1e-9)
    assert found[65] == pytest.approx(mean_quartic(55) + mean_quartic(45), rel=1e-9)
    # Opposite, both ways are 50 m; a whole round is farther than the kernel reaches.
    assert found[60] == pytest.approx(2 * mean_quartic(50), rel=1e-9)
    assert found[10] == pytest.approx(mean_quartic(0), rel=1e-9)


def test_a_loop_road_begins_and_ends_at_one_node() -> None:
    loop = lines([(0, 0), (10, 10), (20, 0), (10, -10), (0, 0)])
    graph = road_graph(loop)
    assert graph.ends.tolist() == [[0, 0]]
    _, found = density_per_m(graph, 0, graph.length_m[0] / 2)
    assert found.sum() * graph.length_m[0] / len(found) == pytest.approx(1, rel=1e-9)


def test_nothing_leaks_off_its_road() -> None:
    # Two roads 5 m apart that never meet, and a bridge over both without a node.
    graph = road_graph(lines([(0, 0), (100, 0)], [(0, 5), (100, 5)], [(50, -50), (50, 50)]))
    first, found = density_per_m(graph, 0, 50.0)
    assert found[: first[1]].sum() == pytest.approx(1, rel=1e-9)
    assert found[first[1] :].max() == 0


def by_every_path(graph: RoadGraph, edge: int, at: int, bandwidth_m: float) -> np.ndarray:
    """The density on pieces of a metre by following every path, turn by turn."""
    count = np.rint(graph.length_m).astype(int)
    first = np.concatenate([[0], np.cumsum(count)])
    around = defaultdict(list)
    for number, (start, end) in enumerate(graph.ends):
        around[start].append((number, 1))
        around[end].append((number, -1))
    shares = kernel_shares(STEP_M, bandwidth_m)
    found = np.zeros(first[-1])
    found[first[edge] + at] += shares[0]
    paths = [(edge, way, at, 0, 1.0) for way in (1, -1)]
    while paths:
        on, way, place, steps, part = paths.pop()
        while True:
            steps, place = steps + 1, place + way
            if steps >= len(shares):
                break
            if not 0 <= place < count[on]:
                arms = around[graph.ends[on][1 if way > 0 else 0]]
                for arm, out in arms:
                    back = (arm, out) == (on, -way)
                    share = part * (2 / len(arms) - back)
                    start = -1 if out > 0 else count[arm]
                    if share:
                        paths.append((arm, out, start, steps - 1, share))
                break
            found[first[on] + place] += part * shares[steps]
    return found


@st.composite
def networks(draw: st.DrawFn) -> RoadGraph:
    """Trees of up to eight roads of whole metres, and sometimes a road more that closes a cycle."""
    count = draw(st.integers(1, 7))
    ends = [(draw(st.integers(0, node)), node + 1) for node in range(count)]
    if draw(st.booleans()):
        ends.append((draw(st.integers(0, count)), draw(st.integers(0, count))))
    lengths = draw(st.lists(st.integers(4, 40), min_size=len(ends), max_size=len(ends)))
    return RoadGraph(np.array(ends), np.array(lengths, float), count + 1)


@settings(max_examples=60, deadline=None)
@given(networks(), st.data())
def test_it_is_the_sum_over_every_path_and_keeps_its_mass(graph: RoadGraph, data: st.DataObject) -> None:
    edge = data.draw(st.integers(0, len(graph.length_m) - 1))
    at = data.draw(st.integers(0, int(graph.length_m[edge]) - 1))
    lixels = cut(graph, STEP_M)
    fraction = np.array([(at + 0.5) / graph.length_m[edge]])
    found = network_density(graph, lixels, np.array([edge]), fraction, np.ones(1), bandwidth_m=50.0) / 1000
    np.testing.assert_allclose(found, by_every_path(graph, edge, at, 50.0), rtol=1e-9, atol=1e-12)
    assert (found * lixels.length_m).sum() == pytest.approx(1, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    networks(),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 9)), min_size=1, max_size=20),
    st.lists(st.floats(0.3, 37.7), min_size=9, max_size=9),
)
def test_mass_is_kept_whatever_the_lengths(
    graph: RoadGraph, points: list[tuple[float, float, float]], lengths: list[float]
) -> None:
    real = graph._replace(length_m=np.array(lengths[: len(graph.length_m)]))
    on, fraction, weights = np.array(points).T
    edge = np.minimum((on * len(real.length_m)).astype(int), len(real.length_m) - 1)
    lixels = cut(real, 0.5)
    found = network_density(real, lixels, edge, fraction, weights, bandwidth_m=60.0)
    assert (found / 1000 * lixels.length_m).sum() == pytest.approx(weights.sum(), rel=1e-6, abs=1e-12)


def test_where_roads_meet() -> None:
    graph = road_graph(lines([(0, 0), (10, 0)], [(10, 0.04), (20, 0)], [(20, 5), (20, 0)], [(10, 1), (9, 9)]))
    assert graph.ends[0, 1] == graph.ends[1, 0]
    assert graph.ends[1, 1] == graph.ends[2, 1]
    assert graph.ends[3, 0] not in graph.ends[:3]
    assert graph.node_count == 6


def test_lixels_cover_their_edges() -> None:
    lixels = cut(RoadGraph(np.array([[0, 1], [1, 2]]), np.array([10.0, 0.2]), 3), 3.0)
    assert lixels.first.tolist() == [0, 3, 4]
    assert lixels.edge.tolist() == [0, 0, 0, 1]
    assert lixels.fraction == pytest.approx([1 / 6, 1 / 2, 5 / 6, 1 / 2])
    assert lixels.length_m == pytest.approx([10 / 3] * 3 + [0.2])


def test_what_makes_no_network_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match="without any length"):
        road_graph(lines([(1, 1), (1, 1)]))
    graph = road_graph(lines([(0, 0), (100, 0)]))
    with pytest.raises(InvalidParameterError, match="needs a length"):
        cut(graph, 0.0)
    with pytest.raises(InvalidParameterError, match="pieces of 10 m are more than 1/50 of 60 m"):
        network_density(graph, cut(graph, 10.0), *np.zeros((3, 0)), bandwidth_m=60.0)  # type: ignore[arg-type]


def test_no_vehicles_at_all() -> None:
    graph = road_graph(lines([(0, 0), (100, 0)]))
    nothing = np.zeros(0)
    found = network_density(
        graph, cut(graph, 1.0), nothing.astype(np.int64), nothing, nothing, bandwidth_m=60.0
    )
    assert found.tolist() == [0.0] * 100


def test_the_roads_of_andorra_keep_every_vehicle(shared_data: Path) -> None:
    rows = fit_file(shared_data / "osm" / "andorra.osm.pbf", "road_segments").rows
    roads = to_metric(rows.geometry)
    graph = road_graph(roads.to_numpy())
    random = np.random.default_rng(1)
    count = 20_000
    edge = random.choice(len(roads), count, p=graph.length_m / graph.length_m.sum())
    weights = random.poisson(3, count).astype(float)
    lixels = cut(graph, 5.0)
    found = network_density(graph, lixels, edge, random.random(count), weights, bandwidth_m=300.0)
    assert (found / 1000 * lixels.length_m).sum() == pytest.approx(weights.sum(), rel=1e-6)
