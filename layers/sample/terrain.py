"""The terrain: sea, lagoon, dunes, plain, towns, hills, and beds that run downhill to the lagoon."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

from gis_core.config import Province
from gis_core.types import BoolArray, FloatArray, IntArray
from layers.sample import geography
from layers.sample.grid import ElevationGrid, Grid
from layers.sample.relief import drained_relief
from layers.sample.rivers import Course, courses
from layers.sample.shapes import metric, metric_point, metric_points

CELL_M = 60.0
_COARSE = 2
_RIDGE_SPACING_M = 7000.0
_DIVIDE_M = 1500.0
"""Width over which the floors of neighbouring valleys are blended."""
_FOOT_M = 5.0
"""How high the plain stands where the hills begin."""
_TRACE_M = 1.0
"""Step in which courses are followed through the cells, so that hardly a corner is missed."""
_PLAIN_BED_M = 2.0
_LEVEE_M = 0.5
"""How high the land beside a river of the plain, with its bed below ``_PLAIN_BED_M``, stands above it."""


def make_terrain(seed: int) -> ElevationGrid:
    """The terrain of the province for a seed; the rivers' beds in it fall without a step up."""
    rng = np.random.default_rng([seed, 1])
    fine = Grid.covering(Province().bounds, CELL_M, multiple=_COARSE)
    coarse = fine.coarser(_COARSE)
    water = _Water(coarse)
    rivers = courses()
    low = _low_ground(coarse, water, rng)
    upland = ~water.any & ~water.plain
    high = _high_ground(coarse, upland, low, rivers, rng)
    land = fine.refine(np.where(upland, high, low), coarse)
    roughness = np.clip(land / 400, 0.012, 1.0)
    land += roughness * (9 * fine.noise(420, rng) + 5 * fine.noise(170, rng))
    land = np.maximum(land, 0.15)
    water = _Water(fine)
    elevation_m = np.where(water.any, _bathymetry(water, fine), land)
    return ElevationGrid(fine, _carve(elevation_m, water.any, fine, rivers).astype("float32"))


class _Water:
    """Which cells of a grid are sea, lagoon and plain."""

    def __init__(self, grid: Grid) -> None:
        shore = [
            metric(line).coords for line in (geography.SHORE_NORTH, geography.COAST, geography.SHORE_SOUTH)
        ]
        ring = [*shore[0], *shore[1][1:], *shore[2][1:]]
        # The sea closes round a point far outside the grid in the north-east.
        far = [
            (ring[-1][0] + 2e5, ring[-1][1]),
            (ring[-1][0] + 2e5, ring[0][1] + 2e5),
            (ring[0][0], ring[0][1] + 2e5),
        ]
        self.cell_m = grid.cell_m
        self.sea = grid.mask(shapely.Polygon([*ring, *far]))
        self.lagoon = grid.mask(metric(geography.LAGOONS)) & ~self.sea
        self.inlet = grid.mask(metric(geography.INLETS).buffer(220)) & ~self.sea
        self.plain = grid.mask(metric(geography.PLAINS))

    @property
    def any(self) -> BoolArray:
        """Sea, lagoon or inlet."""
        return self.sea | self.lagoon | self.inlet


def _bathymetry(water: _Water, grid: Grid) -> FloatArray:
    off_shore = distance_transform_edt(water.sea, sampling=grid.cell_m)
    off_bank = distance_transform_edt(water.lagoon, sampling=grid.cell_m)
    sea = -0.5 - 60 * (1 - np.exp(-off_shore / 12_000))
    lagoon = -0.4 - 1.4 * (1 - np.exp(-off_bank / 500))
    return np.where(water.sea, sea, np.where(water.lagoon, lagoon, -3.0))


def _low_ground(grid: Grid, water: _Water, rng: np.random.Generator) -> FloatArray:
    """The plain between lagoon and hills, with its towns, dunes and barrier."""
    to_water = distance_transform_edt(~water.any, sampling=grid.cell_m)
    to_hills = distance_transform_edt(water.plain | water.any, sampling=grid.cell_m)
    inland = to_water / np.maximum(to_water + to_hills, 1)
    ground = 0.35 + (_FOOT_M - 0.35) * inland**2.2 + 0.35 * inland * grid.noise(2500, rng)
    ground += 0.12 * grid.noise(900, rng)
    ragged = np.exp(0.22 * grid.noise(1500, rng) + 0.1 * grid.noise(500, rng))
    for rise in geography.RISES:
        ground += (rise.level_m - ground) * _near(
            grid, rise.lon, rise.lat, rise.radius_m * ragged, sharpness=3
        )
    to_sea = distance_transform_edt(~water.sea, sampling=grid.cell_m)
    shape = np.clip(to_sea / 250, 0, 1) * np.clip(to_water / 200, 0, 1)
    shape *= np.exp(-np.maximum(to_sea - 900, 0) / 700)
    dunes = np.clip(4.5 + 1.5 * grid.noise(1800, rng) + 1.3 * grid.noise(500, rng), 1.0, 12)
    return np.asarray(np.maximum(ground, 0.2) + shape * dunes)


def _high_ground(
    grid: Grid, upland: BoolArray, low: FloatArray, rivers: tuple[Course, ...], rng: np.random.Generator
) -> FloatArray:
    """The hills: valley floors from the rivers, ridges from the summits, drained relief between."""
    outlet_m = np.where(binary_dilation(upland, iterations=2) & ~upland, np.maximum(low, 0), np.nan)
    edge = np.zeros(grid.shape, bool)
    edge[[0, -1], :] = edge[:, [0, -1]] = True
    ridge_m = _ridge_level(grid)
    outlet_m[edge & upland] = 0.35 * ridge_m[edge & upland]
    valley_m = np.zeros(grid.shape)
    for course in rivers:
        cells = grid.index(*course.points.T)
        outlet_m[cells], valley_m[cells] = course.bed_m, course.river.valley_m
    in_river = valley_m > 0
    outlets = np.isfinite(outlet_m)
    roughness = np.exp(0.9 * grid.noise(600, rng) + 0.9 * rng.standard_normal(grid.shape))
    relief, outlet = drained_relief(upland & ~outlets, outlets, roughness, grid.cell_m, _RIDGE_SPACING_M)
    away_m, nearest = distance_transform_edt(~in_river, sampling=grid.cell_m, return_indices=True)
    beside = np.exp(-((away_m / valley_m[tuple(nearest)]) ** 2))
    floor_m = np.nan_to_num(outlet_m.ravel()[outlet])
    # Neighbouring valleys lie at different heights: their floors meet gently under the divide.
    floor_m = beside * floor_m + (1 - beside) * gaussian_filter(floor_m, _DIVIDE_M / grid.cell_m)
    height_m = floor_m + (1 - 0.85 * beside) * relief * np.maximum(ridge_m - floor_m, 20)
    # Twice, because summits that stand near one another lift each other.
    for summit in 2 * geography.SUMMITS:
        near = _near(grid, summit.lon, summit.lat, summit.radius_m, sharpness=2)
        top_m = height_m[near > 0.6].max()
        height_m *= 1 + (summit.elevation_m / top_m - 1) * near
    return np.asarray(height_m)


def _ridge_level(grid: Grid) -> FloatArray:
    """The general height of ridges, through the summits and the control points."""
    points, level_m = metric_points(geography.RIDGE_LEVELS)
    summits = (
        "MULTIPOINT Z (" + ", ".join(f"{s.lon} {s.lat} {s.elevation_m}" for s in geography.SUMMITS) + ")"
    )
    summit_points, summit_m = metric_points(summits)
    rbf = RBFInterpolator(
        np.vstack([points, summit_points]) / 1e4, np.concatenate([level_m, summit_m]), kernel="linear"
    )
    knots = grid.coarser(10)
    x, y = np.meshgrid(knots.x, knots.y)
    level = rbf(np.column_stack([x.ravel(), y.ravel()]) / 1e4).reshape(knots.shape)
    return np.maximum(grid.refine(level, knots), 30)


def _near(grid: Grid, lon: float, lat: float, radius_m: float | FloatArray, sharpness: float) -> FloatArray:
    """1 at a place, falling to 0 beyond the radius; the sharper, the flatter its top."""
    x, y = metric_point(lon, lat)
    distance = np.hypot(grid.x[None, :] - x, grid.y[:, None] - y)
    return np.asarray(np.exp(-((distance / radius_m) ** sharpness)))


def _carve(elevation_m: FloatArray, wet: BoolArray, grid: Grid, rivers: tuple[Course, ...]) -> FloatArray:
    """Cut the beds into the ground; along every course the cells' elevations only fall."""
    bed_m = np.full(grid.shape, np.nan)
    half_width_m = np.zeros(grid.shape)
    for course in rivers:
        cells, own_m = _cells_along(course, grid)
        own_m = np.where(wet[cells], np.minimum(elevation_m[cells], own_m), own_m)
        # Where a tributary runs into cells of its river, the river has the last word.
        known = np.isfinite(bed_m[cells])
        bed_m[cells] = np.where(
            known, bed_m[cells], np.minimum.accumulate(np.where(known, bed_m[cells], own_m))
        )
        half_width_m[cells] = np.maximum(half_width_m[cells], course.river.width_m / 2)
    away_m, nearest = distance_transform_edt(np.isnan(bed_m), sampling=grid.cell_m, return_indices=True)
    bed_m, half_width_m = bed_m[tuple(nearest)], half_width_m[tuple(nearest)]
    levee_m = bed_m + _LEVEE_M * np.exp(-away_m / 400)
    banked = np.where(
        (away_m < 1500) & (bed_m < _PLAIN_BED_M) & ~wet, np.maximum(elevation_m, levee_m), elevation_m
    )
    channel = (away_m <= half_width_m) & ~wet | (away_m == 0)
    return np.where(channel, bed_m, banked)


def _cells_along(course: Course, grid: Grid) -> tuple[tuple[IntArray, IntArray], FloatArray]:
    """The cells a course runs through, in its order, and the bed in each of them.

    A line that leaves a cell and comes back to it would need two beds there: all cells
    between the first and the last visit take the bed of the first.
    """
    length = np.concatenate([[0], np.hypot(*np.diff(course.points, axis=0).T).cumsum()])
    at = np.arange(0, length[-1], _TRACE_M)
    x, y = (np.interp(at, length, axis) for axis in course.points.T)
    rows, cols = grid.index(x, y)
    bed_m = np.interp(at, length, course.bed_m)
    _, cell = np.unique(rows * grid.cols + cols, return_inverse=True)
    last_visit = np.zeros(cell.max() + 1, int)
    np.maximum.at(last_visit, cell, np.arange(cell.size))
    reach = np.maximum.accumulate(last_visit[cell])
    starts = np.concatenate([[True], np.arange(1, cell.size) > reach[:-1]])
    return (rows, cols), bed_m[starts][np.cumsum(starts) - 1]
