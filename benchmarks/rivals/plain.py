"""Raw SQL behind the plainest answer of an ASGI server: what HTTP itself costs in Python."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from starlette.types import Receive, Scope, Send

from benchmarks.rivals.process import OWN, served

_CONNECTIONS = 4


class _Plain:
    """Answers ``/NAME`` with the first column of the statement of that name."""

    def __init__(self) -> None:
        self._statements = json.loads(Path(os.environ["PLAIN_STATEMENTS"]).read_text())
        self._pool: AsyncConnectionPool | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = await self._body(scope["path"].strip("/"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def _body(self, name: str) -> bytes:
        if not name:
            return b""
        async with self._connection() as connection:
            row = await (await connection.execute(self._statements[name], prepare=True)).fetchone()
        value = row[0]
        return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        if self._pool is None:
            raise RuntimeError("the pool is not open")
        async with self._pool.connection() as connection:
            yield connection

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = AsyncConnectionPool(
            os.environ["PLAIN_URL"], min_size=_CONNECTIONS, max_size=_CONNECTIONS, open=False,
            kwargs={"autocommit": True},
        )  # fmt: skip
        await self._pool.open(wait=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


def app() -> _Plain:
    """The application by what its environment names."""
    return _Plain()


@contextmanager
def serving(url: str, folder: Path, statements: dict[str, str]) -> Iterator[str]:
    """Its address; each statement is below it by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "statements.json"
    file.write_text(json.dumps(statements))
    environment = {"PLAIN_URL": url, "PLAIN_STATEMENTS": str(file)}
    with served(
        OWN, "benchmarks.rivals.plain:app", "--factory", environment=environment, folder=folder, ready="/"
    ) as address:
        yield address
