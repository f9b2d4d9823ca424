"""``/tiles``: a layer's vector tiles in two tile matrix sets, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import GisError
from gis_core.serving_settings import OgcApi
from gis_core.stopping import ClientGoneError, unless_gone
from layers.base import Layer
from layers.tiles.keeping import Tile, fresh_tile, kept_tile, new_tile
from layers.tiles.matrix_sets import WEB_MERCATOR_QUAD
from layers.tiles.query import TileQuery
from ogc_api.asking import base_url, language, parameters
from ogc_api.described import described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import error_response, not_found
from ogc_api.features.query import read_query
from ogc_api.named import collection_of
from ogc_api.tiles import documents
from ogc_api.tiles.documents import MVT_TYPE, TILEJSON_TYPE
from ogc_api.tiles.places import matrix_set_of, place_of

SELECTING = ("datetime", "filter", "filter-lang", "filter-crs", "properties")
"""Parameters of a tile that are no column; they mean what they mean for items."""
_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of tiles, below ``/ogc``."""
    described = _Described(settings)
    collection = "/ogc/collections/{name}/tiles"
    answers: dict[str, Callable[[Request], Response]] = {
        "/ogc/tileMatrixSets": described.matrix_sets,
        "/ogc/tileMatrixSets/{matrix_set}": described.matrix_set,
        collection: described.tilesets,
        f"{collection}/{{matrix_set}}": described.tileset,
    }
    return [
        *(Route(path, Endpoint(answer)) for path, answer in answers.items()),
        Route(f"{collection}/{{matrix_set}}/{{level}}/{{row}}/{{col}}", TileEndpoint(settings)),
    ]


def _tiled_layer(request: Request) -> Layer:
    declared = collection_of(request)
    if isinstance(declared, Layer):
        return declared
    raise not_found(
        f"Surface '{declared.name}' has no vector tiles; its picture's are at "
        f"/ogc/collections/{declared.name}/map/tiles."
    )


class _Described:
    """The documents that describe tiles, as JSON or as a page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def matrix_sets(self, request: Request) -> Response:
        return described(request, self._settings, "matrix_sets.html", documents.matrix_sets)

    def matrix_set(self, request: Request) -> Response:
        of = matrix_set_of(request)
        return described(
            request, self._settings, "matrix_set.html", lambda base, spoken: documents.matrix_set(spoken, of)
        )

    def tilesets(self, request: Request) -> Response:
        layer = _tiled_layer(request)
        return described(
            request,
            self._settings,
            "tilesets.html",
            lambda base, spoken: documents.tilesets(base, spoken, layer),
            name=layer.name,
        )

    def tileset(self, request: Request) -> Response:
        layer, of = _tiled_layer(request), matrix_set_of(request)
        area = self._settings.province.bounds
        if request.query_params.get("f") == "tilejson":
            parameters(request, (), ("tilejson",))
            if of is not WEB_MERCATOR_QUAD:
                raise not_found(f"TileJSON knows {WEB_MERCATOR_QUAD.name} only, not {of.name}.")
            base, spoken = base_url(request, self._settings), language(request)
            return JSONResponse(documents.tilejson(base, spoken, layer, area), media_type=TILEJSON_TYPE)
        return described(
            request,
            self._settings,
            "tileset.html",
            lambda base, spoken: documents.tileset(base, spoken, layer, of, area),
            name=layer.name,
            tilejson=of is WEB_MERCATOR_QUAD,
        )


class TileEndpoint:
    """Answers with one tile; what is made for a client that goes away is stopped."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.ogc_api
        self._limiter = anyio.CapacityLimiter(settings.ogc_api.tiles.at_a_time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except (GisError, HTTPException) as error:
            response = error_response(request, error)
        except ClientGoneError:
            return
        response.headers.setdefault("Vary", "Accept")
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_ALLOW)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, f"{request.method} is not possible: tiles are only read.", dict(_ALLOW))
        # A filter may be long; reading it keeps nobody else waiting.
        query = await run_in_threadpool(read_tile_query, request, self._limits)

        def kept() -> Tile | None:
            fresh = fresh_tile(query)
            if fresh is not None:
                return fresh
            with _reading_alone() as connection:
                return kept_tile(connection, query)

        def new() -> Tile:
            with _reading_alone() as connection:
                return new_tile(connection, query)

        tile = await unless_gone(request.receive, kept)
        if tile is None:
            tile = await unless_gone(request.receive, new, self._limiter)
        return tile_response(request, tile)


@contextmanager
def _reading_alone() -> Iterator[Connection]:
    """A connection whose statements only read, one by one, and need no transaction around them."""
    with reading() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


def read_tile_query(request: Request, limits: OgcApi) -> TileQuery:
    """The tile that a request asks for.

    Raises:
        HTTPException: there is no such tile.
        InvalidParameterError: a parameter is unknown, or not of its type.
    """
    layer, of = _tiled_layer(request), matrix_set_of(request)
    level, row, col = place_of(request, of)
    columns = (column.name for column in (layer.id_column, *layer.properties))
    given = parameters(request, (*SELECTING, *columns), ("mvt",))
    wanted = read_query(layer, given, limits, default_limit=1)
    return TileQuery(
        layer,
        of,
        level,
        row,
        col,
        interval=wanted.interval,
        equals=wanted.equals,
        filter=wanted.filter,
        properties=wanted.properties,
    )


def tile_response(request: Request, tile: Tile) -> Response:
    """The tile as the client takes it: not at all where it has it, compressed where it can read that."""
    headers = {"ETag": f'W/"{tile.etag}"', "Cache-Control": "no-cache"}
    if tile.etag in _known_tags(request):
        return Response(status_code=304, headers=headers)
    if not tile.packed:
        return Response(status_code=204, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        # Whoever compresses on the way says so for what it compresses; this is compressed already.
        packed = {"Content-Encoding": "gzip", "Vary": "Accept, Accept-Encoding"}
        return Response(tile.packed, media_type=MVT_TYPE, headers={**headers, **packed})
    return Response(tile.mvt, media_type=MVT_TYPE, headers=headers)


def _known_tags(request: Request) -> set[str]:
    given = request.headers.get("if-none-match", "")
    return {tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")}
