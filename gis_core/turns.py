"""Turns: each client has so many requests answered at a time, and its others wait in line behind them.

A client that asks for a hundred heavy things at once so waits for itself, and leaves database
connections and threads to everybody else. Clients are told apart by their addresses.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gis_core.access import source_of
from gis_core.errors import BusyError
from gis_core.serving_settings import Limits

_FREE = ("/static/", "/health")
"""Answered at once: they cost next to nothing, and whoever watches the service must not wait."""


class _Client:
    """The requests of one client: those in progress, and those that wait."""

    def __init__(self, at_a_time: int) -> None:
        self.turns = anyio.Semaphore(at_a_time)
        self.here = 0


class Turns:
    """Lets requests in by turns, and refuses those of a client that has too many in line."""

    def __init__(
        self, app: ASGIApp, limits: Limits, refuse: Callable[[Request, BusyError], Response]
    ) -> None:
        self._app = app
        self._limits = limits
        self._refuse = refuse
        self._clients: dict[str, _Client] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        source = source_of((scope.get("client") or ("", 0))[0])
        client = self._clients.setdefault(source, _Client(self._limits.requests_per_client))
        client.here += 1
        try:
            await self._in_turn(client, scope, receive, send)
        except BusyError as error:
            await self._refuse(Request(scope), error)(scope, receive, send)
        finally:
            client.here -= 1
            if not client.here:
                del self._clients[source]

    async def _in_turn(self, client: _Client, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self._limits
        if client.here > limits.requests_per_client + limits.waiting_per_client:
            raise BusyError("Too many of your requests wait already; send fewer at a time.")
        with anyio.move_on_after(limits.wait_s) as waiting:
            await client.turns.acquire()
        if waiting.cancelled_caught:
            raise BusyError(
                f"Your other requests took longer than {limits.wait_s:g} s; send fewer at a time."
            )
        try:
            await self._app(scope, receive, send)
        finally:
            client.turns.release()
