"""What the commands show while they run: on a terminal a bar or a table, elsewhere plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from detectors.running import Tally
from detectors.watching import Report

_WIDTH_WITHOUT_TERMINAL = 200
_LINE_EVERY_S = 10.0


def complain(sentence: str) -> None:
    """One sentence on what went wrong, beside the results."""
    click.echo(f"huegis: {sentence}", err=True)


def console(*, err: bool = False) -> Console:
    """A console that does not break lines where nobody looks at them."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else _WIDTH_WITHOUT_TERMINAL
    return Console(stderr=err, width=width)


@contextmanager
def progress(limit: int | None) -> Iterator[Callable[[Tally], None]]:
    """A bar of analysed frames with their rate and lag; nothing where there is no terminal."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    shown = console(err=True)
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        task = bar.add_task("frames", total=limit)
        yield lambda tally: bar.update(task, completed=tally.frames, description=_state(tally))


@contextmanager
def board() -> Iterator[Callable[[Report], None]]:
    """A table of all cameras, kept up to date; where there is no terminal, a line now and then."""
    reports: dict[str, Report] = {}
    shown = console()
    if not shown.is_terminal:
        yield _Lines(reports)
        return
    with Live(_table(reports), console=shown, refresh_per_second=2) as live:

        def show(report: Report) -> None:
            reports[report.camera_code] = report
            live.update(_table(reports))

        yield show


def summary(tally: Tally, solutions: str) -> str:
    """What a run came to, in a line."""
    stored = tally.stored
    findings = stored.detections + stored.bearings
    without = stored.bearings.inserted + stored.bearings.unchanged + stored.nowhere
    parts = [
        f"{tally.frames} frames with {solutions}",
        f"{findings.inserted} new findings",
        f"{findings.unchanged} known already",
        f"{without} without a position on the ground",
        f"{tally.frames_per_s:.1f} frames/s",
    ]
    if tally.dropped:
        parts.append(f"{tally.dropped} dropped for newer ones")
    if tally.lost:
        parts.append(f"{tally.lost} lost while the database was out of reach")
    return ", ".join(parts) + "."


class _Lines:
    """Says how all cameras stand, every few seconds."""

    def __init__(self, reports: dict[str, Report]) -> None:
        self._reports = reports
        self._next_s = time.monotonic() + _LINE_EVERY_S

    def __call__(self, report: Report) -> None:
        self._reports[report.camera_code] = report
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + _LINE_EVERY_S
        every = list(self._reports.values())
        lags = [one.lag_s for one in every if one.lag_s is not None]
        worst = f", lag up to {max(lags):.1f} s" if lags else ""
        click.echo(
            f"{sum(one.is_connected for one in every)} of {len(every)} cameras connected, "
            f"{sum(one.frames for one in every)} frames, "
            f"{sum(one.frames_per_s for one in every):.1f} frames/s, "
            f"{sum(one.findings for one in every)} findings, "
            f"{sum(one.dropped for one in every)} dropped{worst}."
        )


def _state(tally: Tally) -> str:
    lag = "" if tally.lag_s is None or tally.lag_s > 3_600 else f", lag {tally.lag_s:.1f} s"
    findings = tally.stored.detections.inserted + tally.stored.bearings.inserted
    return f"{tally.frames_per_s:.1f} frames/s, {findings} findings, {tally.dropped} dropped{lag}"


def _table(reports: dict[str, Report]) -> Table:
    table = Table("camera", "state", box=None, pad_edge=False)
    for title in ("frames", "frames/s", "findings", "dropped", "lag (s)"):
        table.add_column(title, justify="right")
    for code in sorted(reports):
        one = reports[code]
        table.add_row(
            code,
            "connected" if one.is_connected else "connecting",
            f"{one.frames:,}",
            f"{one.frames_per_s:.1f}",
            f"{one.findings:,}",
            f"{one.dropped:,}",
            "" if one.lag_s is None else f"{one.lag_s:.1f}",
        )
    return table
