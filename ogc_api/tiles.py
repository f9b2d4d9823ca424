"""``/tiles``: a layer's vector tiles in two tile matrix sets, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from gis_core.config import OgcApi, Settings
from gis_core.errors import GisError, quoted
from layers.base import Layer
from layers.registry import LAYERS, SURFACES
from layers.tiles.keeping import Tile, kept_tile, new_tile
from layers.tiles.matrix_sets import MATRIX_SETS, WEB_MERCATOR_QUAD, TileMatrixSet
from layers.tiles.query import TileQuery
from ogc_api import tiles_documents as documents
from ogc_api.asking import Language, base_url, language, parameters, prefers_html
from ogc_api.endpoint import Endpoint
from ogc_api.errors import error_response, not_found
from ogc_api.feature_query import read_query
from ogc_api.pages import page
from ogc_api.tiles_documents import MVT_TYPE, TILEJSON_TYPE, Document
from ogc_api.tiles_stopping import ClientGoneError, Stopper, unless_gone

SELECTING = ("datetime", "filter", "filter-lang", "filter-crs", "properties")
"""Parameters of a tile that are no column; they mean what they mean for items."""
_LEVEL_DIGITS = 2
_PLACE_DIGITS = 9
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


class _Described:
    """The documents that describe tiles, as JSON or as a page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def matrix_sets(self, request: Request) -> Response:
        return self._answer(request, "matrix_sets.html", documents.matrix_sets)

    def matrix_set(self, request: Request) -> Response:
        of = _matrix_set(request)
        return self._answer(request, "matrix_set.html", lambda base, spoken: documents.matrix_set(spoken, of))

    def tilesets(self, request: Request) -> Response:
        layer = _layer(request)
        return self._answer(
            request,
            "tilesets.html",
            lambda base, spoken: documents.tilesets(base, spoken, layer),
            name=layer.name,
        )

    def tileset(self, request: Request) -> Response:
        layer, of = _layer(request), _matrix_set(request)
        area = self._settings.province.bounds
        if request.query_params.get("f") == "tilejson":
            parameters(request, (), ("tilejson",))
            if of is not WEB_MERCATOR_QUAD:
                raise not_found(f"TileJSON knows {WEB_MERCATOR_QUAD.name} only, not {of.name}.")
            base, spoken = base_url(request, self._settings), language(request)
            return JSONResponse(documents.tilejson(base, spoken, layer, area), media_type=TILEJSON_TYPE)
        return self._answer(
            request,
            "tileset.html",
            lambda base, spoken: documents.tileset(base, spoken, layer, of, area),
            name=layer.name,
            tilejson=of is WEB_MERCATOR_QUAD,
        )

    def _answer(
        self, request: Request, template: str, make: Callable[[str, Language], Document], **content: Any
    ) -> Response:
        parameters(request, (), ("json", "html"))
        spoken = language(request)
        document = make(base_url(request, self._settings), spoken)
        if prefers_html(request):
            return page(request, template, document=document, **content)
        return JSONResponse(document, headers={"Content-Language": spoken})


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

        def kept(stopper: Stopper) -> Tile | None:
            with stopper.reading() as connection:
                return kept_tile(connection, query)

        def new(stopper: Stopper) -> Tile:
            with stopper.reading() as connection:
                return new_tile(connection, query)

        tile = await unless_gone(request.receive, kept)
        if tile is None:
            tile = await unless_gone(request.receive, new, self._limiter)
        return tile_response(request, tile)


def read_tile_query(request: Request, limits: OgcApi) -> TileQuery:
    """The tile that a request asks for.

    Raises:
        HTTPException: there is no such tile.
        InvalidParameterError: a parameter is unknown, or not of its type.
    """
    layer, of = _layer(request), _matrix_set(request)
    level, row, col = _place(request, of)
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


def _layer(request: Request) -> Layer:
    name: str = request.path_params["name"]
    if name in SURFACES:
        raise not_found(
            f"Surface '{name}' has no vector tiles; its cells are at /ogc/collections/{name}/coverage."
        )
    return LAYERS[name]


def _matrix_set(request: Request) -> TileMatrixSet:
    name: str = request.path_params["matrix_set"]
    if name not in MATRIX_SETS:
        raise not_found(f"There is no tile matrix set {quoted(name)}; there are: {', '.join(MATRIX_SETS)}.")
    return MATRIX_SETS[name]


def _place(request: Request, of: TileMatrixSet) -> tuple[int, int, int]:
    level = _whole_number(request, "level", _LEVEL_DIGITS)
    if level is None or level > of.finest_level:
        raise not_found(f"{of.name} has the levels 0 to {of.finest_level} here.")
    row, col = (_whole_number(request, name, _PLACE_DIGITS) for name in ("row", "col"))
    if row is None or col is None or not of.has(level, row, col):
        raise not_found(
            f"On level {level} of {of.name} rows run from 0 to {(of.rows << level) - 1} "
            f"and columns from 0 to {(of.columns << level) - 1}."
        )
    return level, row, col


def _whole_number(request: Request, name: str, digits: int) -> int | None:
    text: str = request.path_params[name]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
