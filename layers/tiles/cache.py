"""Tiles that were made, kept on disk for every worker and for seeding, within a bound.

One SQLite file: what is written there is whole or not there, and several processes may use it at
once. What it holds can always be made again, so nothing is lost where it cannot be written.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_log = logging.getLogger(__name__)
_USED_AFTER_S = 60.0
"""How recent a use must be for it not to be written down again."""
_BUSY_S = 2.0
_GOES_AT_ONCE = 0.2
"""This part of the bound is freed together, so that not every tile has to make room."""
_ROW_BYTES = 512
"""About what a row takes beside its tile."""
_CREATE = (
    "CREATE TABLE IF NOT EXISTS tiles ("
    "key TEXT PRIMARY KEY, state TEXT NOT NULL, made_at REAL NOT NULL, used_at REAL NOT NULL, "
    "etag TEXT NOT NULL, packed BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS by_use ON tiles (used_at)",
)


class KeptTile(NamedTuple):
    """A tile as it is kept: compressed by gzip, empty where nothing is in it.

    ``state`` is that of its layer when it was made, ``age_s`` how long ago that was.
    """

    state: str
    age_s: float
    etag: str
    packed: bytes


class TileCache:
    """What is kept, in a file of at most ``max_bytes`` and a little more."""

    def __init__(self, file: Path, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._of_thread = threading.local()

    def get(self, key: str) -> KeptTile | None:
        """The tile that is kept by that key, whatever its state."""
        now = time.time()
        with self._warning():
            connection = self._connection()
            row = connection.execute(
                "SELECT state, made_at, used_at, etag, packed FROM tiles WHERE key = ?", (key,)
            ).fetchone()
            if row is None:
                return None
            state, made_at, used_at, etag, packed = row
            if now - used_at > _USED_AFTER_S:
                connection.execute("UPDATE tiles SET used_at = ? WHERE key = ?", (now, key))
            return KeptTile(state, max(0.0, now - made_at), etag, packed)
        return None

    def put(self, key: str, state: str, etag: str, packed: bytes) -> None:
        """Keep a tile in the place of the one before."""
        now = time.time()
        if len(packed) > self._max_bytes * _GOES_AT_ONCE:
            return
        with self._warning():
            connection = self._connection()
            connection.execute(
                "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?, ?, ?)", (key, state, now, now, etag, packed)
            )
            self._make_room(connection)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Drop the tiles that nobody asked for longest, where the file has grown beyond its bound."""
        page_bytes, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        used = (pages - free) * page_bytes
        if used <= self._max_bytes:
            return
        surplus = used - self._max_bytes * (1 - _GOES_AT_ONCE)
        connection.execute(
            "DELETE FROM tiles WHERE key IN (SELECT key FROM (SELECT key, "
            "sum(length(packed) + ?) OVER (ORDER BY used_at, key) - length(packed) AS before FROM tiles) "
            "WHERE before < ?)",
            (_ROW_BYTES, surplus),
        )

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            # Whatever a power cut takes can be made again.
            connection.execute("PRAGMA synchronous = OFF")
            for statement in _CREATE:
                connection.execute(statement)
            self._of_thread.connection = connection
        return connection

    @contextmanager
    def _warning(self) -> Iterator[None]:
        """Go on without what is kept where the file cannot be used."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            _log.warning("the cache of tiles %s cannot be used: %s", self._file, error)
