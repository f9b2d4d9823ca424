"""Aliases that say what an array or a tuple holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
"""Any float64 array; the docstring that uses it gives shape and unit."""

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.signedinteger[Any]]
"""Any array of whole numbers, of 32 bits where a large grid is counted in them."""


class Bounds(NamedTuple):
    """West, south, east and north limits in the units of some CRS."""

    west: float
    south: float
    east: float
    north: float


class Text(NamedTuple):
    """One text in the two languages of the service; Vietnamese is the users' first."""

    vi: str
    en: str

    @property
    def both(self) -> str:
        """Vietnamese and English on one line, for places that show a single string."""
        return self.vi if self.vi == self.en else f"{self.vi} / {self.en}"
