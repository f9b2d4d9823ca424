"""``POST /collect/detections`` and ``/collect/observations``: an answer of 200 means committed.

Whoever gets no answer sends the same again: events are known by who pushes them and their own
name for them, else camera, frame and index, else all that the row says; nothing goes in twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.db import writing
from gis_core.errors import CRSMismatchError, IngestError
from layers.base import Layer
from layers.collect.access import source_of
from layers.collect.body import JSON_TYPES, NDJSON_TYPES, read_body, unpack
from layers.collect.intake import Receipt, take_in_rows
from layers.collect.status import record_failure
from layers.ingest.load import refusals
from layers.ingest.source import Request as IngestRequest
from layers.registry import LAYERS

PUSHED = ("detections", "observations")
"""The layers that rows are pushed into."""

_MIB = 1 << 20
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def routes(settings: Settings) -> list[BaseRoute]:
    """The door for each layer that rows are pushed into."""
    return [Route(f"/collect/{name}", _door(settings, LAYERS[name]), methods=["POST"]) for name in PUSHED]


def _door(settings: Settings, layer: Layer) -> Callable[[Request], Awaitable[Response]]:
    async def push(request: Request) -> Response:
        headers = request.headers
        source = source_of(
            settings, headers.get("authorization"), forwarded=any(name in headers for name in _FORWARDED)
        )
        lines = _is_lines(headers.get("content-type", ""))
        packed = _is_packed(headers.get("content-encoding", "identity"))
        try:
            content = await _content(request, int(settings.collect.max_body_mib * _MIB))
        except ClientDisconnect:
            # Nobody is there any more to read an answer.
            return Response(status_code=400)
        # Reading, checking and writing rows takes its time, and others want to be answered meanwhile.
        receipt = await run_in_threadpool(_take, settings, layer, source, content, lines=lines, packed=packed)
        return JSONResponse(answer(receipt))

    return push


def answer(receipt: Receipt) -> dict[str, Any]:
    """What a pusher is told of its rows."""
    return {
        "accepted": receipt.accepted,
        "known_already": receipt.known_already,
        "quarantined": receipt.quarantined,
        "errors": [{"row": number, "reason": reason} for number, reason in receipt.errors],
    }


def _is_lines(content_type: str) -> bool:
    # A page of another site can post text without asking; it cannot post these types.
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (*JSON_TYPES, *NDJSON_TYPES):
        raise HTTPException(415, f"Send rows as one of {', '.join((*JSON_TYPES, *NDJSON_TYPES))}.")
    return kind in NDJSON_TYPES


def _is_packed(encoding: str) -> bool:
    if encoding.strip().lower() not in ("gzip", "identity"):
        raise HTTPException(415, "Send the body as it is, or with Content-Encoding gzip.")
    return encoding.strip().lower() == "gzip"


async def _content(request: Request, limit: int) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limit:
            raise _too_large(limit)
    return bytes(content)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {limit / _MIB:g} MiB; send the rows in parts.")


def _take(
    settings: Settings, layer: Layer, source: str, content: bytes, *, lines: bool, packed: bool
) -> Receipt:
    limit = int(settings.collect.max_body_mib * _MIB)
    try:
        plain = unpack(content, limit) if packed else content
        if plain is None:
            raise _too_large(limit)
        body = read_body(plain, lines=lines)
        if len(body.rows) > settings.collect.max_rows:
            raise HTTPException(
                413, f"The body holds more than {settings.collect.max_rows:,} rows; send them in parts."
            )
        with refusals(source), writing() as connection:
            return take_in_rows(connection, source, body.rows, IngestRequest(layer), body.crs)
    except (IngestError, CRSMismatchError) as error:
        record_failure(source, str(error))
        raise
