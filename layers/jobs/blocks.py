"""The blocks of a grid one after another here, or beside each other on Dask, as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from gis_core.analysis.density import EachBlock
from gis_core.config import Settings
from gis_core.types import FloatArray


def each_block(settings: Settings) -> EachBlock:
    """How blocks are worked through; the results are the same to the bit.

    Without ``dask.scheduler`` Dask works in threads of this process.
    """
    if settings.surfaces.engine == "here":
        return map
    return partial(_on_dask, address=settings.dask.scheduler)


def _on_dask(
    work: Callable[[FloatArray], FloatArray], blocks: Sequence[FloatArray], address: str | None
) -> Iterable[FloatArray]:
    # Dask takes a second to load, and only who asks for it needs it.
    from dask.base import compute  # noqa: PLC0415
    from dask.delayed import delayed  # noqa: PLC0415

    if address is None:
        tasks = [delayed(work)(block) for block in blocks]
        done: tuple[FloatArray, ...] = compute(*tasks, scheduler="threads")  # type: ignore[no-untyped-call]
        return done
    from layers.jobs.run import cluster_at  # noqa: PLC0415

    with cluster_at(address) as client:
        # Straight to the workers: as a part of the graph they would pass through the scheduler.
        there = client.scatter(list(blocks))
        gathered: list[FloatArray] = client.gather(client.map(work, there, pure=False))
        return gathered
