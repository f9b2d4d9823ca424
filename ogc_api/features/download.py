"""``/download``: all features that a query finds, in one answer that is never whole in memory.

Text is sent while the database finds it; a file is made in a temporary folder first. Whoever goes
away stops the query, and one that takes too long is cut, so that its end is missing for all to see.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from anyio.from_thread import run as in_loop
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import GisError
from gis_core.stopping import ClientGoneError, unless_gone
from layers.base import Layer
from layers.downloads.copying import lasting
from layers.query import FeatureQuery, count_of
from ogc_api.asking import base_url, language, parameters, said
from ogc_api.described import link
from ogc_api.endpoint import ALLOW
from ogc_api.errors import error_response
from ogc_api.features.formats.base import Format
from ogc_api.features.formats.jsonfg import collection_members_of, form_of
from ogc_api.features.formats.listed import FOR_ALL, chosen
from ogc_api.features.formats.whole import attachment, write_file
from ogc_api.features.links import with_query
from ogc_api.features.query import known_parameters, read_query
from ogc_api.named import layer_of

_log = logging.getLogger(__name__)

NOT_FOR_ALL = ("limit", "cursor", "sortby")
"""Parameters of ``/items`` that a download does not have: it is everything, in the order of identifiers."""

_PIECE_BYTES = 1 << 20


def download_parameters(layer: Layer) -> tuple[str, ...]:
    """Every parameter that a download of this layer understands."""
    return tuple(name for name in known_parameters(layer) if name not in NOT_FOR_ALL)


class _CutShortError(Exception):
    """What was being sent cannot be finished."""


class DownloadEndpoint:
    """Answers with all features of a query; so many downloads at a time, others wait for their turn."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = settings.ogc_api.downloads
        self._limiter = anyio.CapacityLimiter(self._limits.at_a_time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            if request.method == "OPTIONS":
                await Response(status_code=204, headers=ALLOW)(scope, receive, send)
                return
            if request.method not in ("GET", "HEAD"):
                raise HTTPException(405, f"{request.method} is not possible: a download is only read.", ALLOW)
            # A filter may be long; reading it keeps nobody else waiting.
            download = await run_in_threadpool(_Download, request, self._settings)
            if download.wanted.pieces is not None:
                await unless_gone(receive, lambda: download.stream(send), self._limiter)
            else:
                await self._send_file(download, receive, send)
        except (GisError, HTTPException) as error:
            response = error_response(request, error)
            response.headers["Vary"] = "Accept, Accept-Language"
            await response(scope, receive, send)
        except ClientGoneError:
            return
        except _CutShortError as error:
            # An answer without an end is all that HTTP has to say that it is not whole.
            _log.warning("download of %s cut short: %s", request.url.path, error.__cause__)

    async def _send_file(self, download: _Download, receive: Receive, send: Send) -> None:
        with tempfile.TemporaryDirectory(prefix="huegis-download-") as folder:
            path = Path(folder) / f"features{download.wanted.ending}"
            async with self._limiter:
                found = await unless_gone(receive, lambda: download.write(path))
                with anyio.move_on_after(self._limits.timeout_s):
                    await send(download.start(found, path.stat().st_size))
                    if not download.headers_only:
                        async with await anyio.open_file(path, "rb") as file:
                            while piece := await file.read(_PIECE_BYTES):
                                await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await send({"type": "http.response.body", "body": b""})


class _Download:
    """One request for all features of a query."""

    def __init__(self, request: Request, settings: Settings) -> None:
        self._settings = settings
        self._limits = settings.ogc_api.downloads
        self._layer = layer_of(request)
        given = parameters(request, download_parameters(self._layer), FOR_ALL)
        self.wanted: Format = chosen(request, FOR_ALL)
        self.headers_only = request.method == "HEAD"
        form = form_of(self.wanted, given.get("profile"))
        asked = read_query(self._layer, given, settings.ogc_api, default_limit=self._limits.max_features)
        self._query = FeatureQuery(
            self._layer, self._limits.max_features, asked.bbox, asked.bbox_srid, asked.interval,
            asked.equals, asked.filter, crs=asked.crs, properties=asked.properties, form=form,
        )  # fmt: skip
        self._members = self._members_of(request, given)

    def stream(self, send: Send) -> None:
        """Send the text as the database gives it, from the thread that reads it."""

        async def sent(message: Message) -> None:
            await send(message)

        begun = False
        try:
            with self._moment() as connection:
                found = self._count(connection)
                members = {**self._members, "numberMatched": found, "numberReturned": found}
                if self.headers_only or self.wanted.pieces is None:
                    pieces: Iterator[bytes] = iter(())
                else:
                    pieces = self.wanted.pieces(connection, self._query, members)
                first = next(pieces, b"")
                begun = True
                in_loop(sent, self.start(found))
                in_loop(sent, _body(first))
                for piece in pieces:
                    in_loop(sent, _body(piece))
        except Exception as error:
            if begun:
                raise _CutShortError from error
            raise
        in_loop(sent, {"type": "http.response.body", "body": b""})

    def write(self, path: Path) -> int:
        """Make the file; gives the number of features."""
        with self._moment() as connection:
            found = self._count(connection)
            write_file(connection, self.wanted, self._query, path, found)
            return found

    @contextmanager
    def _moment(self) -> Iterator[Connection]:
        with reading() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with lasting(connection, self._limits.timeout_s):
                yield connection

    def start(self, found: int, size: int | None = None) -> Message:
        """The beginning of the answer as ASGI has it."""
        headers = {
            **attachment(f"{self._layer.name}{self.wanted.ending}"),
            "Cache-Control": "no-store",
            "OGC-NumberMatched": str(found),
            "OGC-NumberReturned": str(found),
        }
        if self.wanted.is_object:
            headers["Content-Crs"] = f"<{self._query.crs.uri}>"
        response = Response(headers=headers, media_type=self.wanted.media_type)
        response.headers["Vary"] = "Accept, Accept-Language"
        del response.headers["content-length"]
        if size is not None:
            response.headers["Content-Length"] = str(size)
        return {"type": "http.response.start", "status": 200, "headers": response.raw_headers}

    def _count(self, connection: Connection) -> int:
        matched = count_of(connection, self._query, self._limits.max_features)
        if not matched.is_exact:
            raise HTTPException(
                400,
                f"More than {self._limits.max_features:,} features match, which is the most of a download; "
                "narrow it by bbox, datetime or filter.",
            )
        return matched.number

    def _members_of(self, request: Request, given: Mapping[str, str]) -> dict[str, Any]:
        base, spoken, layer = base_url(request, self._settings), language(request), self._layer
        collection, form = f"{base}/collections/{layer.name}", self._query.form or "geojson"
        itself = with_query(f"{collection}/download", given)
        return {
            **collection_members_of(base, layer, self._query.crs, form),
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "links": [
                link("self", self.wanted.media_type, said(self.wanted.title, spoken), itself),
                link("collection", "application/json", said(layer.title, spoken), collection),
            ],
        }


def _body(piece: bytes) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}
