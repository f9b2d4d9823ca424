"""Identifiers of things that happened: the same event always gets the same one.

A UUID of version 8 (RFC 9562, section 5.8): 48 bits of Unix milliseconds, then a
digest of what the source calls the event. Sorting by identifier sorts by time, and
loading a file twice cannot make an event twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION = 0x8 << 76
_VARIANT = 0b10 << 62
_CUSTOM_B = ((1 << 12) - 1) << 64
_CUSTOM_C = (1 << 62) - 1


def event_id(at: datetime, origin: str, origin_key: str) -> UUID:
    """The identifier of the event that ``origin`` knows as ``origin_key`` at time ``at``."""
    # Whole-number arithmetic: seconds as floating point put some milliseconds one too low.
    milliseconds = (at - _EPOCH) // _MILLISECOND & ((1 << 48) - 1)
    digest = int.from_bytes(blake2b(f"{origin}\x1f{origin_key}".encode(), digest_size=10).digest(), "big")
    return UUID(
        int=milliseconds << 80 | _VERSION | (digest << 2 & _CUSTOM_B) | _VARIANT | (digest & _CUSTOM_C)
    )


def event_ids(at: Iterable[datetime], origin: Iterable[str], origin_key: Iterable[str]) -> list[UUID]:
    """One identifier for each event of three sequences of the same length."""
    return [event_id(*event) for event in zip(at, origin, origin_key, strict=True)]
