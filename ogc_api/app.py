"""The routes under ``/ogc``: every one answers GET, in JSON and as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.errors import LayerNotFoundError
from layers.base import Layer
from layers.registry import LAYERS, SURFACES
from ogc_api import editing, maps, qgis, styles, tiles
from ogc_api.asking import Language, base_url, language, parameters, prefers_html
from ogc_api.coverage import coverage
from ogc_api.documents import Documents
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.facts import FactFinder
from ogc_api.host import Document, Host
from ogc_api.items import FORMATS, Items
from ogc_api.openapi import OPENAPI_TYPE, openapi_document
from ogc_api.pages import page
from ogc_api.schema import SCHEMA_TYPE


def routes(settings: Settings) -> list[BaseRoute]:
    """What this room offers to the service."""
    api = _Api(settings)
    answers: dict[str, Callable[[Request], Response]] = {
        "/ogc": api.landing,
        "/ogc/": api.landing,
        "/ogc/conformance": api.conformance,
        "/ogc/openapi": api.openapi,
        "/ogc/collections": api.collections,
        "/ogc/collections/{name}": api.collection,
        "/ogc/collections/{name}/schema": api.schema,
        "/ogc/collections/{name}/queryables": api.queryables,
        "/ogc/collections/{name}/sortables": api.sortables,
        "/ogc/functions": api.functions,
        "/ogc/collections/{name}/coverage": api.coverage,
        "/ogc/{elsewhere:path}": api.nothing,
    }
    return [
        *tiles.routes(settings),
        *editing.routes(settings, api.items, api.item),
        *styles.routes(settings),
        *maps.routes(settings),
        *qgis.routes(settings),
        *(Route(path, Endpoint(answer)) for path, answer in answers.items()),
    ]


class _Api:
    """One method for each resource."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._documents = Documents(Host(settings), FactFinder(settings))
        self._items = Items(settings)

    def landing(self, request: Request) -> Response:
        return self._document(request, "landing.html", self._documents.landing)

    def conformance(self, request: Request) -> Response:
        return self._document(request, "conformance.html", lambda base, spoken: self._documents.conformance())

    def openapi(self, request: Request) -> Response:
        return self._document(
            request,
            "openapi.html",
            lambda base, spoken: openapi_document(base, spoken, self._settings.ogc_api),
            media_type=OPENAPI_TYPE,
        )

    def collections(self, request: Request) -> Response:
        return self._document(request, "collections.html", self._documents.collections)

    def collection(self, request: Request) -> Response:
        name = _collection_name(request)
        return self._document(
            request,
            "collection.html",
            lambda base, spoken: self._documents.collection(base, spoken, name),
            declared=LAYERS[name] if name in LAYERS else SURFACES[name],
        )

    def schema(self, request: Request) -> Response:
        name = _collection_name(request)
        return self._document(
            request,
            "schema.html",
            lambda base, spoken: self._documents.schema(base, spoken, name),
            media_type=SCHEMA_TYPE,
            name=name,
            resource="schema",
        )

    def queryables(self, request: Request) -> Response:
        layer = _layer(request)
        return self._document(
            request,
            "schema.html",
            lambda base, spoken: self._documents.queryables(base, spoken, layer.name),
            media_type=SCHEMA_TYPE,
            name=layer.name,
            resource="queryables",
        )

    def sortables(self, request: Request) -> Response:
        layer = _layer(request)
        return self._document(
            request,
            "schema.html",
            lambda base, spoken: self._documents.sortables(base, spoken, layer.name),
            media_type=SCHEMA_TYPE,
            name=layer.name,
            resource="sortables",
        )

    def functions(self, request: Request) -> Response:
        return self._document(
            request, "functions.html", lambda base, spoken: self._documents.functions(spoken)
        )

    def items(self, request: Request) -> Response:
        return self._items.page(request, _layer(request))

    def item(self, request: Request) -> Response:
        return self._items.feature(request, _layer(request), request.path_params["feature_id"])

    def coverage(self, request: Request) -> Response:
        name = _collection_name(request)
        if name not in SURFACES:
            raise not_found(
                f"Layer '{name}' is no coverage; its features are at /ogc/collections/{name}/items."
            )
        return coverage(request, SURFACES[name])

    def nothing(self, request: Request) -> Response:
        if request.url.path.endswith("/"):
            return RedirectResponse(request.url.replace(path=request.url.path.rstrip("/")))
        raise not_found(f"There is nothing at {request.url.path}; begin at /ogc.")

    def _document(
        self,
        request: Request,
        template: str,
        make: Callable[[str, Language], Document],
        *,
        media_type: str = "application/json",
        **content: Any,
    ) -> Response:
        parameters(request, (), FORMATS)
        spoken = language(request)
        document = make(base_url(request, self._settings), spoken)
        if prefers_html(request):
            return page(request, template, document=document, **content)
        return JSONResponse(document, headers={"Content-Language": spoken}, media_type=media_type)


def _collection_name(request: Request) -> str:
    name: str = request.path_params["name"]
    if name not in LAYERS and name not in SURFACES:
        raise LayerNotFoundError(name, (*LAYERS, *SURFACES))
    return name


def _layer(request: Request) -> Layer:
    name = _collection_name(request)
    if name in SURFACES:
        raise not_found(
            f"Surface '{name}' has no features; its cells are at /ogc/collections/{name}/coverage."
        )
    return LAYERS[name]
