"""What is kept of tiles: comes back as it was, within its bound, and is never in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from layers.tiles.cache import TileCache

MIB = 1 << 20


@pytest.fixture
def kept(tmp_path: Path) -> TileCache:
    return TileCache(tmp_path / "not there yet" / "tiles.sqlite", MIB)


def test_a_tile_comes_back_with_its_state(kept: TileCache) -> None:
    kept.put("a", "state 1", "tag", b"bytes")
    found = kept.get("a")
    assert found is not None
    assert (found.state, found.etag, found.packed) == ("state 1", "tag", b"bytes")
    assert kept.get("b") is None


def test_a_newer_tile_takes_the_place_of_the_one_before(kept: TileCache) -> None:
    kept.put("a", "state 1", "tag 1", b"old")
    kept.put("a", "state 2", "tag 2", b"new")
    found = kept.get("a")
    assert found is not None
    assert (found.state, found.packed) == ("state 2", b"new")


def test_another_worker_sees_what_one_kept(tmp_path: Path) -> None:
    file = tmp_path / "tiles.sqlite"
    TileCache(file, MIB).put("a", "state", "tag", b"bytes")
    assert TileCache(file, MIB).get("a") is not None


def test_it_stays_within_its_bound_and_the_newest_stay(kept: TileCache, tmp_path: Path) -> None:
    for number in range(100):
        kept.put(f"tile {number:03}", "state", "tag", bytes(50_000))
    held = [number for number in range(100) if kept.get(f"tile {number:03}") is not None]
    assert 5 < len(held) < 25
    assert held == list(range(100 - len(held), 100))
    size = (tmp_path / "not there yet" / "tiles.sqlite").stat().st_size
    assert size < 2 * MIB


def test_a_tile_that_is_too_large_is_not_kept(kept: TileCache) -> None:
    kept.put("huge", "state", "tag", bytes(MIB // 2))
    assert kept.get("huge") is None


def test_a_broken_file_is_told_of_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "tiles.sqlite"
    file.write_bytes(b"this is no database, and long enough to be seen as such" * 100)
    kept = TileCache(file, MIB)
    with caplog.at_level(logging.WARNING):
        kept.put("a", "state", "tag", b"bytes")
        assert kept.get("a") is None
    assert "cannot be used" in caplog.text
