"""The tile that an address names: its matrix set, level, row and column."""

from __future__ import annotations

from starlette.requests import Request

from gis_core.errors import quoted
from gis_core.types import Bounds
from layers.tiles.matrix_sets import MATRIX_SETS, TileMatrixSet
from ogc_api.described import Document
from ogc_api.errors import not_found

_LEVEL_DIGITS = 2
_PLACE_DIGITS = 9


def matrix_set_of(request: Request) -> TileMatrixSet:
    """The tile matrix set.

    Raises:
        HTTPException: 404, there is none of that name.
    """
    name: str = request.path_params["matrix_set"]
    if name not in MATRIX_SETS:
        raise not_found(f"There is no tile matrix set {quoted(name)}; there are: {', '.join(MATRIX_SETS)}.")
    return MATRIX_SETS[name]


def place_of(request: Request, of: TileMatrixSet) -> tuple[int, int, int]:
    """Level, row from the north, and column from the west.

    Raises:
        HTTPException: 404, the matrix set has no such tile; says which it has.
    """
    level = _whole_number(request, "level", _LEVEL_DIGITS)
    if level is None or level > of.finest_level:
        raise not_found(f"{of.name} has the levels 0 to {of.finest_level} here.")
    row, col = (_whole_number(request, name, _PLACE_DIGITS) for name in ("row", "col"))
    if row is None or col is None or not of.has(level, row, col):
        raise not_found(
            f"On level {level} of {of.name} rows run from 0 to {(of.rows << level) - 1} "
            f"and columns from 0 to {(of.columns << level) - 1}."
        )
    return level, row, col


def limits(of: TileMatrixSet, area: Bounds) -> list[Document]:
    """The tiles of each level that cover an area in EPSG:4326 (OGC 17-083r4, 7.2)."""
    return [
        {
            "tileMatrix": str(limit.level),
            "minTileRow": limit.min_row,
            "maxTileRow": limit.max_row,
            "minTileCol": limit.min_col,
            "maxTileCol": limit.max_col,
        }
        for limit in (of.covering(area, level) for level in range(of.finest_level + 1))
    ]


def _whole_number(request: Request, name: str, digits: int) -> int | None:
    text: str = request.path_params[name]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
