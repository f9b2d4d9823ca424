"""The two tile matrix sets that are served (OGC 17-083r4, annex D), and where their tiles lie.

Columns count eastward and rows southward from the upper left corner.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from gis_core.crs import CRS84_URI, STORAGE_SRID, crs_uri, transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds, Text

TILE_PX = 256
"""Cells of a tile in each direction; what a vector tile holds is finer by ``tiles.query.EXTENT``."""
MAX_ZOOM = 16
"""The finest zoom of which tiles are made: the 4,096 steps of a tile are 15 cm each."""
_PIXEL_M = 0.28e-3
"""The pixel by which OGC defines scale denominators (OGC 17-083r4, 6.2)."""
_WGS84_RADIUS_M = 6_378_137.0
_MERCATOR_HALF_M = math.pi * _WGS84_RADIUS_M
_MERCATOR_LAT_DEG = math.degrees(2 * math.atan(math.exp(math.pi)) - math.pi / 2)


class TileRange(NamedTuple):
    """The tiles of one level that something touches; both ends belong to it."""

    level: int
    min_row: int
    max_row: int
    min_col: int
    max_col: int

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Row and column of each."""
        for row in range(self.min_row, self.max_row + 1):
            for col in range(self.min_col, self.max_col + 1):
                yield row, col


@dataclass(frozen=True, slots=True)
class TileMatrixSet:
    """A pyramid of square tiles, each cut into four on the next level.

    ``bounds`` is in the units of ``srid``, x first; ``columns`` and ``rows`` are those of level 0.
    """

    name: str
    title: Text
    srid: int
    crs_uri: str
    bounds: Bounds
    columns: int
    rows: int
    levels: int
    m_per_unit: float
    well_known_scale_set: str

    @property
    def uri(self) -> str:
        """The identifier in the OGC register."""
        return f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{self.name}"

    def zoom(self, level: int) -> int:
        """The level of WebMercatorQuad that is as fine, at the equator."""
        return level + self.columns.bit_length() - 1

    @property
    def finest_level(self) -> int:
        """The last level of which tiles are made; clients enlarge it."""
        return MAX_ZOOM - self.zoom(0)

    def size(self, level: int) -> float:
        """The side of a tile, in the units of the CRS."""
        return (self.bounds.east - self.bounds.west) / (self.columns << level)

    def cell_size(self, level: int) -> float:
        """The side of one of a tile's 256 × 256 cells, in the units of the CRS."""
        return self.size(level) / TILE_PX

    def scale_denominator(self, level: int) -> float:
        """The scale at which a cell is 0.28 mm wide."""
        return self.cell_size(level) * self.m_per_unit / _PIXEL_M

    def has(self, level: int, row: int, col: int) -> bool:
        """Whether there is such a tile."""
        return 0 <= level < self.levels and 0 <= row < self.rows << level and 0 <= col < self.columns << level

    def tile_bounds(self, level: int, row: int, col: int) -> Bounds:
        """The limits of a tile in the units of the CRS, x first."""
        size = self.size(level)
        west, north = self.bounds.west + col * size, self.bounds.north - row * size
        return Bounds(west, north - size, west + size, north)

    def lonlat_bounds(self, level: int, row: int, col: int) -> Bounds:
        """The limits of a tile in degrees of EPSG:4326; exact, for both grids run along the meridians."""
        west, south, east, north = self.tile_bounds(level, row, col)
        if self.srid == STORAGE_SRID:
            return Bounds(west, south, east, north)
        lon, lat = transformer(self.srid, STORAGE_SRID).transform([west, east], [south, north])
        return Bounds(lon[0], lat[0], lon[1], lat[1])

    def covering(self, area: Bounds, level: int) -> TileRange:
        """The tiles of a level that meet an area in degrees of EPSG:4326."""
        west, south, east, north = area
        if self.srid != STORAGE_SRID:
            south, north = (min(max(lat, -_MERCATOR_LAT_DEG), _MERCATOR_LAT_DEG) for lat in (south, north))
            xs, ys = transformer(STORAGE_SRID, self.srid).transform([west, east], [south, north])
            (west, east), (south, north) = xs, ys
        size = self.size(level)

        def place(distance: float, count: int) -> int:
            return min(max(math.floor(distance / size), 0), (count << level) - 1)

        return TileRange(
            level,
            place(self.bounds.north - north, self.rows),
            place(self.bounds.north - south, self.rows),
            place(west - self.bounds.west, self.columns),
            place(east - self.bounds.west, self.columns),
        )


WEB_MERCATOR_QUAD = TileMatrixSet(
    name="WebMercatorQuad",
    title=Text("Google Maps tương thích (Web Mercator)", "Google Maps compatible (Web Mercator)"),
    srid=3857,
    crs_uri=crs_uri(3857),
    bounds=Bounds(-_MERCATOR_HALF_M, -_MERCATOR_HALF_M, _MERCATOR_HALF_M, _MERCATOR_HALF_M),
    columns=1,
    rows=1,
    levels=25,
    m_per_unit=1.0,
    well_known_scale_set="http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
)

WORLD_CRS84_QUAD = TileMatrixSet(
    name="WorldCRS84Quad",
    title=Text("Toàn cầu theo độ (CRS84)", "CRS84 for the world"),
    srid=STORAGE_SRID,
    crs_uri=CRS84_URI,
    bounds=Bounds(-180.0, -90.0, 180.0, 90.0),
    columns=2,
    rows=1,
    levels=24,
    m_per_unit=math.pi * _WGS84_RADIUS_M / 180,
    well_known_scale_set="http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad",
)

MATRIX_SETS = MappingProxyType({one.name: one for one in (WEB_MERCATOR_QUAD, WORLD_CRS84_QUAD)})
"""Every tile matrix set by its name, the most used first."""


def matrix_set_named(name: str) -> TileMatrixSet:
    """The tile matrix set of that name.

    Raises:
        InvalidParameterError: there is none.
    """
    if name not in MATRIX_SETS:
        raise InvalidParameterError("matrix-set", f"{quoted(name)} is not one of: {', '.join(MATRIX_SETS)}.")
    return MATRIX_SETS[name]


def levels_of(text: str, of: TileMatrixSet) -> range:
    """The levels that ``6-12`` or ``9`` names.

    Raises:
        InvalidParameterError: the text is not of that form, or names levels that are not served.
    """
    first, hyphen, last = text.partition("-")
    parts = (first, last if hyphen else first)
    if not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        raise InvalidParameterError("zoom", f"{quoted(text)} is not of the form 6-12.")
    low, high = map(int, parts)
    if not low <= high <= of.finest_level:
        raise InvalidParameterError("zoom", f"levels run from 0 to {of.finest_level}, the lower one first.")
    return range(low, high + 1)
