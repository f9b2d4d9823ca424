"""``/collections/catalogue``: the records of all that the service offers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.errors import quoted
from ogc_api.asking import base_url, language, parameters, prefers_html
from ogc_api.described import described
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.facts import FactFinder
from ogc_api.pages import page
from ogc_api.records import documents
from ogc_api.records.documents import GEOJSON_TYPE, NAME
from ogc_api.records.entries import KINDS
from ogc_api.records.schema import schema
from ogc_api.records.searching import PARAMETERS, entry_of, facts_about, find, read_wanted
from ogc_api.schema import SCHEMA_TYPE


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of the catalogue, below ``/ogc``; they go before those of collections at large."""
    catalogue = _Catalogue(settings)
    path = f"/ogc/collections/{NAME}"
    return [
        Route(path, Endpoint(catalogue.collection)),
        Route(f"{path}/schema", Endpoint(catalogue.schema)),
        Route(f"{path}/items", Endpoint(catalogue.records)),
        Route(f"{path}/items/{{record:path}}", Endpoint(catalogue.record)),
    ]


class _Catalogue:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._facts = FactFinder(settings)

    def collection(self, request: Request) -> Response:
        return described(
            request,
            self._settings,
            "catalogue.html",
            lambda base, spoken: documents.collection(base, spoken, self._settings),
        )

    def schema(self, request: Request) -> Response:
        return described(
            request,
            self._settings,
            "schema.html",
            schema,
            media_type=SCHEMA_TYPE,
            name=NAME,
            resource="schema",
        )

    def records(self, request: Request) -> Response:
        given = parameters(request, PARAMETERS, ("json", "html"))
        asked = {name: given[name] for name in (*PARAMETERS, "lang") if given.get(name)}
        found = find(read_wanted(given), self._settings, self._facts.of)
        facts = {entry.id: facts_about(entry, self._facts.of) for entry in found.found}
        spoken, base = language(request), base_url(request, self._settings)
        document = documents.records(base, spoken, found, asked, facts=facts, settings=self._settings)
        if prefers_html(request):
            return page(request, "records.html", document=document, asked=asked, found=found, kinds=KINDS)
        return JSONResponse(document, headers={"Content-Language": spoken}, media_type=GEOJSON_TYPE)

    def record(self, request: Request) -> Response:
        record_id: str = request.path_params["record"]
        entry = entry_of(record_id)
        if entry is None:
            raise not_found(f"The catalogue has no record {quoted(record_id)}.")
        facts = facts_about(entry, self._facts.of)
        return described(
            request,
            self._settings,
            "record.html",
            lambda base, spoken: documents.record(base, spoken, entry, facts, self._settings),
            media_type=GEOJSON_TYPE,
            kinds=KINDS,
        )
