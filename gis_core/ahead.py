"""Work one step ahead of whoever consumes it, so that two processors are busy and not one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; while one is being consumed, the next is made in a thread.

    At most one item waits, so that memory stays bounded. What the making raises is raised
    where its item would have come.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as worker:
        coming = worker.submit(_next, items)
        while (made := coming.result()) is not None:
            coming = worker.submit(_next, items)
            yield made[0]


def _next(items: Iterator[Item]) -> tuple[Item] | None:
    try:
        return (next(items),)
    except StopIteration:
        return None
