"""Series in which readings are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from layers.quality.base import Check, Finding, Scope, said
from layers.quality.series import LAYERS_OF_SERIES, Series, gaps, median_step_s, read_series


def find_gaps(series: Iterable[Series], scope: Scope) -> Iterator[Finding]:
    """One finding for each gap, at the last reading before it."""
    for one in series:
        at_s = one.at_s
        for row in gaps(at_s, scope.rules.gap_steps):
            missing_s = at_s[row + 1] - at_s[row]
            sentence = said(
                "{title}: không có số liệu từ {start} đến {end} ({missing} giờ; thường {step} phút một lần).",
                "{title}: no readings from {start} to {end} ({missing} h; usually one every {step} min).",
                title=one.title,
                start=one.time_of(row),
                end=one.time_of(row + 1),
                missing=float(missing_s / 3600),
                step=float(median_step_s(at_s) / 60),
            )
            yield one.finding(row, sentence)


GAP = Check("gap", "warning", LAYERS_OF_SERIES, read_series, find_gaps)
