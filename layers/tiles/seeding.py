"""Tiles made ahead, level by level."""

from __future__ import annotations

from typing import NamedTuple

from gis_core.db import writing
from layers.base import Layer
from layers.tiles.keeping import kept_tile, new_tile
from layers.tiles.matrix_sets import TileMatrixSet, TileRange
from layers.tiles.query import TileQuery


class Seeded(NamedTuple):
    """How many tiles were made, how many were kept already, and the size of them all as they are kept."""

    made: int
    kept: int
    bytes: int


def seed_level(layer: Layer, of: TileMatrixSet, tiles: TileRange) -> Seeded:
    """Make the tiles of a range that are not kept in their newest state.

    Each is read by itself, without the time limit of clients' queries, and stays when this is stopped.
    """
    made = kept = size = 0
    for row, col in tiles.tiles():
        query = TileQuery(layer, of, tiles.level, row, col)
        with writing() as connection:
            tile = kept_tile(connection, query)
            if tile is None:
                tile = new_tile(connection, query)
                made += 1
            else:
                kept += 1
        size += len(tile.packed)
    return Seeded(made, kept, size)
