"""The cells of a built surface that a request asks for, in whatever grid it asks for them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import calculate_default_transform
from rasterio.windows import Window, from_bounds
from rasterio.windows import bounds as window_bounds

from gis_core.config import get_settings
from gis_core.crs import transformer
from gis_core.errors import InvalidParameterError, quoted
from gis_core.types import Bounds
from layers.raster import RasterLayer, read_record
from layers.surfaces.series import kept_at
from ogc_api.coverages.query import Cut
from ogc_api.errors import not_found

MOST_CELLS = 25_000_000
"""A hundred megabytes before compression: what one answer may hold in memory."""


_ELSEWHERE = "The box does not meet the surface; its extent stands in the collection's description."


class Built(NamedTuple):
    """The file of a surface, and the instant that it shows."""

    path: Path
    at: datetime


class Place(NamedTuple):
    """Where cells lie: limits x first in units of the grid's CRS, and its EPSG code."""

    bounds: Bounds
    srid: int


class Cells(NamedTuple):
    """Cells of some bands, shape (bands, rows, columns), and where they lie.

    ``indexes`` are the numbers of the bands from 1, ``tags`` what the surface's file says of itself.
    """

    values: NDArray[np.float32]
    transform: Affine
    srid: int
    nodata: float
    indexes: tuple[int, ...]
    tags: dict[str, str]

    @property
    def place(self) -> Place:
        """Where they lie."""
        _, rows, columns = self.values.shape
        west, north = self.transform @ (0, 0)
        east, south = self.transform @ (columns, rows)
        return Place(Bounds(west, south, east, north), self.srid)


class _Grid(NamedTuple):
    """The window of the file that is read, and the grid in which it is answered."""

    window: Window
    srid: int
    transform: Affine
    width: int
    height: int


def built(surface: RasterLayer, until: datetime | None = None) -> Built:
    """The surface as it is now, or as it was at an instant.

    Raises:
        SurfaceNotBuiltError: it has not been built yet.
    """
    settings = get_settings()
    path = surface.path(settings) if until is None else kept_at(surface, until, settings).path
    return Built(path, read_record(surface, path).window.end)


def whole_place(path: Path) -> Place:
    """Where all of a surface lies."""
    with rasterio.open(path) as source:
        return Place(Bounds(*source.bounds), source.crs.to_epsg())


def read_cells(surface: RasterLayer, path: Path, cut: Cut, most: int = MOST_CELLS) -> Cells:
    """The cells of a surface's file that meet a cut, at most ``most`` values.

    Raises:
        HTTPException: 404, the box does not meet the surface; clients that ask tile by tile go on then.
        InvalidParameterError: a band does not exist, or there would be too many cells.
    """
    indexes = _indexes(surface, cut.bands)
    with rasterio.open(path) as source:
        grid = _grid(source, filled(cut, Place(Bounds(*source.bounds), source.crs.to_epsg())))
        if grid.width * grid.height * len(indexes) > most:
            raise InvalidParameterError(
                "bbox",
                f"more than {most:,} values; ask for a smaller box, or for coarser cells by scale-size.",
            )
        resampling = Resampling[surface.overviews]
        shape = (len(indexes), grid.height, grid.width)
        if grid.srid == source.crs.to_epsg():
            values = source.read(indexes, window=grid.window, out_shape=shape, resampling=resampling)
        else:
            with WarpedVRT(
                source, crs=f"EPSG:{grid.srid}", transform=grid.transform, width=grid.width,
                height=grid.height, resampling=resampling,
            ) as warped:  # fmt: skip
                values = warped.read(indexes)
        return Cells(values, grid.transform, grid.srid, source.nodata, tuple(indexes), source.tags())


def filled(cut: Cut, whole: Place) -> Cut:
    """A cut with the surface's own limits where it has none along an axis."""
    if cut.bounds is None or all(map(np.isfinite, cut.bounds)):
        return cut
    own = _moved(whole.bounds, whole.srid, cut.srid)
    limits = (given if np.isfinite(given) else limit for given, limit in zip(cut.bounds, own, strict=True))
    bounds = Bounds(*limits)
    if bounds.west >= bounds.east or bounds.south >= bounds.north:
        raise not_found(_ELSEWHERE)
    return cut._replace(bounds=bounds)


def _grid(source: DatasetReader, cut: Cut) -> _Grid:
    native = source.crs.to_epsg()
    window = _window(source, cut.bounds, cut.srid)
    if cut.crs is None or cut.crs.srid == native:
        width, height = _size(cut, window.width, window.height)
        here = source.window_transform(window)
        scaled = here @ Affine.scale(window.width / width, window.height / height)
        return _Grid(window, native, scaled, width, height)
    srid = cut.crs.srid
    covered = window_bounds(window, source.transform)
    finest, _, _ = calculate_default_transform(
        source.crs, f"EPSG:{srid}", window.width, window.height, *covered
    )
    area = _moved(Bounds(*covered), native, srid)
    if cut.bounds is not None:
        # The box itself is answered, not the wider one around what became of its corners.
        wanted = _moved(cut.bounds, cut.srid, srid)
        area = Bounds(
            max(area.west, wanted.west), max(area.south, wanted.south),
            min(area.east, wanted.east), min(area.north, wanted.north),
        )  # fmt: skip
    span_x, span_y = area.east - area.west, area.north - area.south
    if span_x <= 0 or span_y <= 0:
        raise not_found(_ELSEWHERE)
    columns, rows = (max(1, round(span / size)) for span, size in ((span_x, finest.a), (span_y, -finest.e)))
    width, height = _size(cut, columns, rows)
    return _Grid(
        window, srid, from_origin(area.west, area.north, span_x / width, span_y / height), width, height
    )


def _moved(area: Bounds, source: int, target: int) -> Bounds:
    if source == target:
        return area
    try:
        moved = Bounds(*transformer(source, target).transform_bounds(*area, densify_pts=21, errcheck=True))
    except ProjError as error:
        raise InvalidParameterError(
            "crs", f"the box reaches beyond where EPSG:{target} is defined."
        ) from error
    if not all(map(np.isfinite, moved)):
        raise InvalidParameterError("crs", f"the box reaches beyond where EPSG:{target} is defined.")
    return moved


def _indexes(surface: RasterLayer, bands: tuple[str, ...]) -> list[int]:
    """The 1-based numbers of the named bands; of all bands where none is named."""
    names = [band.name for band in surface.bands]
    unknown = [name for name in bands if name not in names]
    if unknown:
        raise InvalidParameterError(
            "properties", f"there is no band {quoted(unknown[0])}; there are: {', '.join(names)}."
        )
    if len(set(bands)) < len(bands):
        raise InvalidParameterError("properties", "a band is named more than once.")
    return [names.index(name) + 1 for name in bands or names]


def _size(cut: Cut, columns: int, rows: int) -> tuple[int, int]:
    """How many columns and rows to answer with, where the surface has so many."""
    if cut.size is not None:
        return cut.size
    if cut.factors is None:
        return columns, rows
    by_x, by_y = cut.factors
    return max(1, round(columns / by_x)), max(1, round(rows / by_y))


def _window(source: DatasetReader, bounds: Bounds | None, srid: int) -> Window:
    """The whole cells that a box touches."""
    everything = Window(0, 0, source.width, source.height)
    if bounds is None:
        return everything
    here = transformer(srid, source.crs.to_epsg()).transform_bounds(*bounds, densify_pts=21)
    if not all(map(np.isfinite, here)):
        raise InvalidParameterError("bbox", f"the box reaches beyond where EPSG:{srid} is defined.")
    wanted = from_bounds(*here, transform=source.transform)
    left, top = max(0, int(np.floor(wanted.col_off))), max(0, int(np.floor(wanted.row_off)))
    right = min(source.width, int(np.ceil(wanted.col_off + wanted.width)))
    bottom = min(source.height, int(np.ceil(wanted.row_off + wanted.height)))
    if right <= left or bottom <= top:
        raise not_found(_ELSEWHERE)
    return Window(left, top, right - left, bottom - top)
