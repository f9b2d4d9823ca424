"""Where smoke stands, by all that is known: a posterior on a grid that is fine only where it matters.

Every bearing says: a normal error, or, with a small probability, another smoke altogether. The
second is only allowed where a third witness can tell, for two bearings agree with anything. So a
bearing that contradicts the others counts for little and is never left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from scipy.special import ndtr

from gis_core.analysis.line_of_sight import Sector
from gis_core.analysis.smoke_fix import Bearings
from gis_core.types import BoolArray, FloatArray

_NEGLIGIBLE = 12.0
"""Cells that are less likely than the best by more than exp(12) hold nothing of the mass that is told."""
_MOST_CELLS = 60_000
_FINE_SHARE = 0.25
"""A cell is fine enough at this share of the finest bearing's error across its ray."""
_FIRST_CELLS = 48
_MOST_LEVELS = 24
_WITNESSES_TO_DOUBT = 3
_NEAREST_M = 200.0
"""Nearer than this an observer is at the fire, and no place is likelier than another."""


class Pixels(NamedTuple):
    """Satellite pixels that report heat, each array of shape (m,); ``sigma_m`` is their error of position."""

    x_m: FloatArray
    y_m: FloatArray
    half_width_m: FloatArray
    half_height_m: FloatArray
    sigma_m: FloatArray


NO_PIXELS = Pixels(*(np.empty(0) for _ in Pixels._fields))


class Witnesses(NamedTuple):
    """All that is known of one smoke: bearings, what hides it from them, pixels.

    ``range_m`` is how far a bearing reaches; ``outlier_share`` how many witnesses tell of something
    else; ``sectors`` has one entry for each bearing, None where terrain is unknown, or is empty;
    ``hidden_share`` is how likely smoke is seen all the same where the terrain model hides it.
    """

    bearings: Bearings
    range_m: float
    pixels: Pixels = NO_PIXELS
    sectors: Sequence[Sector | None] = ()
    outlier_share: float = 0.02
    hidden_share: float = 0.01

    @property
    def doubt(self) -> float:
        """The share of outliers, 0 where too few witnesses are there to tell which one errs."""
        count = len(self.bearings.x_m) + len(self.pixels.x_m)
        return self.outlier_share if count >= _WITNESSES_TO_DOUBT else 0.0


class Posterior(NamedTuple):
    """Squares of ``cell_m`` with their centres and probabilities (they sum to 1), each of shape (k,).

    ``x_m`` and ``y_m`` are the cells' centres; ``mode`` is the most probable place, ``mean`` the middle
    of the mass. ``agreement`` has for each bearing the probability that it tells of this smoke, wherever
    that is, and ``pixel_agreement`` for each pixel; ``fitting`` has for each bearing the probability that
    it tells of smoke at the mode. All three are empty where no witness can be doubted.
    """

    x_m: FloatArray
    y_m: FloatArray
    probability: FloatArray
    cell_m: float
    mode: tuple[float, float]
    mean: tuple[float, float]
    agreement: FloatArray
    pixel_agreement: FloatArray
    fitting: FloatArray

    def region(self, share: float = 0.95) -> shapely.MultiPolygon:
        """The smallest area that holds this share of the probability (highest posterior density)."""
        order = np.argsort(-self.probability, kind="stable")
        held = np.cumsum(self.probability[order])
        count = int(np.searchsorted(held, share * held[-1])) + 1
        return _outline(self.x_m[order[:count]], self.y_m[order[:count]], self.cell_m)


def locate(witnesses: Witnesses) -> Posterior | None:
    """The posterior of the smoke's place under a prior that is even in distance from the observers.

    Squares are divided only where a bound says that they may matter, so the result is that of the
    fine grid everywhere.

    Returns:
        None where no place lies within range of every observer that is needed.
    """
    column, row, cell_m, corner = _first_grid(witnesses)
    for _ in range(_MOST_LEVELS):
        x, y = corner[0] + (column + 0.5) * cell_m, corner[1] + (row + 0.5) * cell_m
        lowest = _log_density(witnesses, x, y).max()
        keep = _log_density(witnesses, x, y, slack_m=cell_m * math.sqrt(0.5)) >= lowest - _NEGLIGIBLE
        column, row, x, y = column[keep], row[keep], x[keep], y[keep]
        if cell_m <= _fine_enough(witnesses, x, y) or 4 * len(x) > _MOST_CELLS:
            break
        column = (2 * column[:, None] + np.array([0, 1, 0, 1])).ravel()
        row = (2 * row[:, None] + np.array([0, 0, 1, 1])).ravel()
        cell_m /= 2
    return _summary(witnesses, x, y, cell_m)


def _summary(witnesses: Witnesses, x: FloatArray, y: FloatArray, cell_m: float) -> Posterior | None:
    density = _log_density(witnesses, x, y, hide=True)
    if not np.isfinite(density).any():
        return None
    probability = np.exp(density - density.max())
    probability /= probability.sum()
    best = int(probability.argmax())
    mode = _climb(witnesses, float(x[best]), float(y[best]), cell_m)
    mean = float((x * probability).sum()), float((y * probability).sum())
    belongs = _belonging(witnesses, x, y)
    agreement = belongs @ probability if witnesses.doubt else np.empty(0)
    count = len(witnesses.bearings.x_m)
    fitting = _belonging(witnesses, *np.array(mode)[:, None])[:count, 0] if witnesses.doubt else np.empty(0)
    shown = probability > 0
    return Posterior(
        x[shown], y[shown], probability[shown], cell_m, mode, mean,
        agreement[:count], agreement[count:], fitting,
    )  # fmt: skip


def _first_grid(witnesses: Witnesses) -> tuple[FloatArray, FloatArray, float, tuple[float, float]]:
    """Squares over everything within range of an observer: their columns, rows and size, and the corner."""
    bearings, reach = witnesses.bearings, witnesses.range_m
    west, east = bearings.x_m.min() - reach, bearings.x_m.max() + reach
    south, north = bearings.y_m.min() - reach, bearings.y_m.max() + reach
    cell_m = max(east - west, north - south) / _FIRST_CELLS
    columns, rows = math.ceil((east - west) / cell_m), math.ceil((north - south) / cell_m)
    row, column = np.mgrid[0:rows, 0:columns]
    return column.ravel(), row.ravel(), float(cell_m), (float(west), float(south))


def _fine_enough(witnesses: Witnesses, x: FloatArray, y: FloatArray) -> float:
    across = np.radians(witnesses.bearings.sigma_deg) * np.median(witnesses.bearings.distance_m(x, y), axis=1)
    return _FINE_SHARE * float(min([*across, *witnesses.pixels.half_width_m]))


def _likelihoods(witnesses: Witnesses, x: FloatArray, y: FloatArray, slack_m: float) -> FloatArray:
    """Logarithm of what each witness says of each place if it tells of this smoke; shape (n + m, k).

    With ``slack_m`` the most that it says anywhere so near.
    """
    bearings, pixels = witnesses.bearings, witnesses.pixels
    away, distance = np.abs(bearings.away_deg(x, y)), bearings.distance_m(x, y)
    if slack_m:
        turn = np.degrees(np.arcsin(np.minimum(slack_m / np.maximum(distance, 1e-9), 1.0)))
        away = np.where(distance <= slack_m, 0.0, np.maximum(away - turn, 0.0))
    sigma = bearings.sigma_deg[:, None]
    by_bearing = -0.5 * (away / sigma) ** 2 - np.log(sigma * math.sqrt(2 * math.pi))
    by_bearing[distance - slack_m > witnesses.range_m] = -np.inf
    inside = np.ones((len(pixels.x_m), len(x)))
    for at, centre, half in ((x, pixels.x_m, pixels.half_width_m), (y, pixels.y_m, pixels.half_height_m)):
        beyond = np.maximum(np.abs(at - centre[:, None]) - slack_m, 0.0)
        spread = pixels.sigma_m[:, None]
        inside *= ndtr((half[:, None] - beyond) / spread) - ndtr((-half[:, None] - beyond) / spread)
    with np.errstate(divide="ignore"):
        by_pixel = np.log(inside / (4 * pixels.half_width_m * pixels.half_height_m)[:, None])
    return np.vstack([by_bearing, by_pixel])


def _elsewhere(witnesses: Witnesses) -> FloatArray:
    """Logarithm of what each witness says if it tells of something else: any direction, anywhere in range."""
    area_m2 = math.pi * witnesses.range_m**2
    return np.concatenate(
        [
            np.full(len(witnesses.bearings.x_m), -math.log(360)),
            np.full(len(witnesses.pixels.x_m), -math.log(area_m2)),
        ]
    )[:, None]


def _log_density(
    witnesses: Witnesses, x: FloatArray, y: FloatArray, slack_m: float = 0.0, *, hide: bool = False
) -> FloatArray:
    said, doubt = _likelihoods(witnesses, x, y, slack_m), witnesses.doubt
    if hide:
        said[: len(witnesses.bearings.x_m)][hidden_from_each(witnesses, x, y)] += math.log(
            witnesses.hidden_share
        )
    if doubt:
        said = np.logaddexp(math.log1p(-doubt) + said, math.log(doubt) + _elsewhere(witnesses))
    return np.asarray(said.sum(axis=0)) + _log_prior(witnesses, x, y, slack_m)


def _log_prior(witnesses: Witnesses, x: FloatArray, y: FloatArray, slack_m: float) -> FloatArray:
    """Even in distance along each ray: an even one over the area would hold far smoke for likelier."""
    distance = np.maximum(witnesses.bearings.distance_m(x, y) - slack_m, _NEAREST_M)
    return -min(2, len(distance)) * np.asarray(np.log(distance).mean(axis=0))


def _belonging(witnesses: Witnesses, x: FloatArray, y: FloatArray) -> FloatArray:
    """Probability at each place that each witness tells of this smoke; shape (n + m, k)."""
    doubt = witnesses.doubt
    if not doubt:
        return np.ones((len(witnesses.bearings.x_m) + len(witnesses.pixels.x_m), len(x)))
    said = _likelihoods(witnesses, x, y, 0.0)
    said[: len(witnesses.bearings.x_m)][hidden_from_each(witnesses, x, y)] += math.log(witnesses.hidden_share)
    this = math.log1p(-doubt) + said
    return np.asarray(np.exp(this - np.logaddexp(this, math.log(doubt) + _elsewhere(witnesses))))


def hidden_from_each(witnesses: Witnesses, x: FloatArray, y: FloatArray) -> BoolArray:
    """Which places terrain hides from each bearing's observer; shape (n, k)."""
    hidden = np.zeros((len(witnesses.bearings.x_m), len(x)), dtype=bool)
    for number, sector in enumerate(witnesses.sectors):
        if sector is not None:
            hidden[number] = ~sector.sees(x, y)
    return hidden


def _climb(witnesses: Witnesses, x: float, y: float, step_m: float) -> tuple[float, float]:
    """The top of the density next to a cell's centre, by ever smaller squares of nine places."""
    offsets = np.array([-1.0, 0.0, 1.0])
    for _ in range(10):
        tried_x, tried_y = (part.ravel() for part in np.meshgrid(x + step_m * offsets, y + step_m * offsets))
        density = _log_density(witnesses, tried_x, tried_y, hide=True)
        best = int(density.argmax()) if density[4] < density.max() else 4
        x, y = float(tried_x[best]), float(tried_y[best])
        step_m = step_m / 2 if best == 4 else step_m
    return x, y


def _outline(x: FloatArray, y: FloatArray, cell_m: float) -> shapely.MultiPolygon:
    """Cells as areas; neighbours of a row are joined first, which leaves far fewer to unite."""
    column, row = np.rint(x / cell_m - 0.5).astype(int), np.rint(y / cell_m - 0.5).astype(int)
    shift_x, shift_y = x[0] - (column[0] + 0.5) * cell_m, y[0] - (row[0] + 0.5) * cell_m
    order = np.lexsort([column, row])
    column, row = column[order], row[order]
    begins = np.flatnonzero(np.r_[True, (np.diff(row) != 0) | (np.diff(column) != 1)])
    ends = np.r_[begins[1:], len(row)] - 1
    strips = shapely.box(
        column[begins] * cell_m + shift_x,
        row[begins] * cell_m + shift_y,
        (column[ends] + 1) * cell_m + shift_x,
        (row[ends] + 1) * cell_m + shift_y,
    )
    united = shapely.union_all(strips, grid_size=cell_m * 1e-3)
    # Closed over a cell's width, so that squares that only share a corner are one area.
    closed = united.buffer(cell_m, join_style="mitre").buffer(-cell_m, join_style="mitre")
    parts = shapely.get_parts(closed.simplify(0.75 * cell_m, preserve_topology=True))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
