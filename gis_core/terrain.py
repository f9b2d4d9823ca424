"""Terrain: elevations above datum, sampled at points or as a grid of square metric cells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.fill import fillnodata
from rasterio.transform import Affine, array_bounds
from rasterio.warp import calculate_default_transform, reproject
from scipy.ndimage import label, map_coordinates

from gis_core.crs import is_metric_grid, local_grid_srid, transformer
from gis_core.errors import CRSMismatchError, RasterError
from gis_core.files import sha256_of
from gis_core.types import BoolArray, Bounds, FloatArray

MAX_CELLS = 40_000_000
"""A terrain with more cells is read coarser: its drainage would need more than 4 GB of memory."""

MIN_SIDE_CELLS = 3
"""A cell drains to one of its eight neighbours."""

MAX_VOID_SHARE = 0.2
"""More voids than this leave too little to tell where water runs."""

_FILL_REACH_CELLS = 100
_LOWEST_M, _HIGHEST_M = -500.0, 9000.0
_METRES = {"", "m", "metre", "metres", "meter", "meters"}
_SIMULATED_TAG = "SIMULATED"


class Terrain(Protocol):
    """Anything that knows the elevation at a position."""

    def sample(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Elevation in metres at positions in the terrain's CRS; same shape, NaN where unknown."""
        ...


@dataclass(frozen=True, slots=True)
class PlaneTerrain:
    """A tilted plane without end: ``z = z0_m + slope_x * x + slope_y * y``."""

    z0_m: float = 0.0
    slope_x: float = 0.0
    slope_y: float = 0.0

    def sample(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Elevation in metres; NaN where a coordinate is NaN."""
        return self.z0_m + self.slope_x * np.asarray(x, float) + self.slope_y * np.asarray(y, float)


@dataclass(frozen=True)
class RasterTerrain:
    """Elevations on a north-up grid of square cells in metres.

    ``elevation_m`` is float32 of shape (rows, columns), row 0 in the north, NaN where
    unknown. ``notes`` are sentences on what was changed in reading.
    """

    name: str
    elevation_m: NDArray[np.float32]
    transform: Affine
    crs: CRS
    simulated: bool = False
    notes: tuple[str, ...] = ()

    @property
    def cell_m(self) -> float:
        """Width of a cell."""
        return float(self.transform.a)

    @property
    def bounds(self) -> Bounds:
        """Outer limits in the terrain's CRS."""
        rows, columns = self.elevation_m.shape
        west, south, east, north = array_bounds(rows, columns, self.transform)
        return Bounds(west, south, east, north)

    def sample(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Bilinear between cell centres, the nearest centre in the outer half cell, NaN outside."""
        column, row = ~self.transform @ (np.asarray(x, float), np.asarray(y, float))
        rows, columns = self.elevation_m.shape
        inside = (column >= 0) & (column <= columns) & (row >= 0) & (row <= rows)
        at_row = np.clip(np.where(inside, row, 0.0) - 0.5, 0, rows - 1)
        at_column = np.clip(np.where(inside, column, 0.0) - 0.5, 0, columns - 1)
        z = map_coordinates(self.elevation_m, [at_row, at_column], output=np.float64, order=1, mode="nearest")
        return np.where(inside, z, np.nan)

    def cell_of(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the cell that holds a position, None outside."""
        column, row = ~self.transform @ (x, y)
        rows, columns = self.elevation_m.shape
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        return int(row), int(column)


def read_terrain(path: Path, *, max_cells: int = MAX_CELLS) -> RasterTerrain:
    """Read a terrain raster as metres on a grid of square metric cells.

    A geographic raster, one in Mercator's projection, in feet of ground or with oblong
    cells is reprojected: to EPSG:9214 in and around the province, elsewhere to the UTM zone of its
    centre. Voids enclosed by data are filled from around them; NoData that reaches the
    edge stays unknown.

    Args:
        path: any raster that GDAL reads, one band of metres above datum.
        max_cells: a larger raster is read coarser.

    Raises:
        CRSMismatchError: it has no CRS.
        RasterError: it cannot be read, is not in metres, or has too many voids.
    """
    name = path.name
    try:
        with _opened(path) as dataset:
            _check_declarations(dataset, name)
            raw, transform, notes = _read_band(dataset, name, max_cells)
            crs = CRS.from_user_input(dataset.crs)
            simulated = dataset.tags().get(_SIMULATED_TAG, "").upper() in {"YES", "TRUE", "1"}
    except RasterioError as error:
        raise RasterError(f"{name}: {_reason(path)}") from error
    _check_heights(raw, name)
    filled, voids = _fill_voids(raw, name)
    if voids:
        notes = (*notes, f"{voids} void cells were filled from around them.")
    terrain = RasterTerrain(name, filled, transform, crs, simulated, notes)
    return terrain if _is_metric_grid(terrain) else _to_metric_grid(terrain)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises:
        RasterError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as error:
        raise RasterError(f"{path.name}: {_reason(path)}") from error


def _reason(path: Path) -> str:
    return "is not a raster that can be read." if path.is_file() else f"there is no such file ({path})."


@contextmanager
def _opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    with warnings.catch_warnings():
        # That a raster does not say where it lies is told in our own words.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as dataset:
            yield dataset


def _check_declarations(dataset: rasterio.DatasetReader, name: str) -> None:
    if dataset.crs is None:
        raise CRSMismatchError(
            f"{name}: the raster has no coordinate reference system; "
            "give it one, for example with 'gdal_edit.py -a_srs EPSG:4326'."
        )
    if not (dataset.crs.is_geographic or dataset.crs.is_projected):
        raise CRSMismatchError(
            f"{name}: its coordinate reference system is none of positions on the Earth; "
            "give it the right one, for example with 'gdal_edit.py -a_srs EPSG:4326'."
        )
    if dataset.transform.is_identity:
        raise RasterError(f"{name}: the raster does not say where on the Earth it lies (no geotransform).")
    if min(dataset.width, dataset.height) < MIN_SIDE_CELLS:
        raise RasterError(
            f"{name}: {dataset.width} × {dataset.height} cells are too few for water to run down; "
            f"a terrain has at least {MIN_SIDE_CELLS} × {MIN_SIDE_CELLS}."
        )
    if dataset.count != 1:
        raise RasterError(f"{name}: a terrain has one band of elevations, this raster has {dataset.count}.")
    if dataset.transform.b or dataset.transform.d or dataset.transform.a < 0 or dataset.transform.e > 0:
        raise RasterError(f"{name}: the raster is turned away from north; straighten it with gdalwarp.")
    unit = (dataset.units[0] or "").lower()
    if unit not in _METRES:
        raise RasterError(f"{name}: the elevations are in '{unit}'; a terrain must be in metres.")


def _read_band(
    dataset: rasterio.DatasetReader, name: str, max_cells: int
) -> tuple[NDArray[np.float32], Affine, tuple[str, ...]]:
    factor = max(1.0, math.sqrt(dataset.width * dataset.height / max_cells))
    shape = (max(1, int(dataset.height / factor)), max(1, int(dataset.width / factor)))
    values = dataset.read(1, out_shape=shape, masked=True, resampling=Resampling.average)
    elevation = values.astype(np.float32) * dataset.scales[0] + dataset.offsets[0]
    transform = dataset.transform @ Affine.scale(dataset.width / shape[1], dataset.height / shape[0])
    notes: tuple[str, ...] = ()
    if factor > 1:
        notes = (
            f"{name} has {dataset.width * dataset.height / 1e6:.1f} million cells; it was read in cells "
            f"{factor:.1f} times as wide, because at most {max_cells / 1e6:g} million can be worked on.",
        )
    return elevation.filled(np.nan).astype(np.float32), transform, notes


def _check_heights(elevation_m: NDArray[np.float32], name: str) -> None:
    known = elevation_m[np.isfinite(elevation_m)]
    if not known.size:
        raise RasterError(f"{name}: the raster holds no elevation at all.")
    lowest, highest = float(known.min()), float(known.max())
    if lowest < _LOWEST_M or highest > _HIGHEST_M:
        wrong = lowest if lowest < _LOWEST_M else highest
        raise RasterError(
            f"{name}: {wrong:g} m is no elevation on land; is the raster's NoData value declared?"
        )


def _fill_voids(elevation_m: NDArray[np.float32], name: str) -> tuple[NDArray[np.float32], int]:
    """Elevations with enclosed voids filled, and how many cells those were."""
    unknown = ~np.isfinite(elevation_m)
    voids = unknown & ~_reaching_edge(unknown)
    count = int(voids.sum())
    if not count:
        return np.where(unknown, np.float32(np.nan), elevation_m), 0
    share = count / (count + int((~unknown).sum()))
    if share > MAX_VOID_SHARE:
        raise RasterError(
            f"{name}: {share:.0%} of the terrain are voids, "
            f"more than the {MAX_VOID_SHARE:.0%} that can be filled from around them."
        )
    filled = fillnodata(
        np.where(unknown, np.float32(0), elevation_m), mask=~unknown, max_search_distance=_FILL_REACH_CELLS
    )
    reached = fillnodata(
        np.where(unknown, np.float32(0), np.float32(1)), mask=~unknown, max_search_distance=_FILL_REACH_CELLS
    )
    usable = voids & (reached > 0)
    return np.where(unknown & ~usable, np.float32(np.nan), filled).astype(np.float32), int(usable.sum())


def _reaching_edge(unknown: BoolArray) -> BoolArray:
    """Those unknown cells that are joined to the raster's edge: outside, and no voids."""
    regions, _ = label(unknown)
    at_edge = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    return np.isin(regions, at_edge[at_edge > 0])


def _is_metric_grid(terrain: RasterTerrain) -> bool:
    """Whether lengths on the grid are metres of ground: projected, true to scale, square and north-up."""
    square = math.isclose(terrain.transform.a, -terrain.transform.e, rel_tol=1e-3)
    return square and is_metric_grid(terrain.crs)


def _to_metric_grid(terrain: RasterTerrain) -> RasterTerrain:
    rows, columns = terrain.elevation_m.shape
    target = _local_grid_crs(terrain)
    source = terrain.crs.to_wkt()
    transform, width, height = calculate_default_transform(source, target, columns, rows, *terrain.bounds)
    elevation = np.full((height, width), np.nan, dtype=np.float32)
    reproject(
        terrain.elevation_m, elevation,
        src_transform=terrain.transform, src_crs=source, src_nodata=np.nan,
        dst_transform=transform, dst_crs=target, dst_nodata=np.nan, resampling=Resampling.bilinear,
    )  # fmt: skip
    note = f"{terrain.name} was reprojected to {target} in cells of {transform.a:.1f} m."
    return replace(
        terrain,
        elevation_m=elevation,
        transform=transform,
        crs=CRS.from_user_input(target),
        notes=(*terrain.notes, note),
    )


def _local_grid_crs(terrain: RasterTerrain) -> str:
    """EPSG:9214 where its zone reaches, else the UTM zone (WGS 84) of the raster's centre."""
    bounds = terrain.bounds
    lon, lat = transformer(terrain.crs.to_wkt(), 4326).transform(
        (bounds.west + bounds.east) / 2, (bounds.south + bounds.north) / 2
    )
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CRSMismatchError(f"{terrain.name}: its corners lie outside its coordinate reference system.")
    return f"EPSG:{local_grid_srid(lon, lat)}"
