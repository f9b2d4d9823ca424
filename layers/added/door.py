"""The door of the service, where each request gets the list of layers as it is now."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Receive, Scope, Send

from layers.added.known import refresh
from layers.registry import LAYERS

_LOOK_EVERY_S = 1.0
"""So soon does every process know of a layer that another one added; the door asks no more often."""
_WAIT_AT_MOST_S = 2.0
"""A database that does not answer keeps nobody waiting here; the request itself will say so."""


class Door:
    """Lets each request see one edition of the list from beginning to end, never older than a second."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clock = clock
        self._looked_at = float("-inf")
        self._looking = anyio.Lock()
        self._one_thread = anyio.CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._is_due():
            with anyio.move_on_after(_WAIT_AT_MOST_S):
                await self._look()
        with LAYERS.held():
            await self._app(scope, receive, send)

    def _is_due(self) -> bool:
        return self._clock() - self._looked_at >= _LOOK_EVERY_S

    async def _look(self) -> None:
        async with self._looking:
            # Whoever waited here for another's look has what that one saw.
            if self._is_due():
                began = self._clock()
                try:
                    await run_sync(refresh, abandon_on_cancel=True, limiter=self._one_thread)
                finally:
                    self._looked_at = began
