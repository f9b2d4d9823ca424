"""A layer's tile as it is handed out: from what is kept while that is good, else made and kept."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from sqlalchemy import Connection

from gis_core.config import Settings, get_settings
from layers.tiles.cache import KeptTile, TileCache
from layers.tiles.changes import state_of
from layers.tiles.query import TileQuery, make_tile

_FORM = 2
"""Another number for every change in what tiles hold: those kept by an earlier version are then not used."""
_GZIP_LEVEL = 4


@dataclass(frozen=True, slots=True)
class Tile:
    """A Mapbox vector tile, compressed by gzip and empty where nothing is in it; its entity tag."""

    packed: bytes
    etag: str

    @property
    def mvt(self) -> bytes:
        """The tile as it is."""
        return gzip.decompress(self.packed) if self.packed else b""


def cache_of(settings: Settings) -> TileCache:
    """What this installation keeps of its tiles."""
    return _cache_at(settings.var_dir / "tiles.sqlite", settings.ogc_api.tiles.cache_mib << 20)


_cache_at = cache(TileCache)


def fresh_tile(query: TileQuery) -> Tile | None:
    """The tile where it is so young that the database need not be asked, as the settings say for events."""
    found = _found(query)
    return Tile(found.packed, found.etag) if found is not None and _is_fresh(query, found) else None


def kept_tile(connection: Connection, query: TileQuery) -> Tile | None:
    """The tile as it is kept, None where it is not or its layer has changed since.

    One of events may be as old as the settings say.
    """
    found = _found(query)
    if found is None:
        return None
    good = _is_fresh(query, found) or found.state == state_of(connection, query.layer.table)
    return Tile(found.packed, found.etag) if good else None


def _found(query: TileQuery) -> KeptTile | None:
    settings = get_settings()
    return cache_of(settings).get(_key(query, settings.ogc_api.tiles.max_features))


def _is_fresh(query: TileQuery, found: KeptTile) -> bool:
    return query.layer.time_column is not None and found.age_s < get_settings().ogc_api.tiles.events_fresh_s


def new_tile(connection: Connection, query: TileQuery) -> Tile:
    """The tile, made anew and kept."""
    settings = get_settings()
    limit = settings.ogc_api.tiles.max_features
    # Of a change that comes between the two the tile may tell already; it is then made once more.
    state = state_of(connection, query.layer.table)
    made = make_tile(connection, query, limit).mvt
    etag = blake2b(made, digest_size=12).hexdigest()
    packed = gzip.compress(made, _GZIP_LEVEL, mtime=0) if made else b""
    if state is not None:
        cache_of(settings).put(_key(query, limit), state, etag, packed)
    return Tile(packed, etag)


def _key(query: TileQuery, max_features: int) -> str:
    """What tells this tile from all others."""
    selection = (
        _FORM,
        max_features,
        query.interval,
        sorted((name, repr(value)) for name, value in query.equals.items()),
        None if query.filter is None else (query.filter.text, sorted(query.filter.values.items())),
        query.properties,
        # Properties are chosen by what the layer declares.
        [column.name for column in query.layer.properties],
        query.layer.style.column,
    )
    place = f"{query.layer.name}/{query.matrix_set.name}/{query.level}/{query.row}/{query.col}"
    return f"{place}/{blake2b(repr(selection).encode(), digest_size=12).hexdigest()}"
