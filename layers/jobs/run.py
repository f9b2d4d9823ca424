"""One function over many days: here, one day after another, or on the cluster of the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from dask.base import compute
from dask.delayed import delayed
from distributed import Client

from gis_core.config import get_settings
from gis_core.errors import GisError
from layers.jobs.days import Day

Result = TypeVar("Result")

_PATIENCE_S = 10


class JobError(GisError):
    """A day's work failed."""


def by_day(work: Callable[[Day], Result], days: Sequence[Day]) -> Iterator[Result]:
    """What ``work`` gives for every day, in the order of the days, wherever each was done.

    On a cluster, ``work`` is called in processes that read their own settings: these must name
    the same database and the same folder of the archive.

    Raises:
        JobError: it failed for a day, or the cluster does not answer; no day after it counts.
    """
    task = partial(_told, work)
    address = get_settings().dask.scheduler
    if address is None:
        for day in days:
            yield compute(delayed(task)(day), scheduler="synchronous")[0]  # type: ignore[no-untyped-call]
        return
    with cluster_at(address) as client:
        # Not pure: the same day may hold something else when it is asked for again.
        futures = client.map(task, days, pure=False)
        try:
            for future in futures:
                yield future.result()
        finally:
            client.cancel(futures)


def cluster_at(address: str) -> Client:
    """A client of the scheduler at an address, to be closed by a ``with``.

    Raises:
        JobError: none answers there.
    """
    try:
        return Client(address, timeout=_PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise JobError(f"No Dask scheduler answers at {address} (dask.scheduler).") from error


def _told(work: Callable[[Day], Result], day: Day) -> Result:
    try:
        return work(day)
    except GisError as error:
        # One sentence travels between processes; not every error's parts do.
        raise JobError(f"{day.day.isoformat()}: {error}") from None
