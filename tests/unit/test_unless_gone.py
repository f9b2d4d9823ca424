"""Work for a client that may go away: quick work is not watched, slow work ends with its client."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.to_thread import run_sync
from psycopg.errors import QueryCanceled
from starlette.types import Message

from gis_core.stopping import ClientGoneError, unless_gone

_IN_TIME_S = 30.0


class Client:
    """A client that goes away once ``gone`` is set; counts how often it was listened to."""

    def __init__(self) -> None:
        self.gone = anyio.Event()
        self.listened_to = anyio.Event()

    async def receive(self) -> Message:
        self.listened_to.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}


def run(test: Callable[[], Awaitable[None]]) -> None:
    """Run a test that waits for events, and give up where one never comes."""

    async def bounded() -> None:
        with anyio.fail_after(_IN_TIME_S):
            await test()

    anyio.run(bounded)


def test_quick_work_is_answered_without_listening_to_the_client() -> None:
    async def test() -> None:
        client = Client()
        assert await unless_gone(client.receive, lambda: 7) == 7
        assert not client.listened_to.is_set()

    run(test)


def test_slow_work_is_watched_and_answered() -> None:
    async def test() -> None:
        client, may_end = Client(), threading.Event()
        async with anyio.create_task_group() as group:

            async def end_once_watched() -> None:
                await client.listened_to.wait()
                may_end.set()

            group.start_soon(end_once_watched)
            assert await unless_gone(client.receive, lambda: may_end.wait(_IN_TIME_S))

    run(test)


def test_an_error_of_the_work_arrives_as_it_is() -> None:
    def fail() -> None:
        raise ZeroDivisionError("as it is")

    async def test() -> None:
        with pytest.raises(ZeroDivisionError, match="as it is"):
            await unless_gone(Client().receive, fail)

    run(test)


@pytest.mark.parametrize(
    ("late", "told"),
    [(QueryCanceled("the stopped query"), ClientGoneError), (ZeroDivisionError(), ZeroDivisionError)],
)
def test_a_stopped_query_is_no_news_but_a_bug_is(late: Exception, told: type[Exception]) -> None:
    async def test() -> None:
        client, may_end = Client(), threading.Event()
        async with anyio.create_task_group() as group:

            async def leave() -> None:
                await client.listened_to.wait()
                client.gone.set()
                await run_sync(may_end.set)

            group.start_soon(leave)
            with pytest.raises(told):
                await unless_gone(client.receive, lambda: fail_late(may_end))

    def fail_late(may_end: threading.Event) -> None:
        may_end.wait(_IN_TIME_S)
        raise late

    run(test)


def test_a_client_that_goes_gives_up_its_place_in_line() -> None:
    async def test() -> None:
        client, full = Client(), anyio.CapacityLimiter(1)
        await full.acquire_on_behalf_of("another")
        async with anyio.create_task_group() as group:

            async def leave() -> None:
                await client.listened_to.wait()
                client.gone.set()

            group.start_soon(leave)
            with pytest.raises(ClientGoneError):
                await unless_gone(client.receive, lambda: None, full)
        assert full.statistics().borrowers == ("another",)

    run(test)
