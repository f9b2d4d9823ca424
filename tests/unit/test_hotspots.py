"""ST-DBSCAN against brute force, and events that keep their names through merges and splits."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gis_core.analysis.event_identity import succeed
from gis_core.analysis.hotspots import NOISE, cluster
from gis_core.types import FloatArray, IntArray

WITHIN_M, WITHIN_S = 3.0, 2.0
# Whole numbers, so that many pairs lie exactly on the edge of the cylinder.
POINT = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 8))


def by_brute_force(x: FloatArray, y: FloatArray, t: FloatArray, min_points: int) -> IntArray:
    """The definition, point by point: cores, their closure, borders by the nearest core."""
    count = len(x)
    apart = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    later = np.abs(t[:, None] - t)
    near = (apart <= WITHIN_M**2) & (later <= WITHIN_S)
    core = near.sum(axis=1) >= min_points
    label = np.full(count, NOISE)
    number = 0
    for seed in sorted(range(count), key=lambda one: (t[one], one)):
        if not core[seed] or label[seed] != NOISE:
            continue
        waiting = [seed]
        while waiting:
            one = waiting.pop()
            if label[one] == NOISE:
                label[one] = number
                waiting += [other for other in np.flatnonzero(near[one] & core) if label[other] == NOISE]
        number += 1
    for one in np.flatnonzero(~core):
        cores = np.flatnonzero(near[one] & core)
        if len(cores):
            label[one] = label[min(cores, key=lambda other: (apart[one, other], later[one, other], other))]
    return label


def in_order_of_time(label: IntArray, t: FloatArray) -> list[int]:
    """Labels renamed in the order in which they are met from the earliest detection on."""
    names: dict[int, int] = {NOISE: NOISE}
    for one in sorted(range(len(label)), key=lambda one: (t[one], one)):
        names.setdefault(int(label[one]), len(names) - 1)
    return [names[int(one)] for one in label]


@given(st.lists(POINT, max_size=60), st.integers(1, 6))
def test_clusters_are_those_of_brute_force(points: list[tuple[int, int, int]], min_points: int) -> None:
    x, y, t = np.array(points, float).reshape(-1, 3).T
    found = cluster(x, y, t, within_m=WITHIN_M, within_s=WITHIN_S, min_points=min_points)
    assert found.tolist() == in_order_of_time(by_brute_force(x, y, t, min_points), t)


@given(st.lists(POINT, min_size=1, max_size=40, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_detections_changes_no_cluster(
    points: list[tuple[int, int, int]], random: Random
) -> None:
    """Core neighbours make the same clusters in any order; only equally near cores may tie for a border."""
    shuffled = list(points)
    random.shuffle(shuffled)
    groups = []
    for some in (points, shuffled):
        x, y, t = np.array(some, float).T
        label = cluster(x, y, t, within_m=WITHIN_M, within_s=WITHIN_S, min_points=1)
        groups.append(
            {
                frozenset(point for point, own in zip(some, label, strict=True) if own == one)
                for one in set(label.tolist())
            }
        )
    assert groups[0] == groups[1]


def test_near_in_space_but_a_day_apart_is_two_fires() -> None:
    at = np.zeros(4), np.zeros(4), np.array([0.0, 3_600.0, 90_001.0, 93_600.0])
    assert cluster(*at, within_m=1_000, within_s=86_400, min_points=2).tolist() == [0, 0, 1, 1]


def test_the_cylinder_is_no_ball() -> None:
    """800 m and 19 h apart lies inside the cylinder of 1 km and 24 h, and outside the scaled ball."""
    x = np.array([0.0, 800.0])
    found = cluster(
        x, np.zeros(2), np.array([0.0, 19 * 3_600.0]), within_m=1_000, within_s=86_400, min_points=2
    )
    assert found.tolist() == [0, 0]
    assert np.hypot(800, 1_000 * 19 / 24) > 1_000


def test_no_detections_are_no_clusters() -> None:
    nothing = np.empty(0)
    assert cluster(nothing, nothing, nothing, within_m=1, within_s=1, min_points=1).size == 0


def test_the_oldest_of_merged_events_keeps_its_name() -> None:
    events = {"old": frozenset("ab"), "young": frozenset("cdef")}
    done = succeed({0: frozenset("abcdefg")}, events, {"old": 1.0, "young": 2.0})
    assert dict(done.event_of) == {0: "old"}
    assert dict(done.merged_into) == {"young": 0}


def test_the_larger_part_of_a_split_event_keeps_its_name() -> None:
    done = succeed(
        {0: frozenset("ab"), 1: frozenset("cde"), 2: frozenset("x")},
        {"one": frozenset("abcde")},
        {"one": 1.0},
    )
    assert dict(done.event_of) == {1: "one"}
    assert dict(done.split_from) == {0: "one"}
    assert not done.merged_into


@given(st.dictionaries(st.integers(0, 30), st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_no_name_is_used_twice_and_every_event_goes_somewhere(where: dict[int, tuple[int, int]]) -> None:
    clusters = {n: frozenset(m for m, (_, new) in where.items() if new == n) for n in range(5)}
    clusters = {n: members for n, members in clusters.items() if members}
    events = {str(n): frozenset(m for m, (old, _) in where.items() if old == n) for n in range(5)}
    done = succeed(clusters, events, {name: float(name) for name in events})
    names = list(done.event_of.values())
    assert len(names) == len(set(names))
    assert {name for name, members in events.items() if members} == set(names) | set(done.merged_into)
    assert not set(names) & set(done.merged_into)
    # The same detections in the same clusters again change nothing.
    again = succeed(
        clusters,
        {done.event_of.get(n, f"new {n}"): m for n, m in clusters.items()},
        dict.fromkeys([*names, *(f"new {n}" for n in clusters)], 0.0),
    )
    assert not again.merged_into
    assert not again.split_from
