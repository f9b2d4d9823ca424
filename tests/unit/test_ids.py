"""Identifiers of events: stable, sortable by time, and well-formed version 8 UUIDs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from uuid import RFC_4122, UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_core.ids import event_id, event_ids

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2025, 10, 27, 13, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_the_layout_is_that_of_rfc_9562() -> None:
    # 2025-10-27T13:00Z is 1761570000 s after the epoch: 1761570000000 ms = 0x019a25c10c80.
    assert event_id(NOON, "FIRMS", "a").hex.startswith("019a25c10c80")
    assert event_id(NOON, "FIRMS", "a").version == 8
    assert event_id(NOON, "FIRMS", "a").variant == RFC_4122


def test_the_identifier_of_an_event_never_changes() -> None:
    """Stored identifiers depend on this: a new digest would load every event a second time."""
    # printf 'FIRMS Terra MODIS\x1f16.1,107.2' | b2sum -l 80, its low 74 bits around the variant.
    assert event_id(NOON, "FIRMS Terra MODIS", "16.1,107.2") == UUID("019a25c1-0c80-8652-8ff3-9f226e0cc075")


@given(st.integers(0, 2**42), st.integers(0, 999))
def test_milliseconds_are_exact(milliseconds: int, microseconds: int) -> None:
    at = EPOCH + timedelta(milliseconds=milliseconds, microseconds=microseconds)
    assert event_id(at, "o", "k").int >> 80 == milliseconds


@given(MOMENTS, MOMENTS, st.text(), st.text())
def test_identifiers_sort_by_time(one: datetime, other: datetime, key: str, other_key: str) -> None:
    if abs(one - other) >= timedelta(milliseconds=1):
        assert (one < other) == (event_id(one, "o", key) < event_id(other, "o", other_key))


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_the_zone_an_instant_is_written_in_does_not_matter(at: datetime, offset_minutes: int) -> None:
    elsewhere = at.astimezone(timezone(timedelta(minutes=offset_minutes)))
    assert event_id(at, "o", "k") == event_id(elsewhere, "o", "k")


@pytest.mark.parametrize(
    ("origin", "key"), [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("a", "b c"), ("Huế", "cháy")]
)
def test_different_events_differ(origin: str, key: str) -> None:
    others = [("a", "b"), ("A", "BC"), ("a", "bc ")]
    assert event_id(NOON, origin, key) not in {event_id(NOON, *other) for other in others}


def test_origin_and_key_are_kept_apart() -> None:
    assert event_id(NOON, "ab", "c") != event_id(NOON, "a", "bc")


def by_arithmetic(at_ms: int, origin: str, key: str) -> UUID:
    """RFC 9562, section 5.8, said with whole numbers: time, version, 12 bits, variant, 62 bits."""
    digest = int.from_bytes(blake2b(f"{origin}\x1f{key}".encode(), digest_size=10).digest(), "big")
    before, behind = digest >> 62 & 0xFFF, digest & (1 << 62) - 1
    return UUID(int=(at_ms & (1 << 48) - 1) << 80 | 0x8 << 76 | before << 64 | 0b10 << 62 | behind)


@given(st.lists(st.tuples(st.integers(-(2**42), 2**42), st.text(), st.text()), max_size=20))
def test_many_identifiers_are_made_at_once(events: list[tuple[int, str, str]]) -> None:
    at_ms, origins, keys = zip(*events, strict=True) if events else ((), (), ())
    made = event_ids(np.array(at_ms, dtype=np.int64), origins, keys)
    assert [UUID(bytes=row.tobytes()) for row in made] == [by_arithmetic(*event) for event in events]
    one_by_one = [event_id(EPOCH + timedelta(milliseconds=at), *names) for at, *names in events]
    assert one_by_one == [by_arithmetic(*event) for event in events]


@pytest.mark.parametrize(("instants", "origins"), [([0], ["o", "p"]), ([0, 0], ["o"])])
def test_sequences_of_different_length_are_refused(instants: list[int], origins: list[str]) -> None:
    with pytest.raises(ValueError, match=r"instants for|shorter|longer"):
        event_ids(np.array(instants), origins, ["1", "2"])
