"""Rain between stations: ordinary kriging, kriging with elevation drift, IDW and Thiessen.

None of them is best everywhere: with 10 to 27 gauges kriging beat the others, with 5 Thiessen won
(HSJ 2020). So each is asked for every station as if that station were not there, all that it
estimates from the data made anew, and the one with the smallest root mean square error is taken.
Kriging and its variogram are PyKrige's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from pykrige.ok import OrdinaryKriging
from pykrige.uk import UniversalKriging
from scipy.spatial.distance import cdist

from gis_core.errors import RasterError
from gis_core.types import FloatArray

IDW_POWER = 2.0
"""Shepard (1968)."""

LEAST_FOR_KRIGING = 6
"""With fewer values no variogram can be told from chance."""

_M_PER_KM = 1000.0


@dataclass(frozen=True)
class Places:
    """Positions in metres with their elevation, each of shape (n,); NaN elevations where unknown."""

    x: FloatArray
    y: FloatArray
    elevation_m: FloatArray

    def only(self, which: FloatArray | np.ndarray) -> Places:
        """Those that an index or a mask names."""
        return Places(self.x[which], self.y[which], self.elevation_m[which])

    @property
    def position(self) -> FloatArray:
        """Shape (n, 2)."""
        return np.column_stack([self.x, self.y])


@dataclass(frozen=True)
class Estimate:
    """Rain in mm and its variance in mm² at each place asked for, both of shape (m,)."""

    rain_mm: FloatArray
    variance_mm2: FloatArray


@dataclass(frozen=True)
class RainSurface:
    """The winner's estimate, its name, and the leave-one-out error in mm of every method that worked."""

    method: str
    estimate: Estimate
    loo_rmse_mm: Mapping[str, float]


Method = Callable[[Places, FloatArray, Places], Estimate]


def thiessen(stations: Places, rain_mm: FloatArray, targets: Places) -> Estimate:
    """The rain of the nearest station (Thiessen 1911); equally near ones share. Variance is unknown: NaN."""
    distance = cdist(targets.position, stations.position)
    nearest = distance <= distance.min(axis=1, keepdims=True) * (1 + 1e-12)
    rain = (nearest @ rain_mm) / nearest.sum(axis=1)
    return Estimate(rain, np.full(rain.shape, np.nan))


def idw(stations: Places, rain_mm: FloatArray, targets: Places) -> Estimate:
    """All stations weighted by the inverse square of their distance (Shepard 1968). Variance: NaN."""
    distance = cdist(targets.position, stations.position)
    at_station = distance.min(axis=1) == 0
    weights = np.where(
        at_station[:, None], distance == 0, 1.0 / np.where(distance == 0, 1.0, distance) ** IDW_POWER
    )
    rain = (weights @ rain_mm) / weights.sum(axis=1)
    return Estimate(rain, np.full(rain.shape, np.nan))


def ordinary_kriging(stations: Places, rain_mm: FloatArray, targets: Places) -> Estimate:
    """Ordinary kriging with an exponential variogram fitted to the stations.

    Raises:
        ValueError: there are too few values, or all are equal.
    """
    _check_kriging(rain_mm)
    model = OrdinaryKriging(
        stations.x / _M_PER_KM,
        stations.y / _M_PER_KM,
        rain_mm,
        variogram_model="exponential",
        pseudo_inv=True,
    )
    return _as_estimate(*model.execute("points", targets.x / _M_PER_KM, targets.y / _M_PER_KM))


def elevation_kriging(stations: Places, rain_mm: FloatArray, targets: Places) -> Estimate:
    """Kriging with elevation as external drift (Goovaerts 2000), exponential variogram.

    Raises:
        ValueError: there are too few values, all are equal, or an elevation is unknown.
    """
    _check_kriging(rain_mm)
    if not (np.isfinite(stations.elevation_m).all() and np.isfinite(targets.elevation_m).all()):
        raise ValueError("an elevation is unknown")
    if np.ptp(stations.elevation_m) == 0:
        raise ValueError("all stations stand equally high")
    model = UniversalKriging(
        stations.x / _M_PER_KM,
        stations.y / _M_PER_KM,
        rain_mm,
        variogram_model="exponential",
        drift_terms=["specified"],
        specified_drift=[stations.elevation_m / _M_PER_KM],
        pseudo_inv=True,
    )
    return _as_estimate(
        *model.execute(
            "points",
            targets.x / _M_PER_KM,
            targets.y / _M_PER_KM,
            specified_drift_arrays=[targets.elevation_m / _M_PER_KM],
        )
    )


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "ordinary-kriging": ordinary_kriging,
        "elevation-kriging": elevation_kriging,
        "idw": idw,
        "thiessen": thiessen,
    }
)
"""In the order that decides between equal errors."""


def leave_one_out(method: Method, stations: Places, rain_mm: FloatArray) -> Estimate:
    """What a method estimates for each station from all others, refitted without it; shape (n,).

    Raises:
        ValueError: the method cannot work with one station less.
    """
    told, variance = np.empty(rain_mm.size), np.empty(rain_mm.size)
    for index in range(rain_mm.size):
        others = np.arange(rain_mm.size) != index
        found = method(stations.only(others), rain_mm[others], stations.only(np.array([index])))
        told[index], variance[index] = found.rain_mm[0], found.variance_mm2[0]
    return Estimate(told, variance)


def loo_estimates(stations: Places, rain_mm: FloatArray) -> dict[str, Estimate]:
    """The leave-one-out estimates of each method that can be tried; the others are left out."""
    tried: dict[str, Estimate] = {}
    for name, method in METHODS.items():
        try:
            tried[name] = leave_one_out(method, stations, rain_mm)
        except (ValueError, np.linalg.LinAlgError):
            continue
    return tried


def rain_surface(stations: Places, rain_mm: FloatArray, targets: Places) -> RainSurface:
    """The rain at the targets by the method that leave-one-out finds best for these values.

    Equal values everywhere are rain without structure: they are taken as they are ("uniform"). One
    station or two cannot tell methods apart: the nearest counts ("thiessen"), and the variance is NaN.
    Where the method knows no variance of its own, the leave-one-out mean square error stands for it;
    that of kriging is scaled so that leave-one-out errors are as large as it says (their squares over
    it have the mean 1), because a variogram fitted to few stations misjudges its sill.

    Args:
        stations: where it was measured, no two at one position.
        rain_mm: rain of the same hours at each, shape (n,), not negative.
        targets: where to estimate.

    Raises:
        RasterError: there is no station at all.
    """
    if rain_mm.size == 0:
        raise RasterError("No rain station reported the whole of these hours.")
    if rain_mm.size > 1 and np.ptp(rain_mm) == 0:
        level = np.full(targets.x.shape, rain_mm[0])
        return RainSurface("uniform", Estimate(level, np.zeros(level.shape)), {"uniform": 0.0})
    if rain_mm.size < 3:
        return RainSurface("thiessen", thiessen(stations, rain_mm, targets), {})
    tried = loo_estimates(stations, rain_mm)
    squares = {name: (found.rain_mm - rain_mm) ** 2 for name, found in tried.items()}
    errors = {name: float(np.sqrt(square.mean())) for name, square in squares.items()}
    for name in sorted(errors, key=errors.__getitem__):
        try:
            found = METHODS[name](stations, rain_mm, targets)
        except ValueError:
            continue  # where the targets lack elevations the next best is taken
        variance = _calibrated(found.variance_mm2, squares[name], tried[name].variance_mm2)
        return RainSurface(name, Estimate(np.maximum(found.rain_mm, 0.0), variance), errors)
    raise RasterError("No method gives a rain surface for these stations.")


def _check_kriging(rain_mm: FloatArray) -> None:
    if rain_mm.size < LEAST_FOR_KRIGING:
        raise ValueError("too few values for a variogram")
    if np.ptp(rain_mm) == 0:
        raise ValueError("all values are equal")


def _calibrated(
    variance_mm2: FloatArray, squares_mm2: FloatArray, loo_variance_mm2: FloatArray
) -> FloatArray:
    """A variance as large as the leave-one-out errors show it to be."""
    known = loo_variance_mm2 > 0  # never where it is NaN
    if not known.any():
        return np.full(variance_mm2.shape, squares_mm2.mean())
    return np.asarray(variance_mm2 * np.mean(squares_mm2[known] / loo_variance_mm2[known]))


def _as_estimate(rain_mm: np.ndarray, variance_mm2: np.ndarray) -> Estimate:
    return Estimate(
        np.ma.getdata(rain_mm).astype(np.float64),
        np.maximum(np.ma.getdata(variance_mm2).astype(np.float64), 0.0),
    )
