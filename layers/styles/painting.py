"""A band of a surface as a picture, in any place, grid and size."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT

from gis_core.crs import STORAGE_SRID, transformer
from gis_core.types import BoolArray, Bounds
from layers.styles.catalogue import BandStyle

_MOST_LON_DEG, _MOST_LAT_DEG = 180.0, 90.0
_ROUND_TRIP = 1e-6
"""Of the size of the area: a place that comes back farther away is none in its CRS."""


class Ground(NamedTuple):
    """What is seen where nothing is drawn: a colour ``#rrggbb``, and whether one sees through it."""

    color: str = "#ffffff"
    is_transparent: bool = True


CLEAR = Ground()


def paint(
    path: Path,
    style: BandStyle,
    area: Bounds,
    srid: int,
    size_px: tuple[int, int],
    *,
    background: Ground = CLEAR,
    void: Ground | None = None,
) -> bytes:
    """A PNG of one band; background outside the surface, where nothing is known, and below the first step.

    Args:
        path: the surface's GeoTIFF.
        style: of the band.
        area: limits of the picture in units of ``srid``, x first.
        srid: EPSG code of the grid in which the picture lies.
        size_px: width and height of the picture.
        background: where nothing is drawn.
        void: beyond where the CRS is defined; None is like the background.
    """
    width_px, height_px = size_px
    transform = from_bounds(*area, width_px, height_px)
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source,
            crs=f"EPSG:{srid}",
            transform=transform,
            width=width_px,
            height=height_px,
            resampling=Resampling[style.surface.overviews],
        ) as warped,
    ):
        cells = warped.read(style.index, masked=True).filled(-np.inf)
    steps = np.digitize(cells, _edges(style)).astype(np.uint8)
    colors = [stop.color for stop in style.band.stops]
    if void is None or void == background:
        return png(steps, colors, background)
    steps[~defined(area, srid, size_px)] = len(colors) + 1
    return png(steps, [*colors, void.color], background, void_is_transparent=void.is_transparent)


def defined(area: Bounds, srid: int, size_px: tuple[int, int]) -> BoolArray:
    """Which pixels lie where the CRS is defined: those that lead to a place and back; (rows, columns)."""
    width_px, height_px = size_px
    pixels = from_bounds(*area, width_px, height_px)
    x, y = np.meshgrid(
        pixels.c + pixels.a * (np.arange(width_px) + 0.5), pixels.f + pixels.e * (np.arange(height_px) + 0.5)
    )
    if CRS(srid).is_geographic:
        inside: BoolArray = (np.abs(x) <= _MOST_LON_DEG) & (np.abs(y) <= _MOST_LAT_DEG)
        return inside
    lon, lat = transformer(srid, STORAGE_SRID).transform(x, y)
    back_x, back_y = transformer(STORAGE_SRID, srid).transform(lon, lat)
    nearness = _ROUND_TRIP * max(area.east - area.west, area.north - area.south) + 0.01
    with np.errstate(invalid="ignore"):
        found: BoolArray = (np.abs(back_x - x) < nearness) & (np.abs(back_y - y) < nearness)
    return found


def _edges(style: BandStyle) -> NDArray[np.float32]:
    # In the type of the cells, so that a cell on an edge is on it here as well.
    return np.array([stop.value for stop in style.band.stops], np.float32)


def png(
    steps: NDArray[np.uint8],
    colors: list[str],
    background: Ground = CLEAR,
    *,
    void_is_transparent: bool = False,
) -> bytes:
    """A palette PNG: step n from 1 in the n-th colour, 0 is background; ``steps`` is (rows, columns).

    With ``void_is_transparent`` one sees through the last colour too.
    """
    every = [background.color, *colors]
    opacity = bytearray(b"\xff" * len(every))
    opacity[0] = 0 if background.is_transparent else 255
    if void_is_transparent:
        opacity[-1] = 0
    picture = Image.fromarray(steps).convert("P")
    picture.putpalette(b"".join(bytes.fromhex(color[1:]) for color in every))
    written = BytesIO()
    picture.save(written, "PNG", transparency=bytes(opacity))
    return written.getvalue()
