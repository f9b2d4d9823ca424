"""How well a simulated flood agrees with what was seen.

The contingency scores are those of flood inundation mapping (NOAA OWP; Wing et al. 2017) and of
forecast verification (Wilks 2011): CSI = hits / (hits + misses + false alarms), POD = hits /
(hits + misses), FAR = false alarms / (hits + false alarms); Brier (1950) for probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

from gis_core.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Contingency:
    """How often simulated and observed floods met; a score without any case is None."""

    hits: int
    misses: int
    false_alarms: int
    correct_negatives: int

    @property
    def csi(self) -> float | None:
        """Critical success index, 0 to 1."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def pod(self) -> float | None:
        """Probability of detection, 0 to 1."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def far(self) -> float | None:
        """False alarm ratio, 0 to 1; 0 is best."""
        return _share(self.false_alarms, self.hits + self.false_alarms)


def contingency(simulated: BoolArray, observed: BoolArray, judged: BoolArray | None = None) -> Contingency:
    """Count hits, misses, false alarms and correct negatives.

    Args:
        simulated: flooded by the model.
        observed: seen flooded, same shape.
        judged: what counts, same shape; by default everything. Permanent water is left out so.
    """
    counted = np.ones(simulated.shape, dtype=bool) if judged is None else judged
    wet, seen = simulated[counted], observed[counted]
    return Contingency(
        int((wet & seen).sum()), int((~wet & seen).sum()), int((wet & ~seen).sum()), int((~wet & ~seen).sum())
    )


def brier(probability: FloatArray, observed: BoolArray, judged: BoolArray | None = None) -> float | None:
    """Mean squared difference of probability and outcome, 0 to 1, 0 is best; None where nothing counts.

    Args:
        probability: 0 to 1; NaN is left out.
        observed: what came, same shape.
        judged: what counts, same shape; by default everything.
    """
    counted = np.isfinite(probability) if judged is None else judged & np.isfinite(probability)
    if not counted.any():
        return None
    return float(np.mean((probability[counted] - observed[counted]) ** 2))


def edge_distance_m(
    simulated: BoolArray, observed: BoolArray, cell_m: float, judged: BoolArray | None = None
) -> float | None:
    """Mean distance between the edges of two floods, from each to the nearest place of the other.

    Args:
        simulated: flooded by the model, shape (rows, columns).
        observed: seen flooded, same shape.
        cell_m: width of a cell.
        judged: only edges in these cells count, same shape.

    Returns:
        Metres, the mean over the cells of both edges; None where either flood has no edge.
    """
    counted = np.ones(simulated.shape, dtype=bool) if judged is None else judged
    edges = [_edge(simulated) & counted, _edge(observed) & counted]
    if not all(edge.any() for edge in edges):
        return None
    to_observed = distance_transform_edt(~edges[1], sampling=cell_m)[edges[0]]
    to_simulated = distance_transform_edt(~edges[0], sampling=cell_m)[edges[1]]
    return float(np.concatenate([to_observed, to_simulated]).mean())


def _edge(flooded: BoolArray) -> BoolArray:
    """Flooded cells that have a dry neighbour; the limits of the grid are no edge."""
    edge: BoolArray = flooded & ~binary_erosion(flooded, border_value=1)
    return edge


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
