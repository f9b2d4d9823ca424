"""The raster that the sample's terrain lives on, and the noise that roughens it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize
from rasterio.warp import transform_bounds
from scipy.interpolate import RectBivariateSpline

from gis_core.crs import METRIC_SRID, STORAGE_SRID
from gis_core.types import BoolArray, Bounds, FloatArray


@dataclass(frozen=True)
class Grid:
    """Square cells in EPSG:9214, row 0 in the north."""

    west_m: float
    north_m: float
    cell_m: float
    rows: int
    cols: int

    @classmethod
    def covering(cls, bounds: Bounds, cell_m: float, multiple: int) -> Grid:
        """The smallest grid over ``bounds`` (EPSG:4326) whose sides are multiples of ``multiple`` cells."""
        west, south, east, north = transform_bounds(STORAGE_SRID, METRIC_SRID, *bounds, densify_pts=51)
        step = cell_m * multiple
        west, north = np.floor(west / step) * step, np.ceil(north / step) * step
        cols, rows = np.ceil((east - west) / step), np.ceil((north - south) / step)
        return cls(float(west), float(north), cell_m, int(rows) * multiple, int(cols) * multiple)

    def coarser(self, factor: int) -> Grid:
        """The same area in cells ``factor`` times as wide."""
        return Grid(self.west_m, self.north_m, self.cell_m * factor, self.rows // factor, self.cols // factor)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.cols

    @property
    def transform(self) -> Affine:
        """Cell corners to EPSG:9214."""
        return Affine(self.cell_m, 0, self.west_m, 0, -self.cell_m, self.north_m)

    @property
    def x(self) -> FloatArray:
        """Eastings of the cell centres, shape (cols,)."""
        return np.asarray(self.west_m + self.cell_m * (np.arange(self.cols) + 0.5))

    @property
    def y(self) -> FloatArray:
        """Northings of the cell centres, shape (rows,), descending."""
        return np.asarray(self.north_m - self.cell_m * (np.arange(self.rows) + 0.5))

    def index(self, x: FloatArray, y: FloatArray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of positions, clipped to the grid; shapes as given."""
        row = np.floor((self.north_m - np.asarray(y)) / self.cell_m).astype(int)
        col = np.floor((np.asarray(x) - self.west_m) / self.cell_m).astype(int)
        return np.clip(row, 0, self.rows - 1), np.clip(col, 0, self.cols - 1)

    def mask(self, shape: shapely.Geometry) -> BoolArray:
        """Cells whose centre lies in a geometry of EPSG:9214."""
        return np.asarray(
            rasterize([shape], self.shape, transform=self.transform, dtype="uint8").astype(bool)
        )

    def refine(self, values: FloatArray, coarse: Grid) -> FloatArray:
        """Values of a coarser grid over the same area, interpolated bilinearly on this one."""
        surface = RectBivariateSpline(-coarse.y, coarse.x, values, kx=1, ky=1)
        return np.asarray(surface(-self.y, self.x))

    def noise(self, wavelength_m: float, rng: np.random.Generator) -> FloatArray:
        """Smooth random values of mean 0 and variance near 1, about one hump per wavelength."""
        step = wavelength_m / 2
        knots_y = np.arange(-self.north_m - step, -self.y[-1] + 2 * step, step)
        knots_x = np.arange(self.west_m - step, self.x[-1] + 2 * step, step)
        random = rng.standard_normal((knots_y.size, knots_x.size))
        return np.asarray(RectBivariateSpline(knots_y, knots_x, random, kx=3, ky=3)(-self.y, self.x))


@dataclass(frozen=True)
class ElevationGrid:
    """Elevations in metres above sea level on a grid, float32, shape (rows, cols)."""

    grid: Grid
    elevation_m: np.ndarray

    def sample(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Elevation of the cell that holds each position of EPSG:9214, in metres."""
        return np.asarray(self.elevation_m[self.grid.index(x, y)].astype(float))
