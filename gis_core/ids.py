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

import numpy as np
from numpy.typing import NDArray

from gis_core.types import IntArray

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DIGEST_BYTES = 10


def event_id(at: datetime, origin: str, origin_key: str) -> UUID:
    """The identifier of the event that ``origin`` knows as ``origin_key`` at time ``at``."""
    # Whole-number arithmetic: seconds as floating point put some milliseconds one too low.
    milliseconds = (at - _EPOCH) // _MILLISECOND
    return UUID(bytes=event_ids(np.array([milliseconds]), [origin], [origin_key]).tobytes())


def event_ids(at_ms: IntArray, origin: Iterable[str], origin_key: Iterable[str]) -> NDArray[np.uint8]:
    """One identifier for each event of three sequences of the same length.

    Args:
        at_ms: shape (n,), whole milliseconds since 1970.
        origin: who knows the event.
        origin_key: as what.

    Returns:
        Shape (n, 16): the bytes of the UUIDs, as many as a million of which are made at once.

    Raises:
        ValueError: the sequences differ in length.
    """
    names = [f"{who}\x1f{key}".encode() for who, key in zip(origin, origin_key, strict=True)]
    if len(names) != len(at_ms):
        raise ValueError(f"{len(at_ms)} instants for {len(names)} events")
    digests = b"".join(blake2b(name, digest_size=_DIGEST_BYTES).digest() for name in names)
    digest = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _DIGEST_BYTES)
    identifiers = np.empty((len(names), 16), dtype=np.uint8)
    identifiers[:, :6] = at_ms.astype(">i8").view(np.uint8).reshape(-1, 8)[:, 2:]
    # The low 74 bits of the digest stand around the variant: 12 before it and 62 behind.
    first_bits = (
        digest[:, 0].astype(np.uint16) << 10 | digest[:, 1].astype(np.uint16) << 2 | digest[:, 2] >> 6
    )
    identifiers[:, 6] = 0x80 | (first_bits >> 8 & 0x0F)
    identifiers[:, 7] = first_bits & 0xFF
    identifiers[:, 8] = 0b10 << 6 | (digest[:, 2] & 0x3F)
    identifiers[:, 9:] = digest[:, 3:]
    return identifiers
