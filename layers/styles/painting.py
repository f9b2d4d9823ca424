"""A band of a surface as a picture, in any place, grid and size."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT

from gis_core.types import Bounds
from layers.styles.catalogue import BandStyle


def paint(path: Path, style: BandStyle, area: Bounds, srid: int, size_px: tuple[int, int]) -> bytes:
    """A PNG of one band; transparent outside the surface, where nothing is known, and below the first step.

    Args:
        path: the surface's GeoTIFF.
        style: of the band.
        area: limits of the picture in units of ``srid``, x first.
        srid: EPSG code of the grid in which the picture lies.
        size_px: width and height of the picture.
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
    return png(np.digitize(cells, _edges(style)).astype(np.uint8), [stop.color for stop in style.band.stops])


def _edges(style: BandStyle) -> NDArray[np.float32]:
    # In the type of the cells, so that a cell on an edge is on it here as well.
    return np.array([stop.value for stop in style.band.stops], np.float32)


def png(steps: NDArray[np.uint8], colors: list[str]) -> bytes:
    """A palette PNG: step n from 1 in the n-th colour, 0 transparent; ``steps`` is (rows, columns)."""
    picture = Image.fromarray(steps).convert("P")
    picture.putpalette(bytes((0, 0, 0)) + b"".join(bytes.fromhex(color[1:]) for color in colors))
    written = BytesIO()
    picture.save(written, "PNG", transparency=0)
    return written.getvalue()
