"""``/items``: the features that PostGIS wrote, handed on as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gis_core.config import Settings
from gis_core.crs import CRS84_URI, OutputCRS, parse_crs
from gis_core.db import reading
from gis_core.types import Text
from layers.base import Layer
from layers.count import Matched
from layers.downloads.copying import lasting
from layers.feature_versions import feature_version
from layers.query import FeaturePage, FeatureQuery, identifier_of, read_feature, read_page
from ogc_api.asking import Language, base_url, language, parameters, said
from ogc_api.entity_tags import content_tag, entity_tag, is_same
from ogc_api.features.download import download_parameters
from ogc_api.features.formats import geojson, html
from ogc_api.features.formats.base import Format, dump
from ogc_api.features.formats.jsonfg import collection_members_of, form_of, members_of
from ogc_api.features.formats.listed import FORMATS, chosen
from ogc_api.features.formats.whole import attachment, whole
from ogc_api.features.links import feature_links, link_header, next_link
from ogc_api.features.query import known_parameters, page_limits, read_query
from ogc_api.pages import page

GEOJSON_TYPE = geojson.FORMAT.media_type
_ON_A_PAGE = 100
"""Features on an HTML page where no limit is given: enough to read, quick on a phone."""

_REVALIDATE = {"Cache-Control": "no-cache"}


class Items:
    """Answers for the features of a layer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def page(self, request: Request, layer: Layer) -> Response:
        """One page of features, in any format."""
        given = parameters(request, known_parameters(layer), FORMATS)
        wanted, limits = chosen(request, FORMATS), self._settings.ogc_api
        default_limit, _ = page_limits(layer, limits)
        if wanted is html.FORMAT:
            default_limit = min(_ON_A_PAGE, default_limit)
        query = read_query(layer, given, limits, default_limit=default_limit)
        form = form_of(wanted, given.get("profile"))
        if wanted is html.FORMAT:
            query = replace(query, crs=parse_crs(CRS84_URI))  # the page draws a map
        elif wanted.is_object:
            query = replace(query, form=form)
        with reading() as connection:
            # Statements that only read, one by one, need no transaction around them.
            connection.execution_options(isolation_level="AUTOCOMMIT")
            if wanted is html.FORMAT or wanted.is_object:
                found = read_page(connection, query, limits.exact_count_below)
            else:
                found, content = self._whole_page(connection, query, wanted)
        if wanted is html.FORMAT:
            return self._html(request, layer, given, found)
        spoken, base = language(request), base_url(request, self._settings)
        collection = f"{base}/collections/{layer.name}"
        links = feature_links(collection, "/items", given, wanted, layer=layer, spoken=spoken)
        if found.next_cursor is not None:
            links.append(next_link(collection, given, found.next_cursor, wanted, spoken))
        if not wanted.is_object:
            name = f"{layer.name}{wanted.ending}"
            headers = {**_numbers(found), "Link": link_header(links), **attachment(name)}
            return _tagged(request, Response(content, media_type=wanted.media_type, headers=headers), content)
        written_links = dump(links)
        members = dump(
            {
                "type": "FeatureCollection",
                **collection_members_of(base, layer, query.crs, form),
                "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **_counted(found.matched),
                "numberReturned": found.number_returned,
            }
        )
        features = found.features_json.encode()
        # The features are JSON already: they are set into the object as they stand.
        opening = f'{members[:-1]},"links":{written_links},"features":['
        body = b"".join((opening.encode(), features, b"]}"))
        # The time of the answer is no part of what it says.
        said_of_them = f"{wanted.name} {found.matched} {written_links} {query.crs.uri} {form}"
        return _tagged(request, _in_crs(body, query.crs, wanted), features, said_of_them.encode())

    def feature(self, request: Request, layer: Layer, feature_id: str) -> Response:
        """One feature, in any format."""
        given = parameters(request, ("crs", "profile"), FORMATS)
        wanted = chosen(request, FORMATS)
        form = form_of(wanted, given.get("profile"))
        crs = parse_crs(CRS84_URI if wanted is html.FORMAT else given.get("crs", CRS84_URI))
        with reading() as connection:
            # The version first: one that is overtaken by a change is refused later, and never passes for it.
            version = feature_version(connection, layer, feature_id)
            if wanted is html.FORMAT or wanted.is_object:
                feature = read_feature(connection, layer, feature_id, crs, form)
        if wanted is html.FORMAT:
            return self._html_of_one(request, layer, feature)
        spoken, base = language(request), base_url(request, self._settings)
        asked = urlencode(given) if wanted is geojson.FORMAT else f"{wanted.name} {urlencode(given)}"
        tag = entity_tag(version, *feature_form(base, spoken, crs.uri, asked))
        if is_same(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers={"ETag": tag, **_REVALIDATE})
        collection, path = f"{base}/collections/{layer.name}", f"/items/{quote(feature_id, safe='')}"
        links = feature_links(collection, path, given, wanted, layer=layer, spoken=spoken)
        if wanted.is_object:
            added = dump({**members_of(base, layer, crs, form), "links": links})
            response = _in_crs(f"{feature[:-1]},{added[1:]}".encode(), crs, wanted)
        else:
            content = self._whole_feature(layer, feature_id, crs, wanted)
            headers = {"Link": link_header(links), **attachment(f"{feature_id}{wanted.ending}")}
            response = Response(content, media_type=wanted.media_type, headers=headers)
        response.headers.update({"ETag": tag, **_REVALIDATE})
        return response

    def _whole_page(
        self, connection: Connection, query: FeatureQuery, wanted: Format
    ) -> tuple[FeaturePage, bytes]:
        with lasting(connection, self._settings.database.statement_timeout_s):
            # What is counted and what is written are of the same moment.
            counted = read_page(
                connection, replace(query, form=None), self._settings.ogc_api.exact_count_below
            )
            return counted, whole(connection, wanted, query, counted.number_returned)

    def _whole_feature(self, layer: Layer, feature_id: str, crs: OutputCRS, wanted: Format) -> bytes:
        equals = {layer.id_column.name: identifier_of(layer, feature_id)}
        query = FeatureQuery(layer, limit=1, equals=equals, crs=crs)
        with reading() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            with lasting(connection, self._settings.database.statement_timeout_s):
                return whole(connection, wanted, query, 1)

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
            formats=_files(),
            asked={
                name: value for name, value in given.items() if name not in ("f", "lang", "cursor", "profile")
            },
            downloaded={
                name: value
                for name, value in given.items()
                if name in download_parameters(layer) and name != "profile"
            },
            next_cursor=found.next_cursor,
        )

    def _html_of_one(self, request: Request, layer: Layer, feature: str) -> Response:
        spoken = language(request)
        return page(
            request,
            "item.html",
            layer=layer,
            title=said(layer.title, spoken),
            feature=json.loads(feature),
            formats=_files(),
            titles=_titles(layer, spoken),
        )


def feature_form(base: str, spoken: Language, crs_uri: str, query: str = "") -> tuple[str, ...]:
    """All that makes the bytes of one version of a feature differ: address, language, CRS, parameters."""
    return base, spoken, crs_uri, query


def _files() -> list[Format]:
    return [wanted for wanted in FORMATS.values() if wanted is not html.FORMAT]


def _counted(matched: Matched) -> dict[str, int | bool]:
    estimated = {} if matched.is_exact else {"numberMatchedIsEstimate": True}
    return {"numberMatched": matched.number, **estimated}


def _numbers(found: FeaturePage) -> dict[str, str]:
    """The same numbers as headers, for formats that have no place for them."""
    matched = f"{'' if found.matched.is_exact else '~'}{found.matched.number}"
    return {"OGC-NumberMatched": matched, "OGC-NumberReturned": str(found.number_returned)}


def _tagged(request: Request, response: Response, *content: bytes) -> Response:
    """The answer with a tag of what it says; only that nothing has changed where the client has it."""
    tag = content_tag(*content)
    headers = {"ETag": f"W/{tag}", **_REVALIDATE}
    if is_same(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _titles(layer: Layer, spoken: Language) -> dict[str, str]:
    columns = (layer.id_column, *layer.properties)
    return {
        column.name: said(Text(column.info["vi"], column.comment or column.name), spoken)
        for column in columns
    }


def _in_crs(body: bytes, crs: OutputCRS, wanted: Format) -> Response:
    return Response(body, media_type=wanted.media_type, headers={"Content-Crs": f"<{crs.uri}>"})
