"""Readings that stand alone, far from those before and after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gis_core.types import FloatArray, IntArray
from layers.quality.base import Check, Finding, Scope, said
from layers.quality.series import LAYERS_OF_SERIES, Series, read_series, stretches


def spikes(value: FloatArray, neighbours: int, mads: float, floor: float) -> IntArray:
    """Rows of single readings far from their neighbours, by the median and its absolute deviation.

    The identifier of Hampel, with the reading itself left out of its neighbours (Pearson et
    al. 2016, "Generalized Hampel Filters", doi:10.1186/s13634-016-0383-6). The first and the
    last readings are not judged: a flood that begins looks like a spike until it goes on.

    Args:
        value: shape (n,), evenly spaced in time, any unit.
        neighbours: readings on each side.
        mads: how many median absolute deviations are too far.
        floor: nearer than this is never too far, in the unit of ``value``.
    """
    if value.size < 2 * neighbours + 1:
        return np.zeros(0, np.int64)
    around = np.delete(sliding_window_view(value, 2 * neighbours + 1), neighbours, axis=1)
    middle = np.median(around, axis=1)
    spread = np.median(np.abs(around - middle[:, None]), axis=1)
    distance = np.abs(value[neighbours : value.size - neighbours] - middle)
    return np.flatnonzero(distance > np.maximum(mads * spread, floor)) + neighbours


def find_spikes(series: Iterable[Series], scope: Scope) -> Iterator[Finding]:
    """One finding for each spike of a property that has limits."""
    rules = scope.rules
    for one in series:
        limits = rules.series.get(one.observed_property)
        if limits is None:
            continue
        for stretch in stretches(one.at_s, rules.gap_steps):
            found = spikes(one.value[stretch], rules.spike_neighbours, rules.spike_mads, limits.spike_floor)
            for row in found + stretch.start:
                sentence = said(
                    "{title}: giá trị {value} lúc {at} khác hẳn các giá trị trước và sau.",
                    "{title}: the value {value} at {at} stands apart from those before and after it.",
                    title=one.title,
                    value=float(one.value[row]),
                    at=one.time_of(row),
                )
                yield one.finding(row, sentence)


SPIKE = Check("spike", "warning", LAYERS_OF_SERIES, read_series, find_spikes)
