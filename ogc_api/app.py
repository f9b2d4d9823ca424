"""The routes under ``/ogc``: every one answers GET, in JSON and as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from ogc_api.asking import Language
from ogc_api.described import Document, described
from ogc_api.documents import Documents
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.facts import FactFinder
from ogc_api.host import Host
from ogc_api.named import collection_of, layer_of
from ogc_api.openapi import OPENAPI_TYPE, openapi_document
from ogc_api.parts import PARTS
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
        "/ogc/{elsewhere:path}": api.nothing,
    }
    return [
        *(route for part in PARTS for route in part.routes(settings)),
        *(Route(path, Endpoint(answer)) for path, answer in answers.items()),
    ]


class _Api:
    """One method for each resource."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._documents = Documents(Host(settings), FactFinder(settings))

    def landing(self, request: Request) -> Response:
        return self._described(request, "landing.html", self._documents.landing)

    def conformance(self, request: Request) -> Response:
        return self._described(
            request, "conformance.html", lambda base, spoken: self._documents.conformance()
        )

    def openapi(self, request: Request) -> Response:
        return self._described(
            request,
            "openapi.html",
            lambda base, spoken: openapi_document(base, spoken, self._settings),
            media_type=OPENAPI_TYPE,
        )

    def collections(self, request: Request) -> Response:
        return self._described(request, "collections.html", self._documents.collections)

    def collection(self, request: Request) -> Response:
        declared = collection_of(request)
        return self._described(
            request,
            "collection.html",
            lambda base, spoken: self._documents.collection(base, spoken, declared.name),
            declared=declared,
        )

    def schema(self, request: Request) -> Response:
        return self._schema(request, collection_of(request).name, "schema", self._documents.schema)

    def queryables(self, request: Request) -> Response:
        return self._schema(request, layer_of(request).name, "queryables", self._documents.queryables)

    def sortables(self, request: Request) -> Response:
        return self._schema(request, layer_of(request).name, "sortables", self._documents.sortables)

    def functions(self, request: Request) -> Response:
        return self._described(
            request, "functions.html", lambda base, spoken: self._documents.functions(spoken)
        )

    def nothing(self, request: Request) -> Response:
        if request.url.path.endswith("/"):
            return RedirectResponse(request.url.replace(path=request.url.path.rstrip("/")))
        raise not_found(f"There is nothing at {request.url.path}; begin at /ogc.")

    def _schema(
        self, request: Request, name: str, resource: str, make: Callable[[str, Language, str], Document]
    ) -> Response:
        return self._described(
            request,
            "schema.html",
            lambda base, spoken: make(base, spoken, name),
            media_type=SCHEMA_TYPE,
            name=name,
            resource=resource,
        )

    def _described(
        self, request: Request, template: str, make: Callable[[str, Language], Document], **content: Any
    ) -> Response:
        return described(request, self._settings, template, make, **content)
