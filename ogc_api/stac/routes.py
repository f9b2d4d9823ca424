"""``/stac``: the surfaces that are kept, as a STAC API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.errors import GisError, InvalidParameterError, quoted
from layers.raster import RasterLayer
from ogc_api.asking import Language, base_url, language, parameters, prefers_html
from ogc_api.described import Document, described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import error_response, not_found
from ogc_api.named import surface_of
from ogc_api.pages import page
from ogc_api.stac import documents
from ogc_api.stac.documents import COG_TYPE, GEOJSON_TYPE
from ogc_api.stac.searching import (
    ITEMS_PARAMETERS,
    PARAMETERS,
    Found,
    Search,
    find,
    found_of,
    from_query,
    parse_json,
    read_search,
)

FORMATS = ("json", "html")
_MOST_BODY_BYTES = 1 << 20
_ALLOW = {"Allow": "GET, HEAD, OPTIONS, POST"}


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of the STAC API, below ``/ogc``."""
    stac = _Stac(settings)
    one = "/ogc/stac/collections/{name}"
    answers: dict[str, Callable[[Request], Response]] = {
        "/ogc/stac": stac.catalogue,
        "/ogc/stac/conformance": stac.conformance,
        "/ogc/stac/collections": stac.collections,
        one: stac.collection,
        f"{one}/items": stac.items,
        f"{one}/items/{{item}}": stac.item,
        f"{one}/items/{{item}}/surface.tif": stac.cog,
    }
    return [
        Route("/ogc/stac/search", _SearchEndpoint(stac)),
        *(Route(path, Endpoint(answer)) for path, answer in answers.items()),
    ]


class _Stac:
    """One method for each resource."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def catalogue(self, request: Request) -> Response:
        return described(request, self._settings, "stac.html", documents.catalogue)

    def conformance(self, request: Request) -> Response:
        conforms: Document = {"conformsTo": list(documents.CONFORMANCE)}
        return described(request, self._settings, "conformance.html", lambda base, spoken: conforms)

    def collections(self, request: Request) -> Response:
        return described(
            request,
            self._settings,
            "stac_collections.html",
            lambda base, spoken: documents.collections(base, spoken, self._settings),
        )

    def collection(self, request: Request) -> Response:
        surface = surface_of(request)
        return described(
            request,
            self._settings,
            "stac_collection.html",
            lambda base, spoken: documents.collection(base, spoken, surface, self._settings),
        )

    def items(self, request: Request) -> Response:
        surface = surface_of(request)
        asked = _without_common(parameters(request, ITEMS_PARAMETERS, FORMATS))
        search = from_query(asked)
        is_meant = search.collections is None or surface.name in search.collections
        search = search.model_copy(update={"collections": [surface.name] if is_meant else []})
        here = documents.items_address(base_url(request, self._settings), surface.name)
        return self._page(request, search, here, asked, surface=surface)

    def item(self, request: Request) -> Response:
        found = self._found(request)
        return described(
            request,
            self._settings,
            "stac_item.html",
            lambda base, spoken: documents.item(base, spoken, found),
            media_type=GEOJSON_TYPE,
            found=found,
        )

    def cog(self, request: Request) -> Response:
        """The file itself, of which a client may ask any range."""
        found = self._found(request)
        parameters(request, (), ())
        return FileResponse(found.kept.path, media_type=COG_TYPE, filename=f"{found.id}.tif")

    def search(self, request: Request) -> Response:
        asked = _without_common(parameters(request, PARAMETERS, FORMATS))
        here = f"{documents.address(base_url(request, self._settings))}/search"
        return self._page(request, from_query(asked), here, asked)

    def posted_search(self, request: Request, body: bytes) -> Response:
        parameters(request, (), FORMATS)
        asked = parse_json(body, "body")
        if not isinstance(asked, dict):
            raise InvalidParameterError("body", "is no JSON object.")
        here = f"{documents.address(base_url(request, self._settings))}/search"
        return self._page(request, read_search(asked), here, asked, posted=True)

    def _page(
        self,
        request: Request,
        search: Search,
        here: str,
        asked: dict[str, Any],
        *,
        posted: bool = False,
        surface: RasterLayer | None = None,
    ) -> Response:
        found = find(search, self._settings)
        spoken: Language = language(request)
        document = documents.items(
            base_url(request, self._settings), spoken, found, here, asked, posted=posted
        )
        if prefers_html(request) and not posted:
            return page(
                request, "stac_items.html", document=document, asked=asked, found=found, surface=surface
            )
        return JSONResponse(document, headers={"Content-Language": spoken}, media_type=GEOJSON_TYPE)

    def _found(self, request: Request) -> Found:
        surface, item_id = surface_of(request), request.path_params["item"]
        found = found_of(surface, item_id, self._settings)
        if found is None:
            raise not_found(f"Surface '{surface.name}' has no item {quoted(item_id)}, or none any longer.")
        return found


class _SearchEndpoint(Endpoint):
    """A search, which may be sent as a query or as a body."""

    def __init__(self, stac: _Stac) -> None:
        super().__init__(stac.search)
        self._stac = stac

    async def _respond(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_ALLOW)
        if request.method in ("GET", "HEAD"):
            return await super()._respond(request)
        try:
            if request.method != "POST":
                raise HTTPException(405, f"{request.method} is not possible: search by GET or POST.", _ALLOW)
            body = await _body(request)
            return await anyio.to_thread.run_sync(self._stac.posted_search, request, body)
        except ClientDisconnect:
            # Nobody is there any more to read an answer.
            return Response(status_code=400)
        except (GisError, HTTPException) as error:
            return error_response(request, error)


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the search as application/json.", {"Accept-Post": "application/json"})
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BODY_BYTES:
            raise HTTPException(413, f"The search is longer than {_MOST_BODY_BYTES >> 20} MiB.")
    return bytes(content)


def _without_common(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that the links of a page repeat."""
    return {name: value for name, value in given.items() if name not in ("f", "lang")}
