"""The addresses of EDR: queries, locations and dated runs of the collections that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gis_core.config import Settings
from gis_core.db import reading
from gis_core.errors import quoted
from gis_core.types import Text
from layers.base import Layer
from layers.edr.base import Coverage, QueryType, Question, Run, Source
from layers.edr.sources import source_of
from layers.raster import RasterLayer
from ogc_api.asking import base_url, language, parameters, prefers_html, said
from ogc_api.described import described
from ogc_api.edr import documents
from ogc_api.edr.coverage_json import COVERAGE_JSON_TYPE, coverage_collection
from ogc_api.edr.question import (
    COMMON,
    OWN,
    chosen_format,
    location_question,
    read_bbox,
    read_crs,
    read_question,
)
from ogc_api.edr.rows import CSV_TYPE, GEOJSON_TYPE, as_csv, geojson, rows
from ogc_api.endpoint import Endpoint
from ogc_api.errors import not_found
from ogc_api.named import collection_of
from ogc_api.pages import page

DATA_FORMATS = (*documents.FORMATS, "json", "html")
_ROWS_ON_A_PAGE = 500
_DOMAIN = {"trajectory": "Trajectory", "area": "Grid", "cube": "Grid", "radius": "Grid", "corridor": "Grid"}


def routes(settings: Settings) -> list[BaseRoute]:
    """The addresses of EDR, below ``/ogc``."""
    edr = _Edr(settings)
    at = "/ogc/collections/{name}"
    queries: list[BaseRoute] = []
    for query in OWN:
        answer = edr.query(query)
        queries += [
            Route(f"{at}/{query}", Endpoint(answer)),
            Route(f"{at}/instances/{{instance}}/{query}", Endpoint(answer)),
        ]
    return [
        *queries,
        Route(f"{at}/locations", Endpoint(edr.locations)),
        Route(f"{at}/locations/{{location:path}}", Endpoint(edr.location)),
        Route(f"{at}/instances", Endpoint(edr.instances)),
        Route(f"{at}/instances/{{instance}}", Endpoint(edr.instance)),
    ]


class _Edr:
    """One method for each kind of resource."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def query(self, query: QueryType) -> Callable[[Request], Response]:
        """The answer to one query, of a collection or of one of its dated runs."""

        def answer(request: Request) -> Response:
            source = _source_of(request, query)
            run = _run_of(request, source)
            given = parameters(request, (*OWN[query], *COMMON), DATA_FORMATS)
            question = read_question(
                source, query, given, self._settings.ogc_api, None if run is None else run.at
            )
            with reading() as connection:
                found = source.answer(connection, question)
            return self._data(request, source, question, found, _TITLED[query])

        return answer

    def location(self, request: Request) -> Response:
        """What is known at one location."""
        source = _source_of(request, "locations")
        given = parameters(request, COMMON, DATA_FORMATS)
        question = location_question(source, given, self._settings.ogc_api)
        name = request.path_params["location"]
        if source.location is None or "\0" in name:
            raise _nowhere(source, name)
        with reading() as connection:
            found = source.location(connection, name, question)
        if found is None:
            raise _nowhere(source, name)
        title = Text(f"Số liệu tại {name}", f"Data at {name}")
        return self._data(request, source, question, found, title)

    def locations(self, request: Request) -> Response:
        """The locations, as GeoJSON or as a list with a map."""
        source = _source_of(request, "locations")
        given = parameters(request, ("bbox", "crs"), ("json", "html"))
        area = read_bbox(given, read_crs(given)) if "bbox" in given else None
        if source.locations is None:
            raise not_found(f"Collection '{source.collection}' has no locations.")
        with reading() as connection:
            found = source.locations(connection, area)
        document = documents.locations(base_url(request, self._settings), language(request), source, found)
        if prefers_html(request):
            return page(request, "edr_locations.html", document=document, declared=collection_of(request))
        return JSONResponse(document, media_type=GEOJSON_TYPE)

    def instances(self, request: Request) -> Response:
        """The dated runs."""
        source, declared = _source_of(request, "instances"), collection_of(request)
        area = self._settings.province.bounds
        runs = [] if source.runs is None else source.runs()
        return described(
            request,
            self._settings,
            "edr_instances.html",
            lambda base, spoken: documents.instances(
                base, spoken, source, runs, title=declared.title, area=area
            ),
            declared=declared,
        )

    def instance(self, request: Request) -> Response:
        """One dated run."""
        source, declared = _source_of(request, "instances"), collection_of(request)
        run, area = _run_of(request, source), self._settings.province.bounds
        if run is None:
            raise not_found(f"Collection '{source.collection}' has no dated runs.")
        return described(
            request,
            self._settings,
            "edr_instance.html",
            lambda base, spoken: documents.instance(
                base, spoken, source, run, title=declared.title, area=area
            ),
            declared=declared,
        )

    def _data(
        self, request: Request, source: Source, question: Question, found: Sequence[Coverage], title: Text
    ) -> Response:
        """An answer in the format that was asked for."""
        chosen = chosen_format(request, {**documents.FORMATS, "html": "text/html"}, "CoverageJSON")
        crs = read_crs(request.query_params)
        wanted = [source.parameters[name] for name in question.parameters]
        headers = {"Content-Crs": f"<{crs.uri}>"}
        name = source.collection
        if chosen == "CSV":
            disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
            return Response(as_csv(found, wanted, crs), media_type=CSV_TYPE, headers=headers | disposition)
        if chosen == "GeoJSON":
            base = base_url(request, self._settings)

            def endpoint(coverage: Coverage) -> str:
                address = f"{base}/collections/{quote(name)}"
                place = coverage.location
                return address if place is None else f"{address}/locations/{quote(place, safe='')}"

            return Response(geojson(found, wanted, crs, endpoint), media_type=GEOJSON_TYPE, headers=headers)
        if chosen == "html":
            return self._page(request, source, found, wanted, title)
        domain = _DOMAIN.get(question.query, "PointSeries") if source.locations is None else "PointSeries"
        document = coverage_collection(found, wanted, crs, domain)
        return JSONResponse(document, headers=headers, media_type=COVERAGE_JSON_TYPE)

    def _page(
        self, request: Request, source: Source, found: Sequence[Coverage], wanted: Any, title: Text
    ) -> Response:
        spoken, crs = language(request), read_crs(request.query_params)
        shown = list(islice(rows(found, wanted, crs), _ROWS_ON_A_PAGE + 1))
        asked = {name: value for name, value in request.query_params.items() if name not in ("f", "lang")}
        return page(
            request,
            "edr_data.html",
            title=said(title, spoken),
            notes=said(source.notes, spoken),
            declared=collection_of(request),
            parameters=[(said(one.title, spoken), "" if one.categories else one.symbol) for one in wanted],
            rows=shown[:_ROWS_ON_A_PAGE],
            more=len(shown) > _ROWS_ON_A_PAGE,
            simulated=any(one.simulated for one in found),
            path=request.url.path.split("/ogc", 1)[1],
            asked=asked,
            formats=documents.FORMATS,
        )


_TITLED = {query: documents.title_of(query) for query in OWN}


def _source_of(request: Request, query: str) -> Source:
    declared: Layer | RasterLayer = collection_of(request)
    source = source_of(declared.name)
    known = () if source is None else documents.queries_of(source)
    if source is None or query not in known:
        there = f"it answers {', '.join(known)}" if known else "it holds no environmental data"
        raise not_found(f"Collection '{declared.name}' answers no query '{query}'; {there}.")
    return source


def _run_of(request: Request, source: Source) -> Run | None:
    """The dated run that the address names; None where it names none."""
    name = request.path_params.get("instance")
    if name is None:
        return None
    runs = [] if source.runs is None else source.runs()
    for run in runs:
        if run.id == name:
            return run
    raise not_found(f"Collection '{source.collection}' has no dated run {quoted(name)}.")


def _nowhere(source: Source, name: str) -> Exception:
    return not_found(f"Collection '{source.collection}' has no location {quoted(name)}.")
