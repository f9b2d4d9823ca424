"""How well control points agree with a fit, point by point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gis_core.types import BoolArray, FloatArray


@dataclass(frozen=True)
class FitQuality:
    """The report on a fit to n control points, in their order.

    ``residual_m`` is the distance on the ground between each point and where the fit puts its
    pixel, and ``leave_one_out_m`` the same for a fit to all the others: what the point says of
    the fit, rather than what the fit made of the point (NaN where the others are too few).
    ``used`` are the points that the fit was made from. ``poor`` are those that contradict the
    rest: without each of them, the others agree better than chance explains (F test at 5 %,
    Bonferroni-corrected).
    """

    residual_m: FloatArray
    leave_one_out_m: FloatArray
    used: BoolArray
    poor: BoolArray

    @property
    def rms_m(self) -> float:
        """Root of the mean squared distance of the points that were used."""
        return float(np.sqrt(np.mean(self.residual_m[self.used] ** 2)))

    def sentences(self) -> list[str]:
        """What a person should know of the points, numbered from 1."""
        told = []
        for index in np.flatnonzero(self.poor | ~self.used):
            rest = self.used.copy()
            rest[index] = False
            what = "was left out" if not self.used[index] else "is poor"
            told.append(
                f"Point {index + 1} {what}: a fit to the other points puts it "
                f"{self.leave_one_out_m[index]:.2f} m away from where it is said to be."
            )
        return told
