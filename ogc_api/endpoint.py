"""One resource of the API as Starlette calls it: methods, threads and errors, in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gis_core.errors import GisError
from gis_core.stopping import ClientGoneError, unless_gone
from ogc_api.entity_tags import content_tag, is_same
from ogc_api.errors import error_response

ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


def unless_known(request: Request, response: Response) -> Response:
    """The answer with a weak tag of its bytes, or only that the client has them already.

    Answers that have a tag, or are not whole in memory, are left as they are.
    """
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    body = getattr(response, "body", b"")
    if "etag" in response.headers or not isinstance(body, bytes) or not body:
        return response
    tag = content_tag(body)
    if is_same(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": f"W/{tag}"})
    response.headers["ETag"] = f"W/{tag}"
    return response


class Endpoint:
    """Answers GET and HEAD by a plain function in a thread, OPTIONS by itself, and refuses the rest.

    With a ``limiter`` of its own costly work waits for its turn, and no other request for it. What the
    function asks of the database is stopped when the client goes.
    """

    def __init__(self, answer: Callable[[Request], Response], limiter: CapacityLimiter | None = None) -> None:
        self._answer = answer
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = unless_known(request, await self._respond(request))
        except ClientGoneError:
            return
        response.headers["Vary"] = "Accept, Accept-Language"
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=ALLOW)
        try:
            if request.method not in ("GET", "HEAD"):
                raise HTTPException(
                    405, f"{request.method} is not possible: the data are read-only here.", dict(ALLOW)
                )
            return await unless_gone(request.receive, partial(self._answer, request), self._limiter)
        except (GisError, HTTPException) as error:
            return error_response(request, error)
