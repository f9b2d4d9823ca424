"""Connections held to bounds of number, time and memory, so that a slow or broken client harms no other.

A request must arrive in time and within a size; an answer must be taken at some speed; what clients
have not taken yet may not grow beyond a bound. Where there are too many connections, the one goes that
has longest been without a whole request, of the client that holds most of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gis_core.access import source_of
from gis_core.serving_settings import Limits

_SWEEP_S = 1.0
_KIB, _MIB = 1 << 10, 1 << 20


class _Phase(Enum):
    """What is awaited: a request's head or body from the client, or the answer from us."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()


class BoundedConnection(HttpToolsProtocol):
    """One connection; ``room`` is what it shares with all others of the process."""

    room: ClassVar[Room]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.source = ""
        self._phase = _Phase.HEAD
        self._since = self.loop.time()
        self._head_bytes = 0
        self._request_whole = self._answered = False
        """Of the newest request: a refusal may be sent while its body is still arriving."""
        self._stall: tuple[float, int] | None = None
        """Since when the client's side is full, and how much was unsent then; None where it is not."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.source = source_of(self.client[0] if self.client else "")
        self.room.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._phase is not _Phase.HEAD or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.room.limits.head_kib * _KIB:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        self._request_whole = self._answered = False
        self._enter(_Phase.BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._request_whole = True
        self._enter(_Phase.HEAD if self._answered else _Phase.ANSWER)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self.pipeline:
            self._answered = True
            self._enter(_Phase.HEAD if self._request_whole else _Phase.BODY)
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self.loop.time(), self.unsent
        self.room.shed()

    def resume_writing(self) -> None:
        self._stall = None
        super().resume_writing()

    @property
    def unsent(self) -> int:
        """Bytes that wait for the client to take them."""
        return self.transport.get_write_buffer_size()

    @property
    def stalled_since(self) -> float | None:
        """Since when the client takes less than we have for it."""
        return None if self._stall is None else self._stall[0]

    @property
    def waits_for_client(self) -> bool:
        """Whether the next thing must come from the client: a request, or room for the answer."""
        return self._phase is not _Phase.ANSWER or self._stall is not None

    @property
    def since(self) -> float:
        """Since when it is as it is, in seconds of the loop's clock."""
        return self._since

    def check(self, now: float) -> None:
        """End the connection if its time is over."""
        limits = self.room.limits
        if self._stall is not None:
            began, before = self._stall
            if now - began >= limits.send_stall_s:
                if before - self.unsent < limits.send_kib_per_s * _KIB * (now - began):
                    self.transport.abort()
                self._stall = now, self.unsent
        elif self._phase is _Phase.HEAD and now - self._since >= limits.head_timeout_s:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._phase is _Phase.BODY and now - self._since >= limits.body_timeout_s:
            self.transport.abort()

    def _enter(self, phase: _Phase) -> None:
        self._phase, self._since, self._head_bytes = phase, self.loop.time(), 0

    def _refuse(self, status: HTTPStatus) -> None:
        if self._head_bytes:
            line = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.write(line.encode("ascii"))
        self.transport.close()


class Room:
    """All connections of the process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._connections: set[BoundedConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    def enter(self, connection: BoundedConnection) -> None:
        """Take a connection in; one of those that wait for their clients makes room where it is full."""
        if len(self._connections) >= self.limits.connections:
            held = Counter(other.source for other in self._connections)
            waiting = [other for other in self._connections if other.waits_for_client]
            leaving = max(waiting, key=lambda other: (held[other.source], -other.since), default=connection)
            leaving.transport.abort()
            self._connections.discard(leaving)
            if leaving is connection:
                return
        self._connections.add(connection)
        if self._sweep is None:
            self._sweep = connection.loop.call_later(_SWEEP_S, self._look, connection.loop)

    def leave(self, connection: BoundedConnection) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)

    def shed(self) -> None:
        """End the connections that have been full longest, until the rest is within the bound."""
        full = [one for one in self._connections if one.stalled_since is not None]
        unsent = sum(one.unsent for one in full)
        for one in sorted(full, key=lambda one: one.stalled_since or 0.0):
            if unsent <= self.limits.unsent_mib * _MIB:
                return
            unsent -= one.unsent
            one.transport.abort()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        for connection in tuple(self._connections):
            connection.check(loop.time())
        again = bool(self._connections)
        self._sweep = loop.call_later(_SWEEP_S, self._look, loop) if again else None


def bounded_connections(limits: Limits) -> type[BoundedConnection]:
    """The protocol of a server whose connections share one room."""
    return type("BoundedConnection", (BoundedConnection,), {"room": Room(limits)})
