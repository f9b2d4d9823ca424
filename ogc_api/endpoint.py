"""One resource of the API as Starlette calls it: methods, threads and errors, in one place."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gis_core.errors import GisError
from ogc_api.errors import error_response

_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


class Endpoint:
    """Answers GET and HEAD by a plain function in a thread, OPTIONS by itself, and refuses the rest.

    With a ``limiter`` of its own costly work waits for its turn, and no other request for it.
    """

    def __init__(self, answer: Callable[[Request], Response], limiter: CapacityLimiter | None = None) -> None:
        self._answer = answer
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._respond(request)
        response.headers["Vary"] = "Accept, Accept-Language"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_ALLOW)
        try:
            if request.method not in ("GET", "HEAD"):
                raise HTTPException(
                    405, f"{request.method} is not possible: the data are read-only here.", dict(_ALLOW)
                )
            return await anyio.to_thread.run_sync(self._answer, request, limiter=self._limiter)
        except (GisError, HTTPException) as error:
            return error_response(request, error)
