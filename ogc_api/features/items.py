"""``/items``: the features that PostGIS wrote, handed on as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from gis_core.config import Settings
from gis_core.crs import CRS84_URI, OutputCRS, parse_crs
from gis_core.db import reading
from gis_core.types import Text
from layers.base import Layer
from layers.feature_versions import feature_version
from layers.query import FeaturePage, read_feature, read_page
from ogc_api.asking import Language, base_url, language, parameters, prefers_html, said
from ogc_api.entity_tags import entity_tag, is_same
from ogc_api.features.query import known_parameters, read_query
from ogc_api.pages import page

GEOJSON_TYPE = "application/geo+json"
FORMATS = ("json", "html")
_ON_A_PAGE = 100
"""Features on an HTML page where no limit is given: enough to read, quick on a phone."""

_SELF = Text("Tài liệu này", "This document")
_AS_HTML = Text("Tài liệu này dạng HTML", "This document as HTML")
_NEXT = Text("Trang sau", "Next page")


class Items:
    """Answers for the features of a layer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def page(self, request: Request, layer: Layer) -> Response:
        """One page of features, as GeoJSON or as a table with a map."""
        given = parameters(request, known_parameters(layer), FORMATS)
        limits = self._settings.ogc_api
        html = prefers_html(request)
        default_limit = min(_ON_A_PAGE, limits.default_limit) if html else limits.default_limit
        query = read_query(layer, given, limits, default_limit=default_limit)
        if html:
            query = replace(query, crs=parse_crs(CRS84_URI))  # the page draws a map
        with reading() as connection:
            # Statements that only read, one by one, need no transaction around them.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            found = read_page(connection, query, limits.exact_count_below)
        if html:
            return self._html(request, layer, given, found)
        opening = {
            "type": "FeatureCollection",
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "numberMatched": found.matched.number,
            "numberReturned": found.number_returned,
            **({} if found.matched.is_exact else {"numberMatchedIsEstimate": True}),
            "links": self._page_links(request, layer, given, found),
        }
        # The features are JSON already: they are set into the object as they stand.
        body = f'{_dump(opening)[:-1]},"features":[{found.features_json}]}}'
        return _geojson(body, query.crs)

    def feature(self, request: Request, layer: Layer, feature_id: str) -> Response:
        """One feature."""
        given = parameters(request, ("crs",), FORMATS)
        html = prefers_html(request)
        crs = parse_crs(CRS84_URI if html else given.get("crs", CRS84_URI))
        with reading() as connection:
            # The version first: one that is overtaken by a change is refused later, and never passes for it.
            version = feature_version(connection, layer, feature_id)
            feature = read_feature(connection, layer, feature_id, crs)
        spoken = language(request)
        if html:
            return page(
                request,
                "item.html",
                layer=layer,
                title=said(layer.title, spoken),
                feature=json.loads(feature),
                titles=_titles(layer, spoken),
            )
        path = f"/items/{quote(feature_id, safe='')}"
        links = self._links(request, layer, path, given)
        tag = entity_tag(
            version, *feature_form(base_url(request, self._settings), spoken, crs.uri, urlencode(given))
        )
        if is_same(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
        response = _geojson(f'{feature[:-1]},"links":{_dump(links)}}}', crs)
        response.headers.update({"ETag": tag, "Cache-Control": "no-cache"})
        return response

    def _page_links(
        self, request: Request, layer: Layer, given: Mapping[str, str], found: FeaturePage
    ) -> list[dict[str, str]]:
        links = self._links(request, layer, "/items", given)
        if found.next_cursor is not None:
            further = f"{self._collection_url(request, layer)}/items"
            href = _with(further, {**given, "cursor": found.next_cursor})
            links.append(_link("next", GEOJSON_TYPE, said(_NEXT, language(request)), href))
        return links

    def _links(
        self, request: Request, layer: Layer, path: str, given: Mapping[str, str]
    ) -> list[dict[str, str]]:
        spoken = language(request)
        collection = self._collection_url(request, layer)
        as_html = _with(f"{collection}{path}", {**given, "f": "html"})
        return [
            _link("self", GEOJSON_TYPE, said(_SELF, spoken), _with(f"{collection}{path}", given)),
            _link("alternate", "text/html", said(_AS_HTML, spoken), as_html),
            _link("collection", "application/json", said(layer.title, spoken), collection),
        ]

    def _collection_url(self, request: Request, layer: Layer) -> str:
        return f"{base_url(request, self._settings)}/collections/{layer.name}"

    def _html(self, request: Request, layer: Layer, given: Mapping[str, str], found: FeaturePage) -> Response:
        spoken = language(request)
        return page(
            request,
            "items.html",
            layer=layer,
            title=said(layer.title, spoken),
            features=json.loads(f"[{found.features_json}]"),
            titles=_titles(layer, spoken),
            matched=found.matched,
            asked={name: value for name, value in given.items() if name not in ("f", "lang", "cursor")},
            next_cursor=found.next_cursor,
        )


def feature_form(base: str, spoken: Language, crs_uri: str, query: str = "") -> tuple[str, ...]:
    """All that makes the bytes of one version of a feature differ: address, language, CRS, parameters."""
    return base, spoken, crs_uri, query


def _titles(layer: Layer, spoken: Language) -> dict[str, str]:
    columns = (layer.id_column, *layer.properties)
    return {
        column.name: said(Text(column.info["vi"], column.comment or column.name), spoken)
        for column in columns
    }


def _geojson(body: str, crs: OutputCRS) -> Response:
    return Response(body.encode(), media_type=GEOJSON_TYPE, headers={"Content-Crs": f"<{crs.uri}>"})


def _link(rel: str, kind: str, title: str, href: str) -> dict[str, str]:
    return {"rel": rel, "type": kind, "title": title, "href": href}


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
