"""Which of today's clusters is which of yesterday's events, through merges and splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Member = TypeVar("Member", bound=Hashable)


@dataclass(frozen=True)
class Succession(Generic[Member]):
    """What became of events.

    ``event_of`` names the event that a cluster goes on with, for those that go on with one;
    ``split_from`` the event that a new cluster came out of; ``merged_into`` the cluster that an event
    was taken up by.
    """

    event_of: Mapping[int, str] = field(default_factory=dict)
    split_from: Mapping[int, str] = field(default_factory=dict)
    merged_into: Mapping[str, int] = field(default_factory=dict)


def succeed(
    clusters: Mapping[int, frozenset[Member]],
    events: Mapping[str, frozenset[Member]],
    age: Mapping[str, float],
) -> Succession[Member]:
    """Follow events from one clustering to the next by the detections that they share.

    An event goes on in the cluster that holds most of it. Where several would go on in one cluster they
    have merged: the oldest keeps its name, of equally old ones the largest, then the first by name. A
    cluster that holds a part of an event which goes on elsewhere has split from it.

    Args:
        clusters: members of each new cluster; no member is in two.
        events: members of each event so far.
        age: when each event began, in seconds on any clock.
    """
    cluster_of = {member: number for number, members in clusters.items() for member in members}
    heir: dict[str, int] = {}
    parts: dict[int, Counter[str]] = {number: Counter() for number in clusters}
    for name, members in events.items():
        shared = Counter(cluster_of[member] for member in members if member in cluster_of)
        for number, count in shared.items():
            parts[number][name] = count
        if shared:
            heir[name] = min(shared, key=lambda number: (-shared[number], number))
    event_of: dict[int, str] = {}
    split_from: dict[int, str] = {}
    merged_into: dict[str, int] = {}
    for number, shares in parts.items():
        going_on = sorted(
            (name for name in shares if heir[name] == number),
            key=lambda name: (age[name], -len(events[name]), name),
        )
        if going_on:
            event_of[number] = going_on[0]
            merged_into |= dict.fromkeys(going_on[1:], number)
        elif shares:
            split_from[number] = min(shares, key=lambda name: (-shares[name], age[name], name))
    return Succession(event_of, split_from, merged_into)
